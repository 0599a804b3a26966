"""Redacted copies as a service: plans are kept, nothing half-made is left, two people release."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from daylight.catalogue.models import Entry, RedactionPlan, RedactionVersion
from daylight.catalogue.queries.items import Filter, items
from daylight.catalogue.queries.redactions import plan_of
from daylight.catalogue.queries.vault import custodian_here
from daylight.catalogue.redaction_accounts import redaction_accounts
from daylight.detectors.programs import PROGRAMS
from daylight.domain.digest import digest_of
from daylight.domain.marks import Key, Kind, Said, Span
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Silent
from daylight.domain.redaction import (
    Choice,
    Demand,
    Label,
    Plan,
    Region,
    Sounding,
    SoundSpan,
    State,
    Word,
)
from daylight.domain.redaction_json import digest, encode
from daylight.domain.tracks import Basis, Sort, Track
from daylight.errors import (
    ApprovalRefused,
    DestinationExists,
    Forbidden,
    MarkChanged,
    MediaRefused,
    ModelMissing,
    PlanRefused,
    PlanUndecided,
    RedactionFailed,
    StoreCorrupt,
    UsageError,
)
from daylight.media.inline import InlineExecutor
from daylight.media.mask import PROGRAM
from daylight.services import finding, ledger, marks, redactions
from daylight.services.approvals import countersign
from daylight.services.examine import examine
from daylight.services.intake import ImportRequest, import_material
from daylight.services.personal_keys import signer
from daylight.services.redact import draft, redact
from daylight.services.redact_release import ask_to_release, release
from tests.media.redacting import pictures_of, plan_for, reel, saturation
from tests.services.looking_again import looked_again  # noqa: F401  # a fixture
from tests.services.signing import PHRASES, purged, two_people

FILM = reel(sound=True, container="mp4")
EDITOR = Word("editor", "looked at all of it")


class Inline(InlineExecutor):
    def __init__(self, programs=PROGRAMS):
        super().__init__(programs, i_am_a_test=True)


def photo() -> bytes:
    """With EXIF, its thumbnail showing what is to be covered, and bytes behind the end."""
    file = io.BytesIO()
    pixels = np.full((120, 160, 3), 90, np.uint8)
    pixels[30:60, 40:80] = (255, 40, 40)
    exif = Image.Exif()
    exif[0x010E] = "CANARY"
    Image.fromarray(pixels).save(file, "JPEG", exif=exif, comment=b"CANARY", quality=97)
    return file.getvalue() + b"CANARY behind the end"


PHOTO = photo()


@pytest.fixture
def room(ws, tmp_path):
    return filled(ws, tmp_path)


@pytest.fixture
def any_room(any_ws, tmp_path):
    return filled(any_ws, tmp_path)


def filled(ws, tmp_path):
    """A vault with a film and a photo, examined."""
    ws = replace(ws, start_executor=lambda slots: Inline())
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/film.mp4").write_bytes(FILM)
    (tmp_path / "disk/photo.jpg").write_bytes(PHOTO)
    import_material(ws, custodian_here(), ImportRequest(roots=(tmp_path / "disk",)), Silent())
    examine(ws, custodian_here(), "", Silent())
    (tmp_path / "out").mkdir()
    return ws


def item(data=FILM):
    (found,) = (one for one in items(custodian_here(), Filter()) if one.digest == digest_of(data))
    return found


def make(ws, tmp_path, plan, name="out/copy.mp4", data=FILM, **words):
    return redact(ws, custodian_here(), item(data), plan, tmp_path / name, Silent(), **words)


def entries(action):
    rows = Entry.objects.order_by("index")
    found = [(json.loads(bytes(one.leaf)), json.loads(bytes(one.details))) for one in rows]
    return [details for leaf, details in found if leaf["action"] == action]


def left(tmp_path):
    return sorted(path.name for path in (tmp_path / "out").iterdir())


def test_a_copy_comes_out_with_report_and_strip_and_the_ledger_knows(room, tmp_path):
    plan = plan_for(FILM)
    report = make(room, tmp_path, plan)
    made = (tmp_path / "out/copy.mp4").read_bytes()
    assert max(saturation(one) for _, one in pictures_of(made)) <= 20
    assert left(tmp_path) == ["copy.mp4", "copy.mp4.report.json", "copy.mp4.strip-1.jpg"]
    assert (report.frames, report.tracks, report.gaps_closed) == (30, 2, 0)
    assert report.undecided == ("face-1", "face-2", "pictures")
    ((told),) = entries("redaction-rendered")
    body = (tmp_path / "out/copy.mp4.report.json").read_bytes()
    assert told["made"] == digest_of(made).hex() == report.sha256
    assert told["report"] == digest_of(body).hex()
    said = json.loads(body)
    assert said["schema"] == "redaction-report/1"
    assert said["sound"] == "left out"
    assert said["masks_checked"] > 50
    (planned,) = entries("redaction-planned")
    assert planned["sha256"] == digest(plan) == said["plan"]["sha256"]
    assert list(redaction_accounts()) == []
    assert ledger.recheck(room, custodian_here(), {}, Silent()).faults == ()


def test_the_same_plan_is_kept_once_and_a_change_is_a_version(any_room, tmp_path):
    plan = plan_for(FILM)
    first = redactions.save(any_room, custodian_here(), plan)
    assert redactions.save(any_room, custodian_here(), plan) == first
    second = redactions.save(any_room, custodian_here(), replace(plan, everyone=EDITOR), base=1)
    assert (second.plan, second.version) == (first.plan, 2)
    with pytest.raises(MarkChanged):
        redactions.save(any_room, custodian_here(), plan, base=1)
    found = plan_of(custodian_here(), digest_of(FILM))
    assert found.plan.everyone == EDITOR
    assert [one.number for one in found.versions] == [1, 2]
    assert plan_of(custodian_here(), digest_of(FILM), 1).plan == plan


def test_what_the_source_requires_stays_through_every_version(room):
    demand = Demand(Span(0, 400_000), Word("source", "where he stood"))
    redactions.save(room, custodian_here(), plan_for(FILM, demands=(demand,)))
    with pytest.raises(PlanRefused, match="source"):
        redactions.save(room, custodian_here(), plan_for(FILM))
    kept = draft(room, custodian_here(), item(), found_nobody, Silent())
    assert kept.demands == (demand,)


def found_nobody(ws, digest, progress):
    return ()


def found_one(ws, digest, progress):
    keys = (Key(0, 500, 500, 2000, 2000), Key(10**6, 500, 500, 2000, 2000))
    return (Track("face-1", Sort.FACE, keys, (Basis.SEEN, Basis.CLOSED), 0.7),)


def test_a_draft_covers_what_was_found_and_keeps_what_people_decided(room, tmp_path):
    plan = draft(room, custodian_here(), item(), found_one, Silent())
    assert [one.state for one in plan.regions] == [State.COVERED]
    report = make(room, tmp_path, plan)
    assert (report.undecided, report.gaps_closed) == (("face-1", "pictures"), 1)
    shown = replace(plan.regions[0], state=State.VISIBLE, word=EDITOR)
    redactions.save(room, custodian_here(), replace(plan, regions=(shown,)))
    again = draft(room, custodian_here(), item(), found_one, Silent())
    assert again.regions == (shown,)


def found_another(ws, digest, progress):
    """The faces of one picture of the film, numbered anew: the first is another one."""
    keys = (Key(0, 4000, 4000, 2000, 2000),)
    another = Track("face-1", Sort.FACE, keys, (Basis.SEEN,), 0.7)
    (known,) = found_one(ws, digest, progress)
    return (another, replace(known, name="face-2"))


def test_another_face_of_the_same_name_is_covered_too(room):
    plan = draft(room, custodian_here(), item(), found_one, Silent())
    shown = replace(plan.regions[0], state=State.VISIBLE, word=EDITOR)
    redactions.save(room, custodian_here(), replace(plan, regions=(shown,)))
    again = draft(room, custodian_here(), item(), found_another, Silent())
    assert again.regions[0] == shown
    assert [(one.name, one.state) for one in again.regions[1:]] == [("face-2", State.COVERED)]
    assert again.regions[1].keys[0].left == 4000


def test_that_everyone_is_covered_holds_only_of_what_it_was_said_of(room):
    plan = draft(room, custodian_here(), item(), found_one, Silent())
    redactions.save(room, custodian_here(), replace(plan, everyone=EDITOR))
    assert draft(room, custodian_here(), item(), found_one, Silent()).everyone == EDITOR
    for finder in (found_another, found_nobody):
        again = draft(room, custodian_here(), item(), finder, Silent())
        assert "pictures" in again.undecided(10**6)


@pytest.mark.parametrize(
    ("severity", "notes", "bodies"),
    [(2, (), False), (4, (), True), (1, ("sexual-violence",), True)],
)
def test_bodies_are_covered_where_it_is_grave(room, severity, notes, bodies):
    said = Said(severity=severity, tags=notes)
    marks.make(room, custodian_here(), item().public_id, Kind.SEVERITY, said)
    assert draft(room, custodian_here(), item(), found_one, Silent()).bodies is bodies


def test_without_a_model_nothing_is_drafted(room, tmp_path, monkeypatch):
    monkeypatch.setenv("DAYLIGHT_MODELS", str(tmp_path / "none"))
    with pytest.raises(ModelMissing):
        draft(room, custodian_here(), item(), finding.tracks_of, Silent())


def test_a_photo_goes_out_as_pixels_alone(room, tmp_path):
    hand = Region("hand-1", Sort.HAND, (Key(0, 2_500, 2_500, 2_500, 2_500),))
    plan = Plan(digest_of(PHOTO), regions=(hand,))
    for name in ("out/copy.jpg", "out/copy.png"):
        make(room, tmp_path, plan, name, PHOTO)
        made = (tmp_path / name).read_bytes()
        assert b"CANARY" not in made
        assert b"Exif" not in made
        shown = np.asarray(Image.open(io.BytesIO(made)).convert("RGB"))
        assert shown.shape == (120, 160, 3)
        assert saturation(shown) <= 20
        assert shown[:20].min() > 60


@pytest.mark.parametrize("other", [b"other", PHOTO])
def test_a_plan_of_another_item_is_refused(room, tmp_path, other):
    with pytest.raises(PlanRefused):
        make(room, tmp_path, plan_for(other))
    assert left(tmp_path) == []


def test_nothing_is_written_over_or_into_the_vault(room, tmp_path):
    plan = plan_for(FILM)
    (tmp_path / "out/copy.mp4").write_bytes(b"mine")
    with pytest.raises(DestinationExists):
        make(room, tmp_path, plan)
    (tmp_path / "out/copy.mp4").unlink()
    (tmp_path / "out/copy.mp4.report.json").write_bytes(b"mine")
    with pytest.raises(DestinationExists):
        make(room, tmp_path, plan)
    assert left(tmp_path) == ["copy.mp4.report.json"]
    with pytest.raises(UsageError):
        redact(room, custodian_here(), item(), plan, room.layout.root / "copy.mp4", Silent())
    with pytest.raises(UsageError, match="ends in"):
        make(room, tmp_path, plan, "out/copy.avi")


def test_who_may_not_watch_or_export_gets_nothing(room, tmp_path):
    for right in (Right.WATCH, Right.EXPORT, Right.REDACT):
        here = custodian_here()
        who = Principal(here.agent, here.rights - {right}, here.collections)
        with pytest.raises(Forbidden):
            redact(room, who, item(), plan_for(FILM), tmp_path / "out/copy.mp4", Silent())
    assert left(tmp_path) == []


def test_changed_bytes_are_not_rendered(room, tmp_path):
    path = next(room.layout.root.rglob(digest_of(FILM).hex()))
    path.chmod(0o600)
    path.write_bytes(reel(container="mp4", frames=31))
    with pytest.raises(StoreCorrupt):
        make(room, tmp_path, plan_for(FILM))
    assert left(tmp_path) == []


def lying(request, files, emit):
    """A renderer that paints nothing: it forgets the regions of its plan."""
    from tests.media.redacting import opened

    plan = replace(plan_for(FILM), regions=())
    with opened(encode(plan)) as (said,):
        PROGRAMS[PROGRAM](request, [files[0], said], emit)


def stopping(request, files, emit):
    def some(kind, facts, payload=b""):
        if kind == "end":
            raise MediaRefused("it stops here")
        emit(kind, facts, payload)

    PROGRAMS[PROGRAM](request, files, some)


def dying(request, files, emit):
    PROGRAMS[PROGRAM](request, files, lambda kind, facts, payload=b"": None)


@pytest.mark.parametrize("program", [lying, stopping, dying])
def test_a_renderer_that_lies_or_stops_leaves_nothing(room, tmp_path, program):
    ws = replace(room, start_executor=lambda slots: Inline({**PROGRAMS, PROGRAM: program}))
    with pytest.raises((RedactionFailed, MediaRefused)):
        make(ws, tmp_path, plan_for(FILM))
    assert left(tmp_path) == []
    assert entries("redaction-rendered") == []


DECIDED = replace(plan_for(FILM), everyone=EDITOR)


def ask(ws, who="ada", data=FILM):
    return ask_to_release(
        ws, custodian_here(), item(data), "for the press", signer(who), PHRASES[who]
    )


def second(ws, request, who="boris"):
    return countersign(ws, custodian_here(), request, signer(who), PHRASES[who])


def test_two_people_release_what_both_have_signed(room, tmp_path, looked_again):  # noqa: F811
    room = looked_again(room)
    two_people(room)
    redactions.save(room, custodian_here(), DECIDED)
    request = ask(room)
    approved = second(room, request)
    out = tmp_path / "out/copy.mp4"
    report = release(room, custodian_here(), item(), approved, out, Silent())
    assert report.undecided == ()
    ((told),) = entries("redaction-released")
    assert told["about"] == digest(DECIDED)
    assert told["made"] == digest_of(out.read_bytes()).hex()
    assert ledger.recheck(room, custodian_here(), {}, Silent()).faults == ()
    with pytest.raises(ApprovalRefused):
        release(room, custodian_here(), item(), approved, tmp_path / "out/again.mp4", Silent())
    assert "again.mp4" not in left(tmp_path)


OPEN = [
    Plan(digest_of(FILM)),  # nothing was found, and nobody has looked
    plan_for(FILM, regions=()),
    replace(DECIDED, everyone=Word()),
    replace(DECIDED, labels=(Label("clock", Key(0, 0, 0, 500, 500), Choice.COVER),)),
    replace(DECIDED, sound=(SoundSpan(Span(0, 10), Sounding.KEEP, EDITOR),)),
]


@pytest.mark.parametrize("plan", OPEN)
def test_nothing_is_released_while_anything_is_undecided(room, plan):
    two_people(room)
    redactions.save(room, custodian_here(), plan)
    with pytest.raises(PlanUndecided):
        ask(room)


def test_no_release_without_a_plan_by_one_person_or_of_another_plan(room, tmp_path):
    two_people(room)
    with pytest.raises(PlanRefused):
        ask(room)
    redactions.save(room, custodian_here(), DECIDED)
    request = ask(room)
    with pytest.raises(ApprovalRefused):
        second(room, request, "ada")
    approved = second(room, request)
    redactions.save(room, custodian_here(), replace(DECIDED, fill=(9, 9, 9)))
    out = tmp_path / "out/copy.mp4"
    with pytest.raises(ApprovalRefused, match="changed"):
        release(room, custodian_here(), item(), approved, out, Silent())
    with pytest.raises(ApprovalRefused, match="item"):
        release(room, custodian_here(), item(PHOTO), approved, out, Silent())
    assert left(tmp_path) == []


def test_verify_tells_of_a_plan_that_was_changed_or_taken_away(any_room):
    saved = redactions.save(any_room, custodian_here(), DECIDED)
    row = RedactionVersion.objects.get()
    body = row.body
    RedactionVersion.objects.update(body=body.replace("covered", "visible"))
    assert [one.name for one in redaction_accounts()] == ["plan-contradicted"]
    RedactionVersion.objects.update(body=body, entry=saved.entry - 1)
    assert [one.name for one in redaction_accounts()] == ["row-unrecorded"]
    RedactionVersion.objects.all().delete()
    assert [one.name for one in redaction_accounts()] == ["row-missing"]


def test_a_purge_takes_the_plan_along(any_room):
    two_people(any_room)
    redactions.save(any_room, custodian_here(), DECIDED)
    report = purged(any_room, digest_of(FILM))
    assert not report.traces
    assert not RedactionPlan.objects.exists()
    assert list(redaction_accounts()) == []
