"""What a person sees and what the browser asks for. The fixture fails on any foreign request, and
on any complaint of the browser, such as one about the content security policy."""

import pytest

pytestmark = pytest.mark.browser

VIDEO = "h264 · 768"
CLOCK = "document.querySelector('video').currentTime"


def test_the_grid_draws_shielded_strips_in_grey_and_plays_nothing(visit):
    visit.go("/items/")
    visit.page.wait_for_load_state("networkidle")
    assert visit.page.locator("[data-card]").count() >= 6
    asked = [one for one in visit.requests if "/renditions/" in one]
    assert asked
    assert not [one for one in asked if "clear" in one]
    visit.page.hover("[data-card]")
    visit.page.wait_for_timeout(300)
    assert visit.played() == []
    assert visit.page.locator("video, audio").count() == 0
    colourful, drawn = visit.page.evaluate(
        """() => {
            const canvas = [...document.querySelectorAll("[data-card]")]
                .find((card) => card.innerText.includes("h264")).querySelector("canvas");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let colourful = 0, drawn = 0;
            for (let n = 0; n < data.length; n += 4) {
                if (Math.max(data[n], data[n + 1], data[n + 2])
                    - Math.min(data[n], data[n + 1], data[n + 2]) > 6) colourful += 1;
                if (data[n + 3] > 0) drawn += 1;
            }
            return [colourful, drawn];
        }"""
    )
    assert colourful == 0
    assert drawn > 1000


def test_keys_walk_the_grid_and_open_an_item(visit):
    visit.go("/items/")
    for key in ("j", "j", "ArrowRight", "k"):
        visit.page.keyboard.press(key)
    focus = "[...document.querySelectorAll('[data-card]')].indexOf(document.activeElement)"
    assert visit.page.evaluate(focus) == 1
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**/items/*/")
    visit.page.keyboard.press("?")
    assert visit.page.locator("dialog[open]").count() == 1
    visit.page.keyboard.press("Escape")
    visit.until("!document.querySelector('dialog[open]')")
    visit.page.keyboard.press("g")
    visit.page.wait_for_url("**/items/")


def test_the_way_back_keeps_what_was_narrowed(visit):
    visit.go("/items/?kind=video")
    visit.page.locator("[data-card]").first.click()
    visit.page.wait_for_url("**/items/*/")
    visit.page.locator("[data-back]").click()
    visit.page.wait_for_load_state()
    assert visit.page.url.endswith("/items/?kind=video")


def test_nothing_is_played_before_play_is_pressed(visit):
    visit.open_item(VIDEO)
    visit.page.wait_for_timeout(500)
    assert visit.played() == []
    visit.page.locator("[data-start]").click()
    visit.until(f"{CLOCK} > 0.2")
    assert visit.played()[0].endswith("/play/shielded/index.m3u8")
    assert not [one for one in visit.played() if "/clear/" in one]
    assert visit.page.evaluate("document.querySelector('video').muted")
    visit.page.evaluate("document.querySelector('video').muted = false")
    visit.until("document.querySelector('video').muted")


def test_lifting_stops_keeps_the_place_and_stays_silent(visit):
    visit.open_item(VIDEO)
    visit.page.locator(".tile-button").nth(2).click()
    visit.until(f"{CLOCK} > 9.7")
    visit.page.locator("#player header form button").click()
    visit.page.wait_for_selector("#player.lifted")
    visit.page.wait_for_timeout(300)
    assert not [one for one in visit.played() if "/clear/" in one]
    assert visit.page.locator("[data-clock]").inner_text() >= "0:09"
    visit.page.locator("[data-start]").click()
    visit.until(f"{CLOCK} > 9.7")
    visit.until("document.querySelector('video').videoWidth === 768")
    assert visit.page.evaluate("document.querySelector('video').muted")
    visit.page.locator("[data-sound]").click()
    assert not visit.page.evaluate("document.querySelector('video').muted")
    visit.page.locator("#player header form button").click()
    visit.page.wait_for_selector("#player:not(.lifted)")
    assert visit.page.locator("[data-sound]").count() == 0


def test_clear_pictures_are_asked_for_only_by_hand(visit):
    visit.open_item(VIDEO)
    assert not [one for one in visit.requests if "filmstrip-clear" in one]
    visit.page.locator("#pictures form button").click()
    visit.page.wait_for_selector("#pictures.lifted .tile-button")
    assert [one for one in visit.requests if "filmstrip-clear" in one]
    assert visit.page.locator("#player.lifted").count() == 0
    visit.page.reload()
    assert visit.page.locator("#pictures.lifted").count() == 0


def test_sound_alone_asks_before_there_is_a_player(visit):
    visit.open_item("audio")
    assert visit.page.locator("video").count() == 0
    visit.page.locator("#player header form button").click()
    visit.page.locator("[data-start]").click()
    visit.until(f"{CLOCK} > 0.3")
    assert visit.page.evaluate("document.querySelector('video').muted")


@pytest.mark.parametrize("visit", [{"locale": "ru-RU"}], indirect=True)
def test_the_browsers_language_is_spoken(visit):
    visit.go("/")
    assert visit.page.locator("h1").inner_text() == "Что здесь есть"


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(visit, width):
    visit.page.set_viewport_size({"width": width, "height": 844})
    for path in ("/", "/items/", "item", "/password/", "/nothing/"):
        visit.open_item(VIDEO) if path == "item" else visit.go(path)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width, path
    visit.complaints[:] = [one for one in visit.complaints if "404" not in one]
