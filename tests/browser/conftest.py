"""A real Chromium at a real server over a vault of the sample clips."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import forked
from tests.conftest import missing, once

LOOK = os.environ.get("DAYLIGHT_LOOK", "")
CHROMIUM = Path("/usr/bin/chromium")
SAMPLES = Path(__file__).resolve().parents[2] / "samples"
PROGRAM = [sys.executable, "-c", "from daylight.start import main; main()"]
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="session")
def chromium() -> str:
    if not CHROMIUM.exists():
        missing("chromium", "Chromium is not installed (Debian: apt-get install chromium)")
    return str(CHROMIUM)


@dataclass
class Served:
    address: str
    vault: Path

    def link(self) -> str:
        words = ["--vault", self.vault, "user", "link", "archivist", "--at", self.address]
        done = forked.run(*words, env=dict(os.environ))
        return done.stdout.split()[0]


def furnish(vault: Path, material: Path = SAMPLES) -> None:
    for words in (
        ["init", str(vault), "--plain-disk", "--no-passphrase"],
        ["--vault", str(vault), "import", str(material), "--accession", "sample"],
    ):
        done = subprocess.run([*PROGRAM, *words], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def served(chromium: str, tmp_path_factory) -> Iterator[Served]:
    vault = tmp_path_factory.mktemp("browser") / "vault"
    shutil.copytree(once(tmp_path_factory, "samples", furnish), vault)
    with serving(vault) as made:
        yield made


@contextmanager
def serving(vault: Path) -> Iterator[Served]:
    command = [*PROGRAM, "--vault", str(vault), "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        line = ""
        while "is open at" not in line:
            line = server.stderr.readline()
            assert line, "the server ended"
        yield Served(line.split()[6].rstrip("/"), vault)
        server.terminate()
        server.communicate(timeout=20)


@dataclass
class Visit:
    """A page, and everything it asked for or complained about."""

    page: object
    served: Served
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(self.served.address + path)

    def open_item(self, text: str) -> None:
        self.go("/items/")
        self.page.locator("[data-card]", has_text=text).first.click()
        self.page.wait_for_load_state("networkidle")

    def look(self, name: str) -> None:
        """A picture of the page for whoever wants to look: ``DAYLIGHT_LOOK`` names a folder."""
        if LOOK:
            self.page.screenshot(path=str(Path(LOOK) / f"{name}.png"), full_page=True)

    def played(self) -> list[str]:
        return [one for one in self.requests if "/play/" in one]

    def until(self, script: str, seconds: float = 20) -> None:
        """Wait for a script to be true; Playwright's own waiting needs eval, which the CSP refuses."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(script):
            assert time.monotonic() < end, f"never true: {script}"
            self.page.wait_for_timeout(50)


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[object]:
    """One for all tests in this folder; Playwright's loop would be in the way of others' databases."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        yield started
        started.close()


@pytest.fixture
def visit(browser, served: Served, request) -> Iterator[Visit]:
    """A profile of its own: no cookie, no cache, no storage of an earlier test."""
    more = getattr(request, "param", {})
    with browser.new_context(viewport={"width": 1440, "height": 900}, **more) as context:
        page = context.new_page()
        made = Visit(page, served)
        page.on("request", lambda one: made.requests.append(one.url))
        page.on("pageerror", lambda one: made.complaints.append(str(one)))
        page.on(
            "console",
            lambda one: one.type in {"error", "warning"} and made.complaints.append(one.text),
        )
        page.goto(served.link())
        page.locator("form.stack button").click()
        page.wait_for_load_state()
        yield made
        ours = (served.address + "/", "blob:" + served.address, "data:,")
        assert [one for one in made.requests if not one.startswith(ours)] == []
        assert made.complaints == []
