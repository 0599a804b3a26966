"""WCAG 2.2 AA, as far as a program can tell, on every screen, at a desk and on a tablet; by axe-core."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCREENS = ["/", "/items/", "/timeline/", "/timeline/list/?camera=untimed", "/desk/", "/urgent/",
           "/search/?q=camera", "/style/", "/password/", "/account/", "/account/second-factor/", "/again/",
           "/people/", "/alerts/"]  # fmt: skip
SIZES = [(1280, 800), (820, 1180)]


@pytest.fixture
def axe():
    kept = pytest.importorskip("axe_playwright_python")
    return (Path(kept.__file__).parent / "axe.min.js").read_text()


def judged(page, axe):
    """What is wrong: rule, and where. Chromium's own channel runs it; the page's policy stays strict."""
    page.evaluate(axe)
    found = page.evaluate(
        "(rules) => axe.run(document, { runOnly: rules })"
        ".then((told) => told.violations.map((one) => [one.id, one.nodes.map((n) => n.html).slice(0, 3)]))",
        RULES,
    )
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return found, wide


@pytest.mark.parametrize("size", SIZES, ids=["desk", "tablet"])
def test_every_screen_can_be_used_by_everybody(visit, axe, size):
    page = visit.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for address in SCREENS:
        visit.go(address)
        page.wait_for_load_state("networkidle")
        found, wide = judged(page, axe)
        assert found == [], address
        assert wide <= 0, address


@pytest.mark.parametrize("size", SIZES, ids=["desk", "tablet"])
def test_an_item_with_its_forms_open_can_be_used_by_everybody(visit, axe, size):
    page = visit.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    visit.open_item("h264 · 768")
    for key in ("x", "d", "v"):
        page.evaluate(f"begin({ {'x': 'mark', 'd': 'description', 'v': 'severity'}[key]!r})")
        found, wide = judged(page, axe)
        assert found == [], key
        assert wide <= 0, key
