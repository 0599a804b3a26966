"""Proposals, words of people, and clocks, over rows in a real catalogue."""

import json
import os
from dataclasses import replace

import pytest

from daylight.catalogue.models import Camera, ClockOffset, Entry, Recording
from daylight.catalogue.queries.cameras import cameras
from daylight.domain.burnt_clock import BurntClock, ClockPiece, Ticking
from daylight.domain.clocks import SECOND, parse_naive
from daylight.domain.principal import Principal, Right, Role, rights_of
from daylight.domain.progress import Silent
from daylight.errors import Forbidden, UsageError
from daylight.services import clocks, place, placing
from daylight.services.place import Correction, Named
from tests.recordings import digest, even, recording

NOON = parse_naive("2021-03-04 12:00:00")
HOUR = 3600 * SECOND


@pytest.fixture
def read(monkeypatch):
    """What the reader of clocks and labels is taken to have said."""
    said: dict[int, BurntClock] = {}
    for module in (placing, place):
        monkeypatch.setattr(module, "burnt_clocks", lambda: said)
    return said


def two_cameras(ws) -> None:
    for n in range(1, 7):
        recording(ws, n, f"SITE-9/CAM {n % 2 + 1}/2021-03-04/{n}.mp4")


def by_camera() -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in Recording.objects.exclude(camera=None).select_related("camera").order_by("pk"):
        found.setdefault(row.camera.name or f"#{row.camera.number}", []).append(row.pk)
    return found


def actions() -> list[str]:
    return [json.loads(bytes(one.leaf))["action"] for one in Entry.objects.order_by("index")]


def test_what_is_proposed_stands_and_is_not_done_again(any_ws, principal):
    two_cameras(any_ws)
    report = placing.propose(any_ws, principal)
    assert (report.cameras, report.placed) == (2, 6)
    assert by_camera() == {"#1": [1, 3, 5], "#2": [2, 4, 6]}
    assert placing.propose(any_ws, principal).changed == 0
    assert actions().count("cameras-proposed") == 1
    recording(any_ws, 7, "SITE-9/CAM 2/2021-03-05/7.mp4")
    placing.propose(any_ws, principal)
    assert by_camera() == {"#1": [1, 3, 5, 7], "#2": [2, 4, 6]}
    row = Recording.objects.get(pk=7)
    assert (row.confirmed, row.basis["path"]) == (False, 1.0)
    assert 0 < row.confidence < 1


def test_no_leaked_name_gets_into_a_row(ws, principal):
    two_cameras(ws)
    placing.propose(ws, principal)
    told = repr([*Camera.objects.values(), *Recording.objects.values()])
    details = b"".join(bytes(one.details or b"") for one in Entry.objects.all())
    for part in ("SITE-9", "CAM 1", "CAM 2", "site-9", "cam 1"):
        assert part not in told
        assert part.encode() not in details
    assert {one.path_name.camera for one in cameras(principal)} == {"CAM 1", "CAM 2"}
    analyst = Principal("a" * 32, rights_of(frozenset({Role.ANALYST})), None)
    assert {one.path_name for one in cameras(analyst)} == {None}


def test_a_label_in_the_picture_is_shown(ws, principal, read):
    two_cameras(ws)
    read |= {n: even(NOON, label_key="k1", label="КАМ 01") for n in (1, 3)}
    placing.propose(ws, principal)
    assert {one.label for one in cameras(principal)} == {"КАМ 01", ""}


def test_people_place_and_the_ledger_keeps_it(ws, principal):
    two_cameras(ws)
    placing.propose(ws, principal)
    said = place.place(ws, principal, [digest(2)], Named("yard", "prison 9"), "the wall is its own")
    assert by_camera()["yard"] == [2]
    row = Recording.objects.get(pk=2)
    assert (row.confirmed, row.confidence, row.basis, row.entry) == (
        True,
        1.0,
        {"person": 1.0},
        said.entry,
    )
    details = json.loads(bytes(Entry.objects.get(index=said.entry).details))
    assert details == {
        "camera": said.camera, "name": "yard", "facility": "prison 9", "reason": "the wall is its own",
    }  # fmt: skip
    placing.propose(ws, principal)
    assert by_camera()["yard"] == [2]


