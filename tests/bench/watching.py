"""From the click to the first picture, in Chromium, for one recording of each kind in an archive."""

import json
import os
import re
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.bench.common import DAYLIGHT, scratch, shell
from tests.bench.recognise import archive
from tests.browser.conftest import CHROMIUM, OPTIONS

SHOWN = """() => new Promise((done) => {
  const began = performance.now();
  document.querySelector("[data-start]").click();
  document.querySelector("video").requestVideoFrameCallback(() => done(performance.now() - began));
})"""


def examined(work: Path, source: Path) -> Path:
    vault = work / "watching"
    shell(DAYLIGHT, "init", vault, "--plain-disk", "--no-passphrase", stderr=subprocess.DEVNULL)
    shell(DAYLIGHT, "--vault", vault, "import", source, "--no-ask", stderr=subprocess.DEVNULL)
    return vault


@contextmanager
def served(vault: Path) -> Iterator[str]:
    """The one-time link of a review room that is open meanwhile."""
    command = [DAYLIGHT, "--vault", str(vault), "serve", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as s:
        assert s.stdout is not None
        yield s.stdout.readline().strip()
        s.terminate()


def kinds(vault: Path) -> dict[str, str]:
    """Container, codec and size → the beginning of the digest of one such recording."""
    done = subprocess.run(
        [DAYLIGHT, "--vault", vault, "items", "--json", "--kind", "video"],
        check=True,
        capture_output=True,
    )
    return {
        f"{one['container']} {one['codec']} {one['width']}x{one['height']}": one["item"][:12]
        for one in json.loads(done.stdout)
        if one["state"] != "unreadable"
    }


def cards(page: Page, base: str) -> dict[str, str]:
    """Beginning of the digest → address of its page."""
    page.goto(base + "/items/")
    while (more := page.locator("[hx-trigger]")).count():
        more.last.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
    found = page.evaluate(
        "[...document.querySelectorAll('[data-card]')].map(c => [c.innerText, c.href])"
    )
    return {m[0]: href for text, href in found if (m := re.search(r"\b[0-9a-f]{12}\b", text))}


def first_pictures(page: Page, link: str, wanted: dict[str, str]) -> dict[str, float]:
    page.goto(link)
    page.locator("form.stack button").click()
    page.wait_for_load_state()
    base = "/".join(link.split("/")[:3])
    held, took = cards(page, base), {}
    for kind, item in sorted(wanted.items()):
        page.goto(held[item])
        page.wait_for_load_state("networkidle")
        waited: Any = page.evaluate(SHOWN)
        took[kind] = waited / 1000
    return took


def bench_first_picture(vault: Path) -> None:
    with served(vault) as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=OPTIONS)
        took = first_pictures(browser.new_page(), link, kinds(vault))
        browser.close()
    for kind, seconds in took.items():
        print(f"  first picture of {kind}: {seconds:.2f} s after the click")
    print(
        f"first picture, {len(took)} kinds: median {statistics.median(took.values()):.2f} s, "
        f"slowest {max(took.values()):.2f} s (goal <= 1)"
    )


def main() -> None:
    if not CHROMIUM.exists():
        print("first picture: not measured, Chromium is not installed")
        return
    named = os.environ.get("DAYLIGHT_BENCH_VAULT")
    if named:
        bench_first_picture(Path(named))
        return
    with scratch() as work:
        bench_first_picture(examined(work, archive(work, 1)))


if __name__ == "__main__":
    main()
