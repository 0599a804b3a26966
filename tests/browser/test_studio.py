"""The way of an editor: open, see the masks, decide by keys, draw by hand, look at what goes out."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.conftest import SAMPLES, furnish, serving
from tests.browser.planning import PEOPLE
from tests.browser.test_accessible import SIZES, axe, judged  # noqa: F401 - axe is a fixture
from tests.media.redacting import Way, reel

pytestmark = pytest.mark.browser

PLANNING = Path(__file__).with_name("planning.py")
ROWS = "document.querySelectorAll('[data-track]').length"
OPEN = "document.querySelectorAll('[data-track].undecided').length"
HAND = "document.querySelectorAll('[data-sort=hand]').length"
STILL = "typeof isExact === 'function' && isExact()"
HERE = "masksHere(momentNow()).map(([path]) => path.name)"


def long_film() -> bytes:
    """Ten minutes, two pictures a second; what moves is as red as nothing else."""
    from tests.media import redacting

    real = redacting.times_of
    redacting.times_of = lambda frames, *, variable=False: [n * 500 for n in range(frames)]
    try:
        ways = (Way((10, 8, 40, 40), (200, 100, 40, 40)),)
        return reel(container="mp4", size=(320, 180), frames=1_200, ways=ways, variable=True)
    finally:
        redacting.times_of = real


@pytest.fixture(scope="module")
def served(chromium, tmp_path_factory):
    """A vault of its own: a film of ten minutes with a plan of forty tracks, and a photo."""
    home = tmp_path_factory.mktemp("studio")
    disk = home / "disk"
    disk.mkdir()
    (disk / "long.mp4").write_bytes(long_film())
    (disk / "photo.jpg").write_bytes((SAMPLES / "truck.jpg").read_bytes())
    furnish(home / "vault", disk)
    words = [sys.executable, str(PLANNING), str(home / "vault"), str(disk / "long.mp4")]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.stdout.strip() == "1", done.stderr
    with serving(home / "vault") as made:
        yield made


def opened(visit, text="h264 · 320"):
    visit.open_item(text)
    visit.page.locator("a", has_text="Redact").click()
    visit.page.wait_for_load_state("networkidle")
    visit.until("typeof chosenTrack === 'string'")


def drawn(visit, begin, end, selector="canvas.masks"):
    visit.until("document.querySelector('canvas.masks.drawing') !== null")
    visit.page.evaluate(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}})")
    box = visit.page.locator(selector).bounding_box()
    mouse = visit.page.mouse
    mouse.move(box["x"] + box["width"] * begin[0], box["y"] + box["height"] * begin[1])
    mouse.down()
    mouse.move(box["x"] + box["width"] * end[0], box["y"] + box["height"] * end[1], steps=4)
    mouse.up()


def kept(visit, act):
    """Do it, and wait for the version that comes of it."""
    before = visit.page.evaluate("planVersion()")
    act()
    visit.until(f"planVersion() > {before}", 90)


def test_forty_people_over_ten_minutes_are_shown_at_once_and_nothing_plays(visit):
    opened(visit)
    page = visit.page
    assert page.evaluate(ROWS) == PEOPLE
    visit.until(f"{HERE}.length === {PEOPLE}")
    names = page.evaluate(
        "[...document.querySelectorAll('[data-track]')].slice(0, 2).map((one) => one.dataset.track)"
    )
    assert names == ["face-1", "face-2"]  # the least certain
    cost = page.evaluate(
        "(() => { const begun = performance.now();"
        "for (let n = 0; n < 50; n += 1) drawMasks();"
        "return (performance.now() - begun) / 50; })()"
    )
    assert cost < 30, cost  # milliseconds; measured 0.3
    visit.look("studio")
    assert visit.played() == []
    asked = [one for one in visit.requests if "/frames/" in one]
    assert asked == []
    page.keyboard.press(" ")
    visit.until("document.querySelector('video.screen').currentTime > 0.5")
    assert all("/play/shielded/" in one for one in visit.played())


def test_masks_are_where_they_are_at_any_moment(visit):
    opened(visit)
    page = visit.page
    page.evaluate("goTo(425.3e6)")
    visit.until(f"{STILL} && {HERE}.length === {PEOPLE}")
    painted = page.evaluate(
        """(() => {
          const canvas = document.querySelector("canvas.masks"), brush = canvas.getContext("2d");
          const [[, [left, top, right, bottom]]] = masksHere(momentNow());
          const x = Math.round(((left + right) / 20000) * canvas.width);
          const y = Math.round(((top + bottom) / 20000) * canvas.height);
          return brush.getImageData(x, y, 1, 1).data[3];
        })()"""
    )
    assert painted > 0
    page.keyboard.press("h")
    visit.look("solid")
    assert page.evaluate("document.querySelector('[data-solid]').ariaPressed") == "true"


def test_decisions_by_keys_lead_on_and_are_there_after_loading_again(visit):
    opened(visit)
    page = visit.page
    left = page.evaluate(OPEN)
    first = page.evaluate("chosenTrack")
    kept(visit, lambda: page.keyboard.press("c"))
    second = page.evaluate("chosenTrack")
    assert second != first
    page.keyboard.press("v")
    visit.until("document.activeElement.name === 'why'")
    page.keyboard.type("speaks for the ministry")
    kept(visit, lambda: page.keyboard.press("Enter"))
    third = page.evaluate("chosenTrack")
    page.keyboard.press("r")
    visit.until("document.activeElement.name === 'why'")
    page.keyboard.type("a poster")
    page.locator("[data-decide] [name=person]").fill("unknown 3")
    kept(visit, lambda: page.locator("[data-decide] button.main").click())
    assert page.evaluate(OPEN) == left - 3
    kept(visit, lambda: page.keyboard.press("Control+z"))
    assert page.evaluate(OPEN) == left - 2
    kept(visit, lambda: page.keyboard.press("Control+z"))  # that one was a version too
    page.reload()
    page.wait_for_load_state("networkidle")
    states = {
        name: page.locator(f"[data-track={name}]").get_attribute("data-state")
        for name in (first, second, third)
    }
    assert list(states.values()) == ["covered", "visible", "rejected"]
    assert "speaks for the ministry" in page.locator(f"[data-track={second}]").inner_text()
    page.locator("[data-filter]").select_option("undecided")
    visible = "[...document.querySelectorAll('[data-track]')].filter((one) => !one.hidden)"
    assert page.evaluate(f"{visible}.length") == left - 3
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("u")
    page.keyboard.press("]")
    visit.until(f"{STILL} && momentNow() > 590e6")
    visit.look("decided")


def test_a_reason_that_is_missing_is_asked_for_and_nothing_is_lost(visit):
    opened(visit)
    page = visit.page
    page.keyboard.press("v")
    visit.until("document.activeElement.name === 'why'")
    page.locator("[data-decide] [name=person]").fill("unknown 7")
    page.locator("[data-decide] button.main").click()
    visit.until("document.querySelector('#plan [role=alert]') !== null")
    assert page.locator("[data-decide] [name=person]").input_value() == "unknown 7"


def test_words_that_were_not_sent_stay_with_their_region(visit):
    opened(visit)
    page = visit.page
    first = page.evaluate("chosenTrack")
    why = page.locator("[data-decide] [name=why]")
    why.fill("half a sen")
    page.locator("[data-track-step='1']").click()
    visit.until(f"chosenTrack !== {first!r}")
    assert why.input_value() == ""
    page.locator("[data-track-step='-1']").click()
    visit.until(f"chosenTrack === {first!r}")
    assert why.input_value() == "half a sen"
    leaving = "window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    assert page.evaluate(leaving) is False  # whoever leaves is asked first
    why.fill("")
    assert page.evaluate(leaving) is True


def test_a_mask_by_hand_is_drawn_moves_and_ends(visit):
    opened(visit)
    page = visit.page
    hands = page.evaluate(HAND)
    page.evaluate("goTo(100e6)")
    visit.until(STILL)
    page.keyboard.press("d")
    kept(visit, lambda: drawn(visit, (0.1, 0.1), (0.3, 0.4)))
    name = page.evaluate("chosenTrack")
    assert page.evaluate(HAND) == hands + 1
    assert int(page.locator(f"[data-track={name}]").get_attribute("data-last")) > 600_000_000
    page.evaluate("goTo(200e6)")
    visit.until(f"{STILL} && momentNow() === 200000000")
    page.keyboard.press("e")
    kept(visit, lambda: drawn(visit, (0.6, 0.5), (0.8, 0.8)))
    page.evaluate("goTo(150e6)")
    visit.until(f"{STILL} && momentNow() === 150000000 && {HERE}.includes({name!r})")
    at = page.evaluate(f"masksHere(momentNow()).find(([path]) => path.name === {name!r})[1][0]")
    assert 2_500 < at < 4_000  # half the way from 1,000 to 6,000, grown
    page.evaluate("goTo(300e6)")
    visit.until(f"{STILL} && momentNow() === 300000000")
    kept(visit, lambda: page.keyboard.press("o"))
    visit.look("by-hand")
    page.reload()
    page.wait_for_load_state("networkidle")
    page.evaluate("goTo(310e6)")
    visit.until(f"{STILL} && {HERE}.length > 0")
    assert name not in page.evaluate(HERE)
    page.evaluate("goTo(0)")
    visit.until(f"momentNow() === 0 && {HERE}.includes({name!r})")


def test_what_was_drawn_is_followed_both_ways_and_asks_to_be_looked_at(visit):
    opened(visit)
    page = visit.page
    page.evaluate("goTo(240e6)")
    visit.until(STILL)
    page.keyboard.press("d")
    kept(visit, lambda: drawn(visit, (0.24, 0.2), (0.42, 0.52)))  # the red thing, in its middle
    kept(visit, lambda: page.keyboard.press("f"))
    assert page.evaluate("isOpen(trackOf(chosenTrack))")
    assert "look whether it stays" in page.evaluate("trackOf(chosenTrack).innerText")
    for seconds, across in ((60, 0.153), (480, 0.568)):
        page.evaluate(f"goTo({seconds}e6)")
        visit.until(f"{STILL} && {HERE}.includes(chosenTrack)")
        box = page.evaluate(
            "masksHere(momentNow()).find(([path]) => path.name === chosenTrack)[1].slice(0, 4)"
        )
        assert abs((box[0] + box[2]) / 20_000 - across) < 0.05, seconds
    visit.look("followed")
    kept(visit, lambda: page.keyboard.press("c"))


def test_a_polygon_is_drawn_corner_by_corner(visit):
    opened(visit)
    page = visit.page
    page.locator("[data-tool=polygon]").click()
    visit.until(f"document.querySelector('canvas.masks.drawing') !== null && {STILL}")
    page.evaluate("document.querySelector('canvas.masks').scrollIntoView({block: 'center'})")
    box = page.locator("canvas.masks").bounding_box()
    for across, down in ((0.2, 0.2), (0.5, 0.3), (0.4, 0.7)):
        page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
    page.evaluate("document.activeElement.blur()")
    kept(visit, lambda: page.keyboard.press("Enter"))
    visit.until(f"{HERE}.includes(chosenTrack)")
    shape = "masksHere(0).find(([path]) => path.name === chosenTrack)[0]"
    assert page.evaluate(f"[{shape}.shape, {shape}.corners.length]") == ["polygon", 3]
    visit.look("polygon")


def test_of_two_editors_neither_loses_a_word(visit):
    opened(visit)
    page = visit.page
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_load_state("networkidle")
    for tab, words in ((other, "the other's reason"), (page, "my own reason")):
        tab.locator("[data-decide] [name=name]").select_option("face-40")
        tab.locator("[data-decide] [value=visible]").check()
        tab.locator("[data-decide] [name=why]").fill(words)
    other.locator("[data-decide] button.main").click()
    other.wait_for_load_state("networkidle")
    other.wait_for_timeout(600)
    page.locator("[data-decide] button.main").click()
    visit.until("document.querySelector('#plan [role=alert]') !== null")
    assert "Somebody else changed this plan" in page.locator("#plan").inner_text()
    assert "the other's reason" in page.locator("[data-track=face-40]").inner_text()
    assert page.locator("[data-decide] [name=why]").input_value() == "my own reason"
    assert page.locator("[data-decide] [name=name]").input_value() == "face-40"
    visit.look("plan-conflict")
    kept(visit, lambda: page.locator("[data-decide] button.main").click())
    assert "my own reason" in page.locator("[data-track=face-40]").inner_text()
    other.close()


def test_what_goes_out_stands_beside_the_player_once_the_shield_is_lifted(visit):
    opened(visit)
    page = visit.page
    page.evaluate("goTo(60e6)")
    visit.until(STILL)
    page.keyboard.press("w")
    visit.until("!document.querySelector('[data-preview-shielded]').hidden")
    page.locator("[data-preview-lift] button").click()
    visit.until("!document.querySelector('[data-preview-stage]').hidden", 60)
    visit.until("outVideo().readyState > 1 && !outVideo().seeking")
    found = page.evaluate(
        """(() => {
          const video = outVideo(), canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
          const brush = canvas.getContext("2d", { willReadFrequently: true });
          brush.drawImage(video, 0, 0);
          return masksHere(momentNow()).filter(([path]) => path.state === "covered").map(([, at]) => {
            const x = ((at[0] + at[2]) / 20000) * canvas.width, y = ((at[1] + at[3]) / 20000) * canvas.height;
            return Math.max(...brush.getImageData(Math.floor(x), Math.floor(y), 1, 1).data.slice(0, 3));
          });
        })()"""
    )
    assert len(found) > 30
    assert max(found) < 40  # paint, wherever the overlay has a mask
    assert "version" in page.locator("[data-preview-told]").inner_text()
    visit.look("what-goes-out")
    page.evaluate("outVideo().play()")
    visit.until("outVideo().currentTime > 1")
    page.evaluate("outVideo().pause()")
    visit.until(
        f"{STILL} && Math.abs(momentNow() - previewStart - outVideo().currentTime * 1e6) < 6e5"
    )
    visit.complaints[:] = [
        one for one in visit.complaints if " 403 " not in one
    ]  # told, then lifted


def test_a_photo_is_covered_in_the_same_way(visit):
    opened(visit, "image")
    page = visit.page
    kept(visit, lambda: page.locator("form:has(input[value=hand]) button").click())
    page.keyboard.press("d")
    kept(visit, lambda: drawn(visit, (0.3, 0.3), (0.6, 0.7)))
    visit.until(f"{HERE}.length === 1")
    box = page.evaluate("masksHere(0)[0][1].slice(0, 4)")
    wanted = [2_550, 2_400, 6_450, 7_600]  # drawn, and 15 of 100 further
    assert max(abs(a - b) for a, b in zip(box, wanted, strict=True)) < 120
    page.keyboard.press("w")
    visit.until("!document.querySelector('[data-preview-shielded]').hidden")
    page.locator("[data-preview-lift] button").click()
    visit.until("document.querySelector('#preview img.out').naturalWidth > 0", 40)
    visit.look("photo")
    visit.complaints[:] = [one for one in visit.complaints if " 403 " not in one]


@pytest.mark.parametrize("size", SIZES, ids=["desk", "tablet"])
def test_the_studio_can_be_used_by_everybody(visit, axe, size):  # noqa: F811
    page = visit.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    opened(visit)
    page.evaluate(
        "document.querySelectorAll('#plan details').forEach((one) => { one.open = true; })"
    )
    found, wide = judged(page, axe)
    assert found == []
    assert wide <= 0
    page.keyboard.press("w")
    visit.until("!document.querySelector('[data-preview-shielded]').hidden")
    found, wide = judged(page, axe)
    assert found == []
    assert wide <= 0
    visit.complaints[:] = [one for one in visit.complaints if " 403 " not in one]