def test_a_camera_is_confirmed_whole_and_further_items_follow(ws, principal):
    two_cameras(ws)
    placing.propose(ws, principal)
    said = place.accept(ws, principal, "1", "seen by me", Named("gate"))
    assert {*said.items} == {digest(n) for n in (1, 3, 5)}
    recording(ws, 9, "SITE-9/CAM 2/2021-03-06/9.mp4")
    placing.propose(ws, principal)
    assert by_camera() == {"#2": [2, 4, 6], "gate": [1, 3, 5, 9]}
    assert not Recording.objects.get(pk=9).confirmed
    assert place.accept(ws, principal, "gate", "and this").items == (digest(9),)
    with pytest.raises(UsageError, match="confirmed already"):
        place.accept(ws, principal, "gate", "again")


def test_a_corrected_label_is_remembered_after_its_items_are_elsewhere(ws, principal, read):
    for n in (1, 2):
        recording(ws, n, f"usb/{n}.mp4")
    read |= {1: even(NOON, label_key="k1"), 2: even(NOON, label_key="k2")}
    placing.propose(ws, principal)
    place.place(ws, principal, [digest(1)], Named("gate"), "I know it")
    Recording.objects.filter(pk=1).delete()
    from daylight.catalogue.models import Media

    Media.objects.filter(pk=1).delete()
    recording(ws, 3, "disk/3.mp4")
    read[3] = even(NOON, label_key="k1")
    placing.propose(ws, principal)
    assert by_camera()["gate"] == [3]


def test_names_out_of_folders_need_the_right_to_see_them(ws, principal):
    two_cameras(ws)
    placing.propose(ws, principal)
    analyst = Principal("a" * 32, rights_of(frozenset({Role.ANALYST})), None)
    with pytest.raises(Forbidden):
        place.accept(ws, analyst, "1", "x", by_paths=True)
    assert not Camera.objects.filter(confirmed=True).exists()
    place.accept(ws, principal, "1", "x", by_paths=True)
    row = Camera.objects.get(confirmed=True)
    assert (row.name, row.facility) == ("CAM 2", "SITE-9")


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.EDITOR, Role.COUNSEL])
def test_who_may_not_place_does_not(ws, principal, role):
    two_cameras(ws)
    placing.propose(ws, principal)
    they = Principal("a" * 32, rights_of(frozenset({role})), None)
    for act in (
        lambda: place.place(ws, they, [digest(1)], Named("x"), "x"),
        lambda: place.accept(ws, they, "1", "x"),
        lambda: place.correct(ws, they, "1", Correction(0, 0), "x"),
        lambda: place.read_dates(ws, they, "1", "dmy", "x"),
    ):
        with pytest.raises(Forbidden):
            act()
    if Right.EXAMINE not in they.rights:
        with pytest.raises(Forbidden):
            placing.propose(ws, they)


def test_items_and_cameras_of_foreign_collections_are_not_there(ws, principal):
    recording(ws, 1, "SITE-9/CAM 1/1.mp4")
    recording(ws, 2, "SITE-9/CAM 1/2.mp4", home="Elsewhere")
    recording(ws, 3, "SITE-9/CAM 2/3.mp4", home="Elsewhere")
    placing.propose(ws, principal)
    from daylight.catalogue.models import Collection

    home = Collection.objects.get(name="Everything").public_id
    analyst = Principal("a" * 32, rights_of(frozenset({Role.ARCHIVIST})), frozenset({home}))
    (seen,) = cameras(analyst)
    assert (seen.number, seen.recordings) == (1, 1)
    with pytest.raises(UsageError, match="no camera"):
        place.accept(ws, analyst, "2", "x")
    with pytest.raises(UsageError):
        place.place(ws, analyst, [digest(2)], Named("gate"), "x")
    place.accept(ws, analyst, "1", "x", Named("gate"))
    assert [*Recording.objects.filter(confirmed=True).values_list("pk", flat=True)] == [1]


