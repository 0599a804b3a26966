"""The check after: who is still seen in a finished copy stops a release, and a draft tells of it."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.digest import digest_of
from daylight.domain.marks import Key
from daylight.domain.progress import Silent
from daylight.domain.redaction import Plan, Region, State, Word
from daylight.domain.redaction_seen import seen_in, with_seen
from daylight.domain.tracks import Sort
from daylight.errors import FaceSeen, InferenceFailed, ModelMissing, PlanUndecided
from daylight.services import redactions
from daylight.services.examine import examine
from daylight.services.intake import ImportRequest, import_material
from daylight.services.redact import redact
from daylight.services.redact_release import release
from tests.media.redacting import Way, plan_for, reel
from tests.services.looking_again import bright, looked_again, nobody  # noqa: F401  # a fixture
from tests.services.signing import two_people
from tests.services.test_redact import EDITOR, Inline, ask, entries, item, left, second

WHITE = (Way((40, 40, 16, 16), (40, 40, 16, 16), (255, 255, 255)),)
FILM = reel(container="mp4", frames=12, ways=WHITE)
OPEN = replace(plan_for(FILM, (), frames=12), everyone=EDITOR)
CLOSED = replace(plan_for(FILM, WHITE, frames=12), everyone=EDITOR)
SPARED = replace(
    CLOSED, regions=(replace(CLOSED.regions[0], state=State.VISIBLE, word=Word("editor", "hers")),)
)


def photo() -> bytes:
    file = io.BytesIO()
    pixels = np.full((120, 160, 3), 90, np.uint8)
    pixels[40:56, 40:56] = 255
    Image.fromarray(pixels).save(file, "JPEG", quality=97)
    return file.getvalue()


PHOTO = photo()
MADE = {".mp4": FILM, ".jpg": PHOTO}


@pytest.fixture
def room(ws, tmp_path):
    ws = replace(ws, start_executor=lambda slots: Inline())
    (tmp_path / "disk").mkdir()
    for suffix, data in MADE.items():
        (tmp_path / f"disk/one{suffix}").write_bytes(data)
    import_material(ws, custodian_here(), ImportRequest(roots=(tmp_path / "disk",)), Silent())
    examine(ws, custodian_here(), "", Silent())
    (tmp_path / "out").mkdir()
    return ws


def drafted(ws, tmp_path, plan, data=FILM, suffix=".mp4"):
    out = tmp_path / f"out/copy{suffix}"
    return redact(ws, custodian_here(), item(data), plan, out, Silent()).document["detector_again"]


def released(ws, tmp_path, plan, data=FILM, suffix=".mp4"):
    redactions.save(ws, custodian_here(), plan)
    approved = second(ws, ask(ws, data=data))
    out = tmp_path / f"out/copy{suffix}"
    return release(ws, custodian_here(), item(data), approved, out, Silent())


def test_without_a_model_a_draft_says_so_and_a_release_is_refused(room, tmp_path):
    assert drafted(room, tmp_path, CLOSED) == {"looked": False}
    before = left(tmp_path)
    two_people(room)
    with pytest.raises(ModelMissing):
        released(room, tmp_path, replace(CLOSED, fill=(9, 9, 9)))
    assert left(tmp_path) == before
    assert entries("redaction-released") == []


def test_who_is_covered_is_not_seen_again(room, tmp_path, looked_again):  # noqa: F811
    two_people(room)
    report = released(looked_again(room, bright), tmp_path, CLOSED)
    told = report.document["detector_again"]
    assert (told["looked"], told["seen"], told["spots"]) == (True, 0, [])
    assert told["looks"] >= 1
    assert (
        json.loads((tmp_path / "out/copy.mp4.report.json").read_bytes())["detector_again"] == told
    )


def test_who_is_seen_again_stops_a_release_and_a_draft_tells_where(room, tmp_path, looked_again):  # noqa: F811
    two_people(room)
    ready = looked_again(room, bright)
    with pytest.raises(FaceSeen, match=r"at 0\.00 s, 2\d % from the left and 3\d % from"):
        released(ready, tmp_path, OPEN)
    assert left(tmp_path) == []
    assert entries("redaction-released") == []
    told = drafted(ready, tmp_path, OPEN)
    assert told["seen"] >= 1
    across, down, wide, tall = told["spots"][0]["box"]
    assert 36 <= (across + wide / 2) * 176 / 10_000 <= 60
    assert 36 <= (down + tall / 2) * 144 / 10_000 <= 60


def test_what_drafts_tell_can_be_covered_until_it_is_released(room, tmp_path, looked_again):  # noqa: F811
    two_people(room)
    ready, plan = looked_again(room, bright), OPEN
    for rounds in range(10):  # this model sees eight pixels of sixteen at a time
        if not drafted(ready, tmp_path, plan)["seen"]:
            break
        seen = seen_in((tmp_path / "out/copy.mp4.report.json").read_bytes(), OPEN.item)
        assert seen.untold == 0
        plan = with_seen(plan, seen.spots)
        emptied(tmp_path)
    assert rounds >= 1
    assert {one.name.partition("-")[0] for one in plan.regions} == {"seen"}
    emptied(tmp_path)
    with pytest.raises(PlanUndecided, match="seen-1"):
        released(ready, tmp_path, plan)
    told = released(ready, tmp_path, replace(plan, everyone=EDITOR)).document["detector_again"]
    assert (told["looked"], told["seen"]) == (True, 0)


def emptied(tmp_path):
    for made in (tmp_path / "out").iterdir():
        made.unlink()


def test_who_stays_visible_on_purpose_stops_nothing(room, tmp_path, looked_again):  # noqa: F811
    two_people(room)
    told = released(looked_again(room, bright), tmp_path, SPARED).document["detector_again"]
    assert (told["seen"], told["looks"] >= 1) == (0, True)


def hand(state=State.COVERED):
    return Region(
        "hand-1", Sort.HAND, (Key(0, 2_300, 3_100, 1_500, 1_900),), state=state, word=EDITOR
    )


@pytest.mark.parametrize(
    ("regions", "seen"), [((), 1), ((hand(),), 0), ((hand(State.REJECTED),), 0)]
)
def test_a_picture_is_looked_at_again_too(room, tmp_path, looked_again, regions, seen):  # noqa: F811
    two_people(room)
    ready = looked_again(room, bright)
    plan = Plan(digest_of(PHOTO), regions=regions, everyone=EDITOR)
    assert drafted(ready, tmp_path, plan, PHOTO, ".jpg")["seen"] == seen
    if seen:
        with pytest.raises(FaceSeen, match="seen"):
            released(ready, tmp_path, plan, PHOTO, ".png")
        assert not (tmp_path / "out/copy.png").exists()


def dying(free, inputs):
    raise InferenceFailed("the model's worker died")


@pytest.mark.parametrize("suffix", list(MADE))
def test_a_model_that_dies_leaves_nothing(room, tmp_path, looked_again, suffix):  # noqa: F811
    data = MADE[suffix]
    with pytest.raises(InferenceFailed):
        drafted(looked_again(room, dying), tmp_path, Plan(digest_of(data)), data, suffix)
    assert left(tmp_path) == []


def test_a_picture_of_a_few_pixels_shows_nobody(room, tmp_path, looked_again):  # noqa: F811
    plan = Plan(digest_of(PHOTO), everyone=EDITOR)
    tiny = replace(plan, output=replace(plan.output, crop=(2_600, 3_600, 700, 900)))
    assert drafted(looked_again(room, dying), tmp_path, tiny, PHOTO, ".jpg")["looks"] == 0
