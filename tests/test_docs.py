"""Docs that fail the build: whatever has a name has its heading."""

import re
from pathlib import Path

import pytest

from daylight import errors
from daylight.cli.registry import VERBS
from daylight.detectors.registry import listed
from daylight.errors import DaylightError

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


def headings(name: str) -> str:
    return "\n".join(
        line for line in (DOCS / name).read_text().splitlines() if line.startswith("#")
    )


def every_error(root: type[DaylightError] = DaylightError) -> list[type[DaylightError]]:
    return [root, *(one for sub in root.__subclasses__() for one in every_error(sub))]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_page_and_its_row(verb):
    assert f"`daylight {verb}`" in headings(f"{verb}.md")
    assert f"docs/{verb}.md" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("error", every_error(), ids=lambda one: one.name)
def test_every_error_is_documented_and_drawn(error):
    row = f"| `{error.name}` | {error.exit_code} | {error.advice} |"
    assert row in (DOCS / "errors.md").read_text()
    assert re.search(rf"{error.__name__}\s+{error.exit_code}\s+{error.name}\n", errors.__doc__)


def test_error_names_are_unique():
    names = [one.name for one in every_error()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("detector", ["probe", *listed()])
def test_every_detector_says_what_it_cannot_mean(detector):
    assert f"## `{detector}`" in headings("detectors.md")


@pytest.mark.parametrize("route", ["folder", "file", "zip", "tar"])
def test_every_route_has_its_heading(route):
    assert f"## `{route}`" in headings("routes.md")


def test_links_lead_somewhere():
    pages = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *DOCS.rglob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
