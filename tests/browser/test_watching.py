"""Stepping onto the very picture, the shuttle, repeating a span, looking closer, keeping a still."""

import json
import sqlite3
from datetime import datetime

import pytest

pytestmark = pytest.mark.browser

SHOWN = "(() => { const one = document.querySelector('img.exact'); return one && !one.hidden; })()"
NUMBER = "Number(document.querySelector('[data-frame-number]').textContent)"


def opened(visit, text="h264 · 768"):
    visit.open_item(text)
    visit.until("document.querySelector('video.screen') !== null")


def stepped(visit, key, number):
    visit.page.keyboard.press(key)
    visit.until(f"{SHOWN} && {NUMBER} === {number}")


def test_steps_lead_to_the_very_picture_and_back_and_stay_shielded(visit):
    opened(visit)
    for key, number in ((".", 1), (".", 2), (",", 1), (",", 0)):
        stepped(visit, key, number)
    for _ in range(9):
        visit.page.keyboard.press(".")  # faster than stills are made: none is lost
    visit.until(f"{NUMBER} === 9")
    visit.look("stepped")
    asked = [one for one in visit.requests if "/frames/" in one]
    assert asked
    assert all("/frames/shielded/" in one for one in asked)
    assert visit.played() == []
    visit.page.keyboard.press(" ")
    visit.until("document.querySelector('video.screen').currentTime > 0.5")
    assert not visit.page.evaluate(SHOWN)


def test_a_clear_still_is_kept_only_once_lifted(visit):
    opened(visit)
    visit.page.select_option("[name=blur]", "none")
    for control in ("colour", "large"):
        visit.page.check(f"[data-lifting] [name={control}]")
    visit.page.locator("[data-lifting] button").click()
    visit.until("document.querySelector('.player.lifted') !== null")
    stepped(visit, ".", 1)
    visit.page.keyboard.press("c")
    visit.until("document.querySelector('[data-grabbed] a').href.endsWith('frame-1-clear')")
    visit.look("kept")
    found = visit.page.evaluate(
        "fetch(document.querySelector('[data-grabbed] a').href).then(a => a.headers.get('content-type'))"
    )
    assert found == "image/png"
    visit.page.reload()  # which opens shielded again, with the still in the list
    visit.page.locator("#stills summary").click()
    visit.page.locator("[data-show-frame='1']").click()
    visit.until(f"{SHOWN} && {NUMBER} === 1")
    visit.look("kept-list")
    assert visit.page.evaluate("document.querySelector('img.exact').src").endswith("/shielded/1")


def test_the_shuttle_goes_on_back_and_faster(visit):
    opened(visit)
    page = visit.page
    page.keyboard.press("l")
    visit.until("document.querySelector('video.screen').currentTime > 0.3")
    page.keyboard.press("l")
    visit.until("document.querySelector('video.screen').playbackRate === 2")
    visit.until("document.querySelector('video.screen').currentTime > 2")
    page.keyboard.press("k")
    visit.until("document.querySelector('video.screen').paused")
    at = page.evaluate("document.querySelector('video.screen').currentTime")
    page.keyboard.press("j")
    visit.until(f"document.querySelector('video.screen').currentTime < {at - 0.5}")
    page.keyboard.press("k")
    for _ in range(9):
        page.keyboard.press("+")
    visit.until("document.querySelector('video.screen').playbackRate === 16")


