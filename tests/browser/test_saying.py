"""The ways people take to say what they saw: mark, region, describe, severity, conflict, call, search."""

import pytest

pytestmark = pytest.mark.browser


def opened(visit):
    visit.open_item("h264 · 768")
    visit.until("document.querySelector('#marks') !== null")


def count(selector: str) -> str:
    return f"document.querySelectorAll({selector!r}).length"


def keep(visit, kind):
    """Send the open form; wait for the panel that comes back."""
    marks = visit.page.evaluate(count(".marks [data-mark]"))
    visit.page.locator(f'[data-kind="{kind}"] form button.main').click()
    visit.until(f"{count('.marks [data-mark]')} === {marks + 1}")


def test_a_mark_with_a_moving_region_is_made_by_keys_and_shown_again(visit):
    opened(visit)
    page = visit.page
    page.keyboard.press(" ")
    visit.until("document.querySelector('video.screen').currentTime > 0.5")
    page.keyboard.press(" ")
    visit.until("document.querySelector('video.screen').paused")
    page.keyboard.press("x")
    visit.until("document.activeElement.name === 'words'")
    page.keyboard.type("a man falls")
    form = page.locator('[data-kind="mark"] form')
    assert form.locator("[data-start-field]").input_value() != ""
    form.locator("[data-draw]").click()
    drawn(visit, 0.2, 0.4)
    visit.until(
        "JSON.parse(document.querySelector('[data-kind=mark] [data-region]').value).length === 1"
    )
    page.evaluate("document.querySelector('video.screen').currentTime += 2")
    visit.until("!document.querySelector('video.screen').seeking")
    page.wait_for_timeout(300)
    drawn(visit, 0.5, 0.7)
    visit.until(
        "JSON.parse(document.querySelector('[data-kind=mark] [data-region]').value).length === 2"
    )
    visit.look("region")
    # A region outside of the span would never be shown.
    start, end = (form.locator(f"[data-{one}-field]").input_value() for one in ("start", "end"))
    assert end > start > ""
    form.locator('[data-take="end"]').click()
    form.locator('[name="tags"]').fill("beating, ward 4")
    keep(visit, "mark")
    said = page.locator(".marks [data-mark]").last
    assert "a man falls" in said.inner_text()
    assert "one person's word" in said.inner_text()
    shape = said.get_attribute("data-shape")
    assert shape.count("[") == 3
    said.locator("[data-at]").first.click()
    visit.until("document.querySelectorAll('.region').length > 0")
    visit.look("marked")


def drawn(visit, begin, end):
    box = visit.page.locator(".stage").bounding_box()
    mouse = visit.page.mouse
    mouse.move(box["x"] + box["width"] * begin, box["y"] + box["height"] * begin)
    mouse.down()
    mouse.move(box["x"] + box["width"] * end, box["y"] + box["height"] * end, steps=4)
    mouse.up()


def test_what_is_hard_to_see_is_told_before_it_plays_and_read_instead(visit):
    opened(visit)
    page = visit.page
    page.keyboard.press("v")
    visit.until("document.querySelector('[data-kind=severity]').open")
    form = page.locator('[data-kind="severity"] form')
    form.locator('[name="severity"][value="3"]').check()
    form.locator('[name="note"][value="beating"]').check()
    form.locator("[data-start-field]").fill("0:05")
    form.locator("[data-end-field]").fill("0:09.5")
    keep(visit, "severity")
    before = page.locator("[data-before-play]")
    assert "Severity 3 of 4" in before.inner_text()  # without loading the page again
    page.keyboard.press("d")
    visit.until("document.activeElement.name === 'words'")
    page.keyboard.type("Two people walk through the hall; one of them is pushed.")
    keep(visit, "description")
    page.reload()
    page.wait_for_load_state("networkidle")
    before = before.inner_text()
    assert "Severity 3 of 4" in before
    assert "0:05–0:09.5" in before
    assert "one of them is pushed" in before
    visit.look("before")
    assert visit.played() == []
    told = page.locator("[data-coming]")
    assert not told.is_visible()
    page.keyboard.press(" ")  # five seconds before it comes
    visit.until("!document.querySelector('[data-coming]').hidden")
    assert "Soon, at 0:05: 3 · beating" in told.inner_text()
    page.locator("[data-before-play] [data-at]").click()
    visit.until("document.querySelector('[data-coming]').textContent.startsWith('Now')")
    visit.look("coming")
    page.evaluate("seek(11)")
    visit.until("document.querySelector('[data-coming]').hidden")


