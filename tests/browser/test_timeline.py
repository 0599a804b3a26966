"""The timeline in a browser: drawn, zoomed by keys, and a click away from the moment; nothing plays."""

import sqlite3

import pytest

pytestmark = pytest.mark.browser

NOON = 1_614_859_200 * 10**6
DRAWN = """(() => {
    const canvas = document.querySelector("[data-rows]");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let blue = 0;
    for (let n = 0; n < data.length; n += 4) if (data[n + 2] > 110 && data[n] < 90) blue += 1;
    return blue;
})()"""


@pytest.fixture
def placed(served):
    """The sample clips, as if the clock in each picture had been read: an hour apart."""
    with sqlite3.connect(served.vault / "catalogue.sqlite") as database:
        items = [
            key
            for (key,) in database.execute(
                "SELECT item_id FROM catalogue_recording ORDER BY item_id"
            )
        ]
        assert items
        for n, key in enumerate(items):
            told = (NOON + n * 3600 * 10**6, "[[2000000,3000000,9]]", key)
            database.execute(
                "UPDATE catalogue_recording SET burnt_us = ?, activity = ? WHERE item_id = ?", told
            )
    return items


def opened(visit):
    visit.page.wait_for_timeout(4200)  # what was made a moment ago may stand that long
    visit.go("/timeline/")
    visit.page.wait_for_load_state("networkidle")
    visit.until("document.querySelectorAll('.tl-names .camera').length > 0")
    visit.until(f"{DRAWN} > 20")


def test_it_is_drawn_zoomed_and_leads_to_the_moment(visit, placed):
    opened(visit)
    window = visit.page.locator("[data-window]")
    before = window.inner_text()
    for _ in range(4):
        visit.page.keyboard.press("+")
    visit.until(f"document.querySelector('[data-window]').textContent !== {before!r}")
    visit.page.keyboard.press("0")
    visit.until(f"document.querySelector('[data-window]').textContent === {before!r}")
    visit.page.keyboard.press("ArrowDown")
    visit.until("document.querySelectorAll('.tl-names .now').length === 1")  # with the next frame
    for _ in range(40):  # each may zoom, and wait for what the server says of the new window
        visit.page.keyboard.press("j")
        visit.page.wait_for_timeout(250)
        if "+" not in before and visit.page.locator("[data-tip]:not([hidden])").count():
            break
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**/items/*/?t=*")
    visit.page.wait_for_load_state("networkidle")
    assert visit.played() == []
    assert [one for one in visit.requests if "clear" in one] == []


def test_a_moment_in_the_address_is_where_playing_would_begin(visit, placed):
    visit.open_item("h264 · 768")
    visit.go(visit.page.url.removeprefix(visit.served.address) + "?t=7.5")
    visit.page.wait_for_load_state("networkidle")
    visit.until("document.querySelector('[data-clock]').textContent === '0:07.5'")
    assert visit.played() == []


@pytest.mark.parametrize("visit", [{"locale": "ru-RU"}], indirect=True)
def test_it_speaks_russian_and_fits_a_small_screen(visit, placed):
    visit.page.set_viewport_size({"width": 390, "height": 844})
    opened(visit)
    assert visit.page.locator("h1").inner_text() == "Шкала времени"
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