def test_a_span_is_repeated_and_looking_closer_changes_only_the_view(visit):
    opened(visit)
    page = visit.page
    page.keyboard.press("l")
    visit.until("document.querySelector('video.screen').currentTime > 0.3")
    page.keyboard.press("p")
    visit.until("document.querySelector('video.screen').currentTime > 1.2")
    page.keyboard.press("p")
    visit.until("document.querySelector('[data-loop]').ariaPressed === 'true'")
    page.wait_for_timeout(2500)
    assert page.evaluate("document.querySelector('video.screen').currentTime") < 2.5
    page.keyboard.press("k")
    page.keyboard.press("z")
    page.locator(".light summary").click()
    page.evaluate(
        """() => {
          const one = document.querySelector("[data-light=gamma]");
          one.value = "2";
          one.dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    style = page.evaluate("document.querySelector('video.screen').getAttribute('style')")
    assert "scale(2)" in style
    assert "#gamma" in style
    visit.look("nearer")
    asked = json.dumps(visit.requests)
    assert "/play/clear/" not in asked
    assert "/frames/clear/" not in asked


def test_brackets_go_from_item_to_item(visit):
    opened(visit, "h264 · 768")
    first = visit.page.url
    key = "]" if visit.page.locator("[data-after]").count() else "["
    visit.page.keyboard.press(key)
    visit.page.wait_for_url(lambda address: address != first)
    visit.page.wait_for_load_state("networkidle")
    visit.page.keyboard.press("[" if key == "]" else "]")
    visit.page.wait_for_url(first)


def test_lanes_say_what_was_found_and_lead_there(visit):
    opened(visit)
    page = visit.page
    visit.until("document.querySelectorAll('.lane').length >= 5")
    assert visit.played() == []
    page.keyboard.press("1")
    visit.until("document.querySelector('[data-lane=\"0\"]').ariaPressed === 'true'")
    page.locator(".lane .track").first.click(position={"x": 200, "y": 10})
    visit.until("document.querySelector('video.screen').currentTime > 5")
    visit.until("!document.querySelector('[data-cursor]').hidden")
    page.keyboard.press("k")
    page.keyboard.press("s")
    visit.until("document.querySelector('[data-skip]').ariaPressed === 'true'")
    visit.look("lanes")


@pytest.fixture
def placed(visit):
    """Two recordings of two cameras of one place, the second begun two seconds after the first."""
    change = (
        "update catalogue_recording set burnt_us = ? where item_id = ?",
        "update catalogue_camera set facility = ? where id = ?",
    )
    wanted = (
        "select r.item_id, i.public_id, r.camera_id from catalogue_recording r"
        " join catalogue_item i on i.id = r.item_id join catalogue_media m on m.item_id = i.id"
        " where m.kind = 'video' and m.state = 'ok' and m.duration_us > 8000000"
        " group by r.camera_id order by r.item_id limit 2"
    )
    with sqlite3.connect(visit.served.vault / "catalogue.sqlite", timeout=30) as catalogue:
        rows = catalogue.execute(wanted).fetchall()
        for number, (item, _, camera) in enumerate(rows):
            catalogue.execute(change[0], (10**15 + number * 2_000_000, item))
            catalogue.execute(change[1], ("IK-1", camera))
        catalogue.commit()
        assert len(rows) == 2
        yield [public for _, public, _ in rows]
        for item, _, camera in rows:
            catalogue.execute(change[0], (None, item))
            catalogue.execute(change[1], ("", camera))


def test_what_the_others_saw_plays_together_under_one_clock(visit, placed):
    page = visit.page
    page.wait_for_timeout(4500)  # a timeline may be that old
    visit.go(f"/items/{placed[0]}/")
    page.locator("[data-together-link]").click()
    page.wait_for_load_state("networkidle")
    visit.until("document.querySelectorAll('[data-view]').length === 2")
    assert visit.played() == []
    began = page.locator("[data-real]").inner_text()
    page.keyboard.press(" ")
    away = """(() => {
      const [one, two] = [...document.querySelectorAll("video.screen")].map((v) => v.currentTime);
      return one > 4 && two > 1 && Math.abs(one - two - 2) < 0.2;
    })()"""
    visit.until(away, 40)
    visit.look("together")
    passed = datetime.fromisoformat(page.locator("[data-real]").inner_text())
    assert 3 <= (passed - datetime.fromisoformat(began)).total_seconds() < 60
    page.keyboard.press(" ")
    visit.until("[...document.querySelectorAll('video.screen')].every((one) => one.paused)")
    assert all("/play/shielded/" in one for one in visit.played())
    assert page.evaluate("[...document.querySelectorAll('video')].every((one) => one.muted)")
