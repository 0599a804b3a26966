"""Every picture and every sound that reaches the browser is decoded: before consent none is unshielded."""

import io
from dataclasses import dataclass

import av
import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser
VIDEO = "h264 · 768"
CLOCK = "document.querySelector('video.screen').currentTime"
PLAYED = "document.querySelector('video.screen').getVideoPlaybackQuality().totalVideoFrames"


@dataclass
class Media:
    """One response: how fine its pictures are, how much colour they have, whether it has sound."""

    address: str
    pictures: int
    fine: float
    colour: float
    heard: bool

    @property
    def shielded(self) -> bool:
        return self.fine < 6 and self.colour <= 8 and not self.heard


@pytest.fixture
def arrived(visit):
    """Everything like a picture, a film or a sound that came, however it was asked for."""
    found = []

    def hand_on(route):
        request = route.request
        if request.resource_type == "document" or "/static/" in request.url:
            route.continue_()
            return
        answer = route.fetch()
        found.append((request.url, answer.headers.get("content-type", ""), answer.body()))
        route.fulfill(response=answer)

    visit.page.context.route("**/*", hand_on)
    yield lambda: [media for one in found if (media := _media(*one)) is not None]
    visit.page.context.unroute_all(behavior="wait")


def _media(address, kind, data):
    if address.endswith("/renditions/waveform") or "/renditions/waveform?" in address:
        return None  # a drawing of loudness, of nothing that was filmed
    if kind.startswith("video/"):
        return _film(address, data)
    return _picture(address, data) if kind.startswith(("image/", "audio/")) else None


def _film(address, data):
    with av.open(io.BytesIO(data), format="mpegts") as container:
        heard = any(stream.type == "audio" for stream in container.streams)
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert frames
    fine, colour = zip(*(_measured(frame) for frame in frames[::5]), strict=True)
    return Media(address, len(frames), max(fine), max(colour), heard)