def test_names_are_checked(ws, principal):
    two_cameras(ws)
    placing.propose(ws, principal)
    for name in ("", " x", "a\nb", "\u202ex", "x" * 121):
        with pytest.raises(UsageError):
            place.place(ws, principal, [digest(1)], Named(name), "x")
    with pytest.raises(UsageError):
        place.place(ws, principal, [digest(1)], Named("x"), " ")
    place.place(ws, principal, [digest(1)], Named("gate", "north"), "x")
    place.place(ws, principal, [digest(2)], Named("gate", "south"), "x")
    with pytest.raises(UsageError, match="--facility"):
        place.place(ws, principal, [digest(3)], Named("gate"), "x")
    with pytest.raises(UsageError, match="another camera"):
        place.accept(ws, principal, "1", "x", Named("gate", "south"))


def test_real_time_comes_from_a_person_and_from_nothing_else(ws, principal, read):
    recording(ws, 1, "s/yard/1.mp4", created="2021-03-04T09:00:55.000000Z")
    recording(ws, 2, "s/yard/2.mp4")
    read[1] = even(NOON)
    placing.propose(ws, principal)
    row = Recording.objects.get(pk=1)
    assert (row.burnt_us, row.container_us) == (NOON, NOON - 3 * HOUR + 55 * SECOND)
    assert (row.real_us, row.uncertainty_us, row.real_basis) == (None, None, "")
    entry = place.correct(
        ws, principal, "1", Correction(55 * SECOND, 2 * SECOND, "Europe/Moscow"), "radio signal"
    )
    row.refresh_from_db()
    assert row.real_us == row.container_us
    said = (2 * SECOND + 500_000, "Europe/Moscow", "person")  # and what the clock is read to
    assert (row.uncertainty_us, row.zone, row.real_basis) == said
    assert Recording.objects.get(pk=2).real_us is None
    details = json.loads(bytes(Entry.objects.get(index=entry).details))
    assert (details["offset_us"], details["reason"]) == (55 * SECOND, "radio signal")
    assert ClockOffset.objects.get().agent == principal.agent