def test_nothing_typed_is_lost_where_somebody_was_quicker(visit):
    opened(visit)
    page = visit.page
    page.keyboard.press("x")
    visit.until("document.activeElement.name === 'words'")
    page.keyboard.type("first words")
    keep(visit, "mark")
    second = page.context.new_page()
    second.goto(page.url)
    both = ((second, "the other's words"), (page, "my own words"))
    for tab, words in both:
        said = tab.locator(".marks [data-mark]", has_text="first words").last
        said.locator("a", has_text="Change").click()
        said.locator("form[data-mark-form] textarea").fill(words)
    for tab, _ in both:
        tab.locator(".marks form[data-mark-form] button:not([type=button])").click()
        tab.wait_for_load_state("networkidle")
        tab.wait_for_timeout(400)
    visit.until("document.querySelectorAll('#marks [role=alert]').length > 0")
    text = page.locator("#marks").inner_text()
    assert "Somebody else changed this mark" in text
    assert "the other's words" in text
    kept = page.evaluate(
        "[...document.querySelectorAll('#marks textarea')].map((one) => one.value).join('|')"
    )
    assert "my own words" in kept
    visit.look("conflict")
    second.close()


def test_signed_out_while_writing_nothing_is_lost(visit):
    opened(visit)
    page = visit.page
    page.keyboard.press("x")
    visit.until("document.activeElement.name === 'words'")
    page.keyboard.type("written before the session ended")
    page.context.clear_cookies()
    page.locator('[data-kind="mark"] form button.main').click()
    visit.until("!document.querySelector('[data-signed-out]').hidden")
    visit.look("signed-out")
    assert "written before" in page.locator('[data-kind="mark"] textarea').input_value()
    other = page.context.new_page()
    other.goto(visit.served.link())
    other.locator("form.stack button").click()
    other.wait_for_load_state("networkidle")
    keep(visit, "mark")
    assert "written before the session ended" in page.locator(".marks").first.inner_text()
    assert page.locator("[data-signed-out]").is_hidden()
    visit.complaints[:] = [one for one in visit.complaints if " 40" not in one]  # refused, and told
    other.close()


def test_where_the_server_takes_nothing_it_is_said_and_the_words_stay(visit):
    opened(visit)
    page = visit.page
    page.keyboard.press("x")
    visit.until("document.activeElement.name === 'words'")
    page.keyboard.type("written while the disk was full")
    send = page.locator('[data-kind="mark"] form button.main')
    told = "!document.querySelector('[data-not-kept]').hidden"
    for answer in (lambda route: route.fulfill(status=503), lambda route: route.abort()):
        page.route("**/marks/new/", answer)
        send.click()
        visit.until(told)
        assert "the disk was full" in page.locator('[data-kind="mark"] textarea').input_value()
        page.evaluate("tellUnsent('')")
        page.unroute("**/marks/new/")
    visit.look("not-kept")
    keep(visit, "mark")
    assert page.locator("[data-not-kept]").is_hidden()
    visit.complaints.clear()  # refused twice, and told


def test_a_call_waits_in_the_queue_and_is_found_by_words(visit):
    opened(visit)
    page = visit.page
    page.keyboard.press("x")
    visit.until("document.activeElement.name === 'words'")
    page.keyboard.type("Надзиратели уводят его в третий корпус")
    keep(visit, "mark")
    said = page.locator(".marks [data-mark]", has_text="третий корпус").last
    said.locator("summary", has_text="Act now").click()
    said.locator("form textarea:visible").fill("he is to be moved on Friday")
    said.locator("form button.main:visible").click()
    visit.until(f"{count('.marks .chip.unreadable')} > 0")
    visit.go("/urgent/")
    assert "moved on Friday" in page.locator("main").inner_text()
    visit.look("urgent")
    page.locator("article textarea").first.fill("told the lawyer")
    page.locator("article button.main").first.click()
    page.wait_for_load_state("networkidle")
    assert "Nothing waits" in page.locator("main").inner_text()
    visit.go("/search/?q=корпуса надзиратель")
    page.wait_for_load_state("networkidle")
    assert "1 found" in page.locator("main").inner_text()
    visit.look("search")
    page.locator(".hits a").first.click()
    page.wait_for_load_state("networkidle")
    assert "#mark-" in page.url


def test_the_desk_offers_takes_and_ends(visit):
    visit.go("/desk/")
    page = visit.page
    visit.look("desk")
    page.locator(
        "section[aria-labelledby=offered] form button", has_text="I go through this"
    ).first.click()
    page.wait_for_load_state("networkidle")
    item = page.url
    visit.look("taken")
    page.locator("button", has_text="I have gone through it").click()
    page.wait_for_load_state("networkidle")
    assert page.url.endswith("/desk/")
    assert item.split("/items/")[1].strip("/") not in page.content()


def test_the_wall_narrows_by_a_choice_from_a_list(visit):
    visit.go("/items/")
    visit.look("wall")
    page = visit.page
    lists = page.locator("[data-narrow] select")
    if lists.count():
        chosen = lists.first
        chosen.select_option(index=1)
        page.wait_for_url("**/items/?*")
    page.locator(".chip.choice").first.click()
    page.wait_for_load_state("networkidle")
    assert page.locator("[data-card]").count() >= 1
    visit.look("narrowed")