def _picture(address, data):
    fine, colour = _measured(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    return Media(address, 1, fine, colour, heard=False)


def _measured(pixels):
    """Second differences of the luma, all but the largest tenth (sheets have edges between tiles); and
    how far red, green and blue lie apart.
    """
    values = pixels.astype(float)
    luma = values.mean(axis=2)
    fine = max(float(np.percentile(np.abs(np.diff(luma, 2, axis=n)), 90)) for n in (0, 1))
    apart = values.max(axis=2) - values.min(axis=2)
    return fine, float(np.percentile(apart, 99))


def test_nothing_unshielded_arrives_before_consent(visit, arrived):
    page = visit.page
    for path in ("/", "/timeline/", "/desk/", "/search/?q=car", "/items/"):
        visit.go(path)
        page.wait_for_load_state("networkidle")
    for card in page.locator("[data-card]").all():
        card.hover()
    visit.open_item(VIDEO)
    page.locator("[data-start]").click()
    visit.until(f"{CLOCK} > 0.3")
    page.locator(".tile-button").nth(2).click()
    visit.until(f"{CLOCK} > 9.7")
    page.keyboard.press("ArrowRight")
    full = page.evaluate(
        "document.querySelector('video.screen').requestFullscreen().then(() => true, () => false)"
    )
    assert full
    visit.until(f"{PLAYED} > 30")
    page.evaluate("document.exitFullscreen()")
    outside = page.evaluate(
        "document.querySelector('video.screen').requestPictureInPicture().then(() => true, () => false)"
    )
    assert not outside
    refused = [one for one in visit.complaints if "picture-in-picture" in one]
    visit.complaints[:] = [one for one in visit.complaints if one not in refused]
    visit.open_item("audio")
    came = arrived()
    assert sum("/play/" in one.address for one in came) >= 3
    assert sum("/renditions/" in one.address for one in came) >= 5
    assert sum(one.pictures for one in came) > 100
    assert [one for one in came if not one.shielded] == []


def test_the_measure_sees_what_is_not_shielded(visit, arrived):
    visit.open_item(VIDEO)
    visit.page.locator("#pictures form button").click()
    visit.page.wait_for_selector("#pictures.lifted .tile-button")
    lift(visit, "none", "colour", "large", "sound")
    visit.until(f"{CLOCK} > 0.3")
    clear = [one for one in arrived() if "/clear" in one.address or "-clear" in one.address]
    assert len(clear) >= 2
    assert [one for one in clear if one.shielded] == []


def lift(visit, blur, *controls, seconds=""):
    page = visit.page
    page.select_option("[name=blur]", blur)
    for control in controls:
        page.check(f"[data-lifting] [name={control}]")
    page.select_option("[name=seconds]", seconds)
    page.locator("[data-lifting] button").click()
    page.wait_for_selector("#player.lifted")
    page.locator("[data-start]").click()


def test_each_step_is_asked_for_and_the_shield_comes_back_after_the_span(visit, arrived):
    visit.open_item(VIDEO)
    visit.look("shielded")
    lift(visit, "light", seconds="10")
    visit.until(f"{CLOCK} > 0.5")
    visit.look("light-grey")
    soft = [one for one in arrived() if "/soft-grey-small/" in one.address]
    assert soft
    assert all(one.colour <= 8 and not one.heard for one in soft)
    visit.page.locator(".tile-button").nth(3).click()
    visit.until(f"{CLOCK} > 15")
    visit.until("!document.querySelector('video.screen').seeking")
    visit.look("after-the-span")
    late = [one for one in arrived() if "/soft-grey-small/" in one.address][-1]
    assert late.shielded
    assert visit.page.locator("[data-trouble]").is_hidden()


def test_a_lift_for_a_span_plays_through_its_end(visit, arrived):
    """Sharp pictures of one size go over into shielded ones of another: the player goes on."""
    visit.open_item(VIDEO)
    lift(visit, "none", "colour", "large", seconds="10")
    visit.until(f"{CLOCK} > 0.3")
    visit.look("lifted")
    visit.page.evaluate("document.querySelector('video.screen').currentTime = 9")
    visit.until("document.querySelector('video.screen').videoWidth === 320", 40)
    assert visit.page.evaluate(CLOCK) > 10
    assert visit.page.locator("[data-trouble]").is_hidden()
    assert any(not one.shielded for one in arrived())


def test_a_calm_word_comes_once_the_chosen_time_has_passed(visit):
    mine(visit)
    visit.open_item(VIDEO)
    lift(visit, "light")
    word = visit.page.locator("[data-calm]")
    assert not word.is_visible()
    visit.page.evaluate(
        "const word = document.querySelector('[data-calm]');"
        "word.dataset.spent = String(word.dataset.pause - 1)"
    )
    visit.page.evaluate("document.querySelector('video.screen').playbackRate = 16")
    visit.until("!document.querySelector('[data-calm]').hidden")
    visit.look("calm")


def mine(visit):
    """Open one's own page, with a first password where there is none yet."""
    page = visit.page
    visit.go("/you/")
    if page.locator("text=You came in by a link").count():
        visit.look("you-by-link")
        visit.go("/password/")
        page.fill("[name=new]", "grey heron at noon")
        page.fill("[name=again]", "grey heron at noon")
        page.locator("form.stack button.main").click()
        page.wait_for_url("**/")
    else:
        page.fill("[name=password]", "grey heron at noon")
        page.locator("form.stack button.main").click()
        page.wait_for_url("**/you/")


def test_ones_own_page_counts_what_was_watched(visit):
    page = visit.page
    mine(visit)
    visit.open_item(VIDEO)
    lift(visit, "none", "large", seconds="10")
    visit.until(f"{CLOCK} > 0.5")
    visit.go("/you/")
    today = page.locator("tbody tr").first.inner_text().split()
    assert int(today[-1]) >= 1
    visit.look("you")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1440, "height": 900})
    page.check("[name=without][value=torture]")
    page.fill("[name=pause]", "0")
    page.locator("[action='/you/wishes/'] button.main").click()
    page.wait_for_load_state()
    assert page.is_checked("[name=without][value=torture]")
    visit.go("/desk/")
    visit.look("desk")
    visit.go("/help/")
    visit.look("help")
    visit.go("/together/")
    visit.look("together")
