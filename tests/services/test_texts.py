"""Looking for text in an item: pictures from the sandbox, letters by whoever reads, labels as they were found."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from daylight.analyses import text_boxes
from daylight.catalogue.queries.vault import custodian_here
from daylight.detectors.programs import PROGRAMS
from daylight.domain.marks import Key
from daylight.domain.progress import Silent
from daylight.domain.redaction_texts import with_texts
from daylight.domain.tracks import Sort, Track
from daylight.errors import MediaRefused
from daylight.media.facts_json import to_json
from daylight.media.mask_moments import PROGRAM, moments
from daylight.media.overlay_blob import Strip, pack
from daylight.media.probe import probe
from daylight.services import redactions, texts
from daylight.services.redact import draft
from daylight.services.studio import desk, take_texts
from tests.conftest import missing
from tests.media.redacting import opened, plan_for, reel
from tests.services.test_redact import FILM, PHOTO, Inline, item, room  # noqa: F401  # room: a fixture


@pytest.fixture
def reading(monkeypatch):
    """A reader that sees one line in every picture, and notes how large they are."""
    sizes = []

    def boxes(luma):
        sizes.append(luma.shape[::-1])
        return [(Key(0, 1_000, 1_000, 2_000, 500), 0.6)]

    monkeypatch.setattr(text_boxes, "there", lambda: True)
    monkeypatch.setattr(text_boxes, "boxes", boxes)
    return sizes


def look(ws, data=FILM):
    return texts.look(ws, custodian_here(), item(data), Silent())


def test_a_picture_a_second_is_read_and_the_last(room, reading):  # noqa: F811
    found = look(room)
    assert reading == [(352, 288)] * 3  # of 1.16 seconds, twice as large
    (region,) = found.regions
    assert [key.at_us for key in region.keys] == [0, 1_000_000, 1_160_000, 2_160_000]
    assert found.read


def test_a_photo_is_read_upright(room, reading):  # noqa: F811
    (region,) = look(room, PHOTO).regions
    assert (region.keys[0].at_us, reading) == (0, [(320, 240)])


def test_without_a_reader_labels_are_proposed_all_the_same(room, monkeypatch):  # noqa: F811
    monkeypatch.setattr(text_boxes, "there", lambda: False)
    pixels = np.zeros((1, 4, 8), np.uint8)
    strip = Strip((20, 10, 60, 8), (16, 6, 72, 18), False, True, 1.0, np.zeros(1, np.int64), pixels)
    blob = room.store.put(pack([strip, strip]))
    kept = texts.kept_tracks(item().digest, "overlay", 1, "overlay")
    monkeypatch.setattr(texts, "kept_tracks", lambda *_: replace(kept, blob=blob))
    found = look(room)
    assert (found.read, found.regions) == (False, ())
    assert found.labels == (Key(0, 909, 416, 4_091, 1_251),)


@pytest.mark.parametrize(
    "facts",
    [
        {"at": 0, "size": [2, 2]},
        {"at": 0, "size": [5_000, 1]},
        {"at": 0, "size": [0, 4]},
        {"at": -1, "size": [4, 1]},
        {"at": 0, "size": "4"},
        {"at": 0, "size": [4, True]},
        None,
    ],
)
def test_a_program_that_lies_is_not_believed(room, reading, facts):  # noqa: F811
    def lying(request, files, emit):
        emit("moment", facts, bytes(5_000 if facts and facts["size"] == [5_000, 1] else 3))

    ws = replace(room, start_executor=lambda slots: Inline({**PROGRAMS, PROGRAM: lying}))
    with pytest.raises(MediaRefused, match="makes no sense"):
        look(ws)
    assert reading == []


def test_a_program_that_ends_early_is_not_believed(room, reading):  # noqa: F811
    ws = replace(room, start_executor=lambda slots: Inline({**PROGRAMS, PROGRAM: lambda *_: None}))
    with pytest.raises(MediaRefused, match="no picture"):
        look(ws)


def test_a_draft_of_faces_does_not_take_text_out(room, reading):  # noqa: F811
    me = custodian_here()
    redactions.save(room, me, plan_for(FILM))
    take_texts(room, me, item(), 1, look(room))
    face = Track("face-1", Sort.FACE, (Key(0, 1, 1, 9, 9), Key(9, 1, 1, 9, 9)), (), 0.5)
    made = draft(room, me, item(), lambda *_: (face,), Silent())
    assert {one.sort for one in made.regions} == {Sort.FACE, Sort.TEXT}
    assert desk(me, item()).version == 2


def test_pictures_lie_as_far_apart_as_asked():
    said = []
    with opened(reel(frames=100, container="mp4")) as files:
        facts = to_json(probe(files[0]).facts)
        request = {"facts": facts, "step_us": 1_500_000, "longest": 100}
        moments(request, files, lambda kind, facts, data=b"": said.append((kind, facts, len(data))))
    *shown, (last, *_) = said
    assert last == "end"
    assert [facts["at"] for _, facts, _ in shown] == [0, 1_520_000, 3_040_000, 3_960_000]
    assert {(tuple(facts["size"]), length) for _, facts, length in shown} == {((100, 82), 8_200)}


def test_tesseract_finds_a_line_where_it_is():
    if not text_boxes.there():
        missing("tesseract", "Tesseract is not installed")
    page = Image.new("L", (1_000, 500), 230)
    font = ImageFont.load_default(40)
    ImageDraw.Draw(page).text((300, 200), "CELL BLOCK 14", 10, font=font)
    found = text_boxes.boxes(np.asarray(page))
    assert found
    (key, score), *_ = found
    assert score > 0.5
    assert 2_800 < key.left < 3_200
    assert 3_900 < key.top < 4_500
    assert 5_000 < key.left + key.width < 6_500


def test_what_was_found_goes_into_a_plan_that_can_be_kept(room, reading):  # noqa: F811
    me = custodian_here()
    redactions.save(room, me, with_texts(plan_for(FILM), look(room)))
    assert "text-1" in desk(me, item()).undecided
