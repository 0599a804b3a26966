"""Working on a plan as a service: begun without a model, changed on a base, previewed as it will go out."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import av
import numpy as np
import pytest
from PIL import Image

from daylight.catalogue.queries.vault import custodian_here
from daylight.domain import redaction_edit as edit
from daylight.domain.marks import Key, Span
from daylight.domain.principal import Right
from daylight.domain.redaction import (
    Choice,
    Label,
    Plan,
    Region,
    Shape,
    Sounding,
    SoundSpan,
    State,
    Word,
)
from daylight.domain.tracks import Basis, Sort, Track
from daylight.errors import Forbidden, MarkChanged, PlanRefused, RedactionFailed
from daylight.services import faces, preview, redactions, studio
from daylight.services.watch import Player
from tests.media.redacting import pictures_of, plan_for, saturation
from tests.services.test_redact import FILM, PHOTO, filled, item

WORD = Word("editor", "seen")
BOX = Key(0, 1_000, 1_000, 2_000, 2_000)


@pytest.fixture
def room(ws, tmp_path):
    return filled(ws, tmp_path)


def look(room, at_us=0, data=FILM, within=None, **more):
    given = (room, Player(room), custodian_here(), item(data), at_us, within)
    return preview.preview(*given, **{"heard": False, **more})


def files(room):
    return sorted(path for path in room.layout.root.rglob("*") if path.is_file())


def test_a_preview_is_what_goes_out_and_is_kept_nowhere(room):
    redactions.save(room, custodian_here(), plan_for(FILM))
    before = files(room)
    made = look(room)
    assert files(room) == before
    shown = pictures_of(made.data)
    assert len(shown) == made.pictures == 30
    assert max(saturation(one) for _, one in shown) <= 20
    assert (made.media_type, made.version) == ("video/mp4", 1)
    assert made.span.start_us == 0


def test_what_is_left_visible_is_seen_in_it(room):
    plan = edit.decide(plan_for(FILM), "face-1", State.VISIBLE, WORD)
    redactions.save(room, custodian_here(), plan)
    assert max(saturation(one) for _, one in pictures_of(look(room).data)) > 100


def test_it_is_of_a_few_seconds_and_of_what_may_be_seen(room):
    plan = replace(plan_for(FILM), span=Span(200_000, 1_000_000))
    redactions.save(room, custodian_here(), plan)
    assert look(room).pictures == 20
    made = look(room, within=(500_000, 700_000))
    assert (made.pictures, made.span) == (5, Span(520_000, 700_000))
    for at_us, within in ((0, (2_000_000, 3_000_000)), (40_000_000, None)):
        with pytest.raises(PlanRefused):
            look(room, at_us, within=within)


def test_whoever_looks_is_in_the_pixels_in_one_corner_or_the_other(room):
    redactions.save(room, custodian_here(), plan_for(FILM, ways=()))
    (_, early), *_ = pictures_of(look(room, 0).data)
    (_, late), *_ = pictures_of(look(room, 1_000_000).data)
    corner = (slice(0, 20), slice(120, 176)), (slice(124, 144), slice(0, 56))
    assert np.median(early[corner[0]]) < 40 < np.median(early[corner[1]])
    assert np.median(late[corner[1]]) < 40 < np.median(late[corner[0]])
    assert early[:34, 104:].max() > 180  # letters


def test_sound_comes_only_where_it_was_decided_and_asked_for(room):
    kept = SoundSpan(Span(0, 10_000_000), Sounding.KEEP, WORD)
    redactions.save(room, custodian_here(), replace(plan_for(FILM), sound=(kept,)))
    for heard in (False, True):
        with av.open(io.BytesIO(look(room, heard=heard).data)) as film:
            assert bool(film.streams.audio) is heard


def test_what_does_not_pass_its_check_is_not_shown(room, monkeypatch):
    redactions.save(room, custodian_here(), plan_for(FILM))
    real = preview.mask_task.check

    def fails(*given):
        return replace(real(*given), faults=("a mask is not paint",))

    monkeypatch.setattr(preview.mask_task, "check", fails)
    with pytest.raises(RedactionFailed):
        look(room)


def test_a_photo_is_previewed_from_its_pixels(room):
    digest = item(PHOTO).digest
    plan, _ = edit.draw(
        Plan(digest), (2_000, 2_000, 4_000, 4_000), 0, shape=Shape.BOX, corners=(), word=WORD
    )
    redactions.save(room, custodian_here(), plan)
    made = look(room, data=PHOTO)
    assert (made.media_type, made.pictures) == ("image/jpeg", 1)
    assert b"CANARY" not in made.data
    shown = np.asarray(Image.open(io.BytesIO(made.data)))
    assert saturation(shown[30:60, 40:80]) <= 20


@pytest.mark.parametrize("second", [0, 1])
def test_a_photo_bears_whoever_looks_in_one_corner_or_the_other(room, second):
    """Which one, the clock says: it has no moments."""
    now = datetime(2021, 3, 4, 12, 0, second, tzinfo=UTC)
    redactions.save(room, custodian_here(), Plan(item(PHOTO).digest))
    shown = np.asarray(
        Image.open(io.BytesIO(look(replace(room, clock=lambda: now), data=PHOTO).data))
    )
    corners = shown[:20, 110:], shown[100:, :50]
    assert np.median(corners[second]) < 30 < np.median(corners[1 - second])
    assert corners[second].max() > 180  # letters
    assert int(corners[1 - second].max()) - int(corners[1 - second].min()) < 20


def test_a_label_in_a_photo_is_replaced_by_its_text(room):
    """Black on white paint; the check leaves the letters out, and nothing else."""
    label = Label("sign", Key(0, 0, 0, 10_000, 5_000), Choice.REPLACE, "NO NAME", WORD)
    redactions.save(
        room, custodian_here(), Plan(item(PHOTO).digest, labels=(label,), fill=(255,) * 3)
    )
    shown = np.asarray(Image.open(io.BytesIO(look(room, data=PHOTO).data)))[:56, :100]
    assert np.median(shown) > 240
    assert shown.min() < 60
    assert saturation(shown) <= 20


def test_without_a_plan_there_is_nothing_to_preview(room):
    with pytest.raises(PlanRefused):
        look(room)


def test_a_plan_begins_with_what_was_found_and_no_model_is_run(room, monkeypatch):
    ws, me = room, custodian_here()
    with pytest.raises(PlanRefused):  # nobody has looked
        studio.begin(ws, me, item(), by_hand=False)
    assert not studio.was_looked_at(ws, item())
    found = (Track("face-1", Sort.FACE, (BOX,), (Basis.SEEN,), 0.7),)
    monkeypatch.setattr(faces, "kept_of", lambda *_: found)
    assert studio.was_looked_at(ws, item())
    assert studio.begin(ws, me, item(), by_hand=False).version == 1
    (one,) = studio.desk(me, item()).found.plan.regions
    assert (one.name, one.keys) == ("face-1", (BOX,))
    with pytest.raises(MarkChanged):
        studio.begin(ws, me, item(), by_hand=True)


def test_a_change_on_an_older_version_is_refused(room):
    ws, me = room, custodian_here()
    plan = Plan(item().digest, regions=(Region("face-1", Sort.FACE, (BOX,)),))
    redactions.save(ws, me, plan)

    def visible(one):
        return edit.decide(one, "face-1", State.VISIBLE, WORD)

    assert studio.change(ws, me, item(), 1, visible).version == 2
    for base in (0, 1, 3):
        with pytest.raises(MarkChanged):
            studio.change(ws, me, item(), base, visible)


@pytest.mark.parametrize("right", studio.RIGHTS)
def test_each_of_the_rights_is_needed(room, right):
    some = replace(custodian_here(), rights=frozenset(Right) - {right})
    with pytest.raises(Forbidden):
        studio.desk(some, item())
