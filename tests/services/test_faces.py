"""Looking for faces: only when asked, once, kept whole; and what a worker's death costs."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from daylight.catalogue.models import Entry, Finding, Rendition
from daylight.catalogue.queries.items import Filter, items
from daylight.catalogue.queries.vault import custodian_here
from daylight.detectors.centerface import GRAPH, SIGNATURE
from daylight.domain.digest import digest_of
from daylight.domain.media import Kind, MediaFacts, State, StreamFacts
from daylight.domain.models import FACES
from daylight.domain.progress import Silent
from daylight.domain.tracks import Basis, Sort
from daylight.errors import InferenceFailed, MediaRefused, ModelMissing, VaultBusy
from daylight.media.executor import End, Outcome
from daylight.media.inference.inline import InlineInference
from daylight.services import faces
from daylight.services.examine import examine
from daylight.services.face_finder import looked_at
from daylight.services.faces import BLOB, NAME, VERSION, look, tracks_of
from daylight.storage import models
from daylight.storage.layout import lock
from tests.canonical import check
from tests.media.films import film
from tests.services.test_examine import take
from tests.services.test_speech import Hearing


def middle(free, inputs):
    """A face in the middle of whatever it is shown, a quarter as large."""
    count, height, width, _ = inputs[0].shape
    rows, columns = height // 4, width // 4
    heat = np.zeros((count, 1, rows, columns), np.float32)
    heat[:, 0, rows // 2, columns // 2] = 0.8
    scale = np.full((count, 2, rows, columns), np.log(rows / 4), np.float32)
    return [heat, scale, np.zeros_like(scale)]


@pytest.fixture
def installed(monkeypatch):
    monkeypatch.setattr(models, "read", lambda model: b"pinned")
    monkeypatch.setattr(faces, "graph", lambda model: model + b", edited")


@pytest.fixture
def filmed(ws, tmp_path):
    """A film, a picture and a text; examined."""
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / "film.mp4").write_bytes(film("mp4", "libx264", frames=25, rate=25))
    (disk / "note.txt").write_text("a note")
    take(ws, disk)
    asked = []

    def start(model, digest, signature):
        asked.append((model, digest, signature))
        return InlineInference(signature, start.answer, i_am_a_test=True)

    start.answer, start.asked = middle, asked
    readers = Hearing()
    ready = replace(ws, start_executor=lambda slots: readers, start_inference=start)
    examine(ready, custodian_here(), "", Silent())
    return ready


def the_film(ws):
    (one,) = [item for item in items(custodian_here(), Filter(limit=0)) if item.kind == "video"]
    return one.digest


def looked(ws):
    return look(ws, custodian_here(), Silent())


def test_examining_does_not_look_for_faces(filmed, installed):
    assert filmed.start_inference.asked == []
    assert not Finding.objects.filter(detector=NAME).exists()


def test_without_the_model_it_is_said(filmed):
    with pytest.raises(ModelMissing):
        looked(filmed)
    with pytest.raises(ModelMissing):
        tracks_of(filmed, the_film(filmed), Silent())


def test_tracks_are_looked_for_once_and_kept(filmed, installed):
    (track, *_) = first = tracks_of(filmed, the_film(filmed), Silent())
    assert filmed.start_inference.asked == [(b"pinned, edited", GRAPH, SIGNATURE)]
    assert track.sort is Sort.FACE
    assert Basis.SEEN in track.bases
    assert track.keys[0].at_us == 0
    assert max(one.keys[-1].at_us for one in first) >= 960_000
    assert tracks_of(filmed, the_film(filmed), Silent()) == first
    assert len(filmed.start_inference.asked) == 1
    check(filmed)


def test_all_that_has_pictures_is_looked_at_when_asked(filmed, installed):
    assert (looked(filmed).items, looked(filmed).items) == (1, 0)
    (found,) = Finding.objects.filter(detector=NAME)
    assert (found.version, found.failed, found.facts["frames"]) == (VERSION, "", 25)
    assert found.facts["model"]["sha256"] == FACES.digest.hex()
    (blob,) = Rendition.objects.filter(finding=found)
    assert blob.name == BLOB
    assert bytes(blob.sha256) in set(filmed.store.digests())


def test_the_ledger_names_the_model(filmed, installed):
    before = Entry.objects.count()
    looked(filmed)
    (entry,) = Entry.objects.order_by("index")[before:]
    assert FACES.digest.hex().encode() in bytes(entry.details)
    assert b"faces/6" in bytes(entry.details)


def test_a_model_that_dies_costs_that_item(filmed, installed):
    def dying(free, inputs):
        raise InferenceFailed("the model's worker died")

    filmed.start_inference.answer = dying
    assert looked(filmed).failed == 1
    with pytest.raises(MediaRefused, match="died"):
        tracks_of(filmed, the_film(filmed), Silent())


@pytest.mark.parametrize("end", [End.CRASHED, End.TIMED_OUT])
def test_a_reader_that_dies_gives_no_tracks(filmed, installed, end):
    """Half the tracks would be taken for all of them."""
    readers = Hearing(
        lambda task, outcome: Outcome(end, "killed", ()) if task.program == "pictures" else outcome
    )
    broken = replace(filmed, start_executor=lambda slots: readers)
    with pytest.raises(MediaRefused, match="killed"):
        tracks_of(broken, the_film(filmed), Silent())
    assert not Rendition.objects.filter(name=BLOB).exists()


def test_what_has_no_pictures_is_refused(filmed, installed):
    with pytest.raises(MediaRefused):
        tracks_of(filmed, digest_of(b"a note"), Silent())


def test_two_do_not_look_at_once(filmed, installed):
    with lock(filmed.layout, "examine"), pytest.raises(VaultBusy):
        looked(filmed)


@pytest.mark.parametrize(
    ("size", "rotation", "expected"),
    [
        ((1280, 720), 0, (1280, 736)),
        ((1920, 1080), 0, (1920, 1088)),
        ((1920, 1080), 90, (1088, 1920)),
        ((17, 9), 0, (128, 128)),
        ((640, 360), 0, (960, 544)),
        ((3840, 2160), 0, (1984, 1120)),
        ((20_000, 20), 0, (2048, 128)),
    ],
)
def test_the_size_that_is_looked_at(size, rotation, expected):
    stream = StreamFacts(0, "video", "h264", Fraction(1, 25), width=size[0], height=size[1])
    facts = MediaFacts(Kind.VIDEO, State.OK, streams=(replace(stream, rotation=rotation),))
    assert looked_at(facts).size == expected