def test_a_word_holds_for_its_span_alone(ws, principal, read):
    for n in range(3):
        recording(ws, n + 1, f"s/yard/{n}.mp4")
        read[n + 1] = even(NOON + n * HOUR)
    placing.propose(ws, principal)
    word = Correction(SECOND, SECOND, since=NOON + HOUR // 2, until=NOON + HOUR)
    place.correct(ws, principal, "1", word, "x")
    real = Recording.objects.order_by("pk").values_list("real_us", flat=True)
    assert [*real] == [None, NOON + HOUR + SECOND, None]


def test_a_drift_moves_each_recording_by_its_own(ws, principal, read):
    for n in range(3):
        recording(ws, n + 1, f"s/yard/{n}.mp4")
        read[n + 1] = even(NOON + n * 24 * HOUR)
    placing.propose(ws, principal)
    word = Correction(SECOND, SECOND, at=NOON, drift_ppb=11_574, drift_doubt_ppb=1_157)
    entry = place.correct(ws, principal, "1", word, "two calls")
    rows = Recording.objects.order_by("pk").values_list("real_us", "uncertainty_us")
    real = [at - NOON - n * 24 * HOUR for n, (at, _) in enumerate(rows)]
    assert [round(one / SECOND, 3) for one in real] == [1.0, 2.0, 3.0]
    assert [round(doubt / SECOND - 0.5, 2) for _, doubt in rows] == [1.0, 1.1, 1.2]
    details = json.loads(bytes(Entry.objects.get(index=entry).details))
    assert (details["at"], details["drift_ppb"]) == (str(NOON), 11_574)


WRONG = [
    Correction(0, 0, drift_ppb=1),
    Correction(0, 0, drift_doubt_ppb=1),
    Correction(0, 0, at=0, drift_ppb=1_000_000_000),
    Correction(0, 0, at=0, drift_doubt_ppb=-1),
    Correction(0, -1),
    Correction(1 << 62, 0),
    Correction(0, 0, "Mars/Olympus"),
    Correction(0, 0, since=5, until=4),
]


@pytest.mark.parametrize("word", WRONG)
def test_corrections_that_make_no_sense_are_refused(ws, principal, word):
    two_cameras(ws)
    placing.propose(ws, principal)
    with pytest.raises(UsageError):
        place.correct(ws, principal, "1", word, "x")
    assert not ClockOffset.objects.exists()


SILENT = [
    {"ticking": Ticking.FROZEN},
    {"ticking": Ticking.UNREAD},
    {"ticking": Ticking.NONE},
    {"layout": "%H:%M:%S"},
    {"layout": "%d.%m.%Y %H:%M:%S", "others": ("%m.%d.%Y %H:%M:%S",)},
    {"pieces": (ClockPiece(0, 60, NOON, 500_000, 1, 0.4),)},
    {"pieces": ()},
]


@pytest.mark.parametrize("change", SILENT)
def test_a_clock_that_is_not_sure_tells_no_time(change):
    """A wrong time is worse than none."""
    assert clocks.reckoned(None, even(NOON), ())["burnt_us"] == NOON
    assert clocks.reckoned(None, replace(even(NOON), **change), ())["burnt_us"] is None


def test_the_time_of_a_file_tells_march_from_april_for_all_of_its_camera(ws, principal, read):
    """The picture says 03/04; the disk says that the file was closed on the third of April."""
    layouts = {"layout": "%m/%d/%Y %H:%M:%S", "others": ("%d/%m/%Y %H:%M:%S",)}
    closed = parse_naive("2021-04-03 12:01:00")
    for n, mtime in ((1, closed), (2, None)):
        recording(ws, n, f"s/yard/{n}.mp4", mtime=mtime)
        read[n] = replace(even(NOON), **layouts)
    placing.propose(ws, principal)
    rows = Recording.objects.order_by("pk")
    assert [(row.burnt_us, row.order_basis) for row in rows] == [
        (closed - 60 * SECOND, "file-time")
    ] * 2
    assert placing.propose(ws, principal).changed == 0


def test_a_person_tells_march_from_april_before_everything_else(ws, principal, read):
    layouts = {"layout": "%m/%d/%Y %H:%M:%S", "others": ("%d/%m/%Y %H:%M:%S",)}
    march, april = parse_naive("2021-03-04 12:00:00"), parse_naive("2021-04-03 12:00:00")
    recording(ws, 1, "s/yard/1.mp4", mtime=april + 60 * SECOND)  # the disk says April
    read[1] = replace(even(march), **layouts)
    placing.propose(ws, principal)
    row = Recording.objects.get()
    assert (row.burnt_us, row.order_basis) == (april, "file-time")
    entry = place.read_dates(ws, principal, "1", "mdy", "the recorder's manual")
    row.refresh_from_db()
    assert (row.burnt_us, row.order_basis) == (march, "person")
    details = json.loads(bytes(Entry.objects.get(index=entry).details))
    assert (details["order"], details["reason"]) == ("mdy", "the recorder's manual")
    place.read_dates(ws, principal, "1", "dmy", "no, it was set otherwise")
    row.refresh_from_db()
    assert (row.burnt_us, row.order_basis) == (april, "person")
    place.read_dates(ws, principal, "1", "ymd", "which its clock cannot be read in")
    row.refresh_from_db()
    assert (row.burnt_us, row.order_basis) == (None, "")
    for order in ("", "myd", "DMY"):
        with pytest.raises(UsageError):
            place.read_dates(ws, principal, "1", order, "x")


def test_a_camera_of_whose_dates_somebody_spoke_stays_when_its_items_are_elsewhere(ws, principal):
    recording(ws, 1, "s/yard/1.mp4")
    recording(ws, 2, "s/gate/2.mp4")
    placing.propose(ws, principal)
    first, other = (Recording.objects.get(pk=n).camera for n in (1, 2))
    place.read_dates(ws, principal, str(first.number), "dmy", "the recorder's manual")
    place.place(ws, principal, [digest(1), digest(2)], Named("yard"), "seen")
    assert Camera.objects.get(pk=first.pk).dates == "dmy"
    assert not Camera.objects.filter(pk=other.pk).exists()


def test_how_container_and_file_times_stand_is_observed_and_not_believed(ws, principal, read):
    for n in range(12):
        at = NOON + n * 12 * HOUR
        created = f"2021-03-{4 + (12 + n * 12) // 24:02}T{(12 + n * 12) % 24:02}:00:30Z"
        recording(ws, n + 1, f"s/yard/{n}.mp4", created=created, mtime=at + 60 * SECOND)
        read[n + 1] = even(at)
    placing.propose(ws, principal)
    told = {one.source: one for one in ClockOffset.objects.all()}
    assert {*told} == {"container", "file-time"}
    assert (told["container"].offset_us, told["file-time"].offset_us) == (30 * SECOND, 0)
    assert told["container"].samples == 12
    assert not Recording.objects.exclude(real_us=None).exists()
    analyst = Principal("a" * 32, rights_of(frozenset({Role.ANALYST})), None)
    assert [one.source for one, _ in cameras(analyst)[0].observed] == ["container"]
    assert len(cameras(principal)[0].observed) == 2


TIMES = [
    ("2021-03-04T12:00:00.000000Z", NOON),
    ("2021-03-04T12:00:00+03:00", NOON - 3 * HOUR),
    ("2021-03-04 12:00:00", NOON),
    ("1904-01-01T00:00:00Z", None),
    ("1970-01-01T00:00:00Z", None),
    ("yesterday", None),
    ("", None),
    ("9" * 5000, None),
]


@pytest.mark.parametrize(("text", "us"), TIMES)
def test_container_times(text, us):
    assert clocks.container_time([("encoder", "x"), ("Creation_Time", text)]) == us


def test_a_purge_leaves_nothing_of_a_camera_that_was_its_alone(ws, principal, read):
    from daylight.services import closing

    for n in (1, 2):
        recording(ws, n, f"s/c{n}/x.mp4")
        read[n] = even(NOON, label_key=f"secret-label-{n}", label=f"SECRET {n}")
    placing.propose(ws, principal)
    place.accept(ws, principal, "2", "x", Named("gate"))
    from daylight.catalogue.models import LeakedPath, Occurrence

    LeakedPath.objects.all().delete()
    closing.close({n: bytes(digest(n)) for n in (1, 2)})
    Occurrence.objects.all().delete()
    closing.delete([1, 2], ws.clock())
    assert not Recording.objects.exists()
    told = repr([*Camera.objects.values()])
    assert "SECRET" not in told
    assert "secret-label" not in told
    assert [one.name for one in Camera.objects.all()] == ["gate"]


def test_activity_is_copied_from_its_object(ws, principal):
    from daylight.catalogue.models import Finding, Rendition
    from tests.domain.test_series import series

    item = recording(ws, 1, "s/yard/1.mp4")
    blob = series([(0, SECOND, 2), (SECOND, 3 * SECOND, 120)])
    found = Finding.objects.create(item=item, detector="activity", version=1, facts={})
    Rendition.objects.create(
        item=item, finding=found, name="activity", media_type="application/octet-stream",
        sha256=ws.store.put(blob), size=len(blob), facts={},
    )  # fmt: skip
    placing.propose(ws, principal)
    assert Recording.objects.get().activity == [[SECOND, 2 * SECOND, 9]]
    assert placing.propose(ws, principal).changed == 0


def test_a_run_that_is_cut_short_is_made_good(ws, principal, monkeypatch):
    two_cameras(ws)

    def killed(*words: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(placing, "_keep_recordings", killed)
    with pytest.raises(KeyboardInterrupt):
        placing.propose(ws, principal)
    monkeypatch.undo()
    placing.propose(ws, principal)
    assert sorted(by_camera().values()) == [[1, 3, 5], [2, 4, 6]]
    assert Camera.objects.count() == 2
    assert os.listdir(ws.layout.heads)


class Counted(Silent):
    def __init__(self):
        self.wanted = self.done = 0

    def total(self, *, amount, steps):
        self.wanted = steps

    def advance(self, *, amount=0, steps=0):
        self.done += steps


def test_it_says_how_far_it_is(ws, principal):
    two_cameras(ws)
    shown = Counted()
    placing.propose(ws, principal, shown)
    assert shown.done == shown.wanted > 0
