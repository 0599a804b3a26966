"""From the click to the first picture, to the picture after a seek, and to the very picture after a step, in
Chromium: for one recording of each kind in an archive, and for ten hours of MPEG-2; against transcoding ten minutes.

``DAYLIGHT_BENCH_VAULT`` names a vault to measure; else one is made of a made-up archive.
"""

import json
import os
import re
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.bench.common import DAYLIGHT, scratch, shell
from tests.bench.long_films import long_film, transcoded
from tests.bench.recognise import archive
from tests.browser.conftest import CHROMIUM, OPTIONS

SHOWN = """() => new Promise((done) => {
  setTimeout(() => done(40000), 40000);
  const began = performance.now();
  document.querySelector("[data-start]").click();
  document.querySelector("video").requestVideoFrameCallback(() => done(performance.now() - began));
})"""
SOUGHT = """() => new Promise((done) => {
  setTimeout(() => done(40000), 40000);
  const video = document.querySelector("video.screen"), began = performance.now();
  const to = video.duration * 0.6;
  const look = (_, shown) => Math.abs(shown.mediaTime - to) < 6
    ? done(performance.now() - began) : video.requestVideoFrameCallback(look);
  video.requestVideoFrameCallback(look);
  video.currentTime = to;
})"""
STEPPED = """() => new Promise((done) => {
  setTimeout(() => done(40000), 40000);
  const began = performance.now();
  const look = () => isExact() ? done(performance.now() - began) : setTimeout(look, 5);
  stepFrames(1).then(look);
})"""
TIMES = {"first picture": SHOWN, "seek": SOUGHT, "step": STEPPED}
HOURS = 10
GOAL = 1.0  # second


def examined(work: Path, *sources: Path) -> Path:
    vault = work / "watching"
    shell(DAYLIGHT, "init", vault, "--plain-disk", "--no-passphrase", stderr=subprocess.DEVNULL)
    for source in sources:
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
        try:
            yield s.stdout.readline().strip()
        finally:
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
    page.goto(base + "/items/?kind=video&copies=all")
    while (more := page.locator("[hx-trigger]")).count():
        more.last.scroll_into_view_if_needed()
        page.wait_for_timeout(300)
    found = page.evaluate(
        "[...document.querySelectorAll('[data-card]')].map(c => [c.innerText, c.href])"
    )
    return {m[0]: href for text, href in found if (m := re.search(r"\b[0-9a-f]{12}\b", text))}


def measured(page: Page, link: str, wanted: dict[str, str]) -> dict[str, dict[str, float]]:
    """Seconds by kind of recording and by what was asked for."""
    page.goto(link)
    page.locator("form.stack button").click()
    page.wait_for_load_state()
    base = "/".join(link.split("/")[:3])
    held, took = cards(page, base), {}
    for kind, item in sorted(wanted.items()):
        page.goto(held[item])
        page.wait_for_load_state("networkidle")
        took[kind] = {name: float(page.evaluate(script)) / 1000 for name, script in TIMES.items()}
        told = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in took[kind].items())
        print(f"  {kind}: {told}", flush=True)
    return took


def bench_first_picture(vault: Path) -> float:
    """The median of the first pictures."""
    with served(vault) as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=OPTIONS)
        took = measured(browser.new_page(), link, kinds(vault))
        browser.close()
    for name in TIMES:
        values = [one[name] for one in took.values()]
        late = sum(value > GOAL for value in values)
        print(
            f"{name}, {len(values)} kinds: median {statistics.median(values):.2f} s, "
            f"slowest {max(values):.2f} s, {late} above {GOAL:g} s (goal: none)"
        )
    return statistics.median(one["first picture"] for one in took.values())


def bench_transcode(work: Path, first: float) -> None:
    """``first``: seconds to the first picture, of the same run."""
    film = long_film(work / "ten-minutes.mpg", 10)
    began = time.monotonic()
    transcoded(film)
    whole = time.monotonic() - began
    print(f"transcoding ten minutes: {whole:.1f} s, {whole / first:.0f} x later (goal >= 20)")


def main() -> None:
    if not CHROMIUM.exists():
        print("first picture: not measured, Chromium is not installed")
        return
    named = os.environ.get("DAYLIGHT_BENCH_VAULT")
    with scratch() as work:
        if named:
            bench_transcode(work, bench_first_picture(Path(named)))
            return
        film = long_film(work / "ten-hours.mpg", HOURS * 60)
        vault = examined(work, archive(work, 1), film)
        bench_transcode(work, bench_first_picture(vault))


if __name__ == "__main__":
    main()
