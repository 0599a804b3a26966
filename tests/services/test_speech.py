"""Listening with a model: what is wanted once it is there, and what a worker's death costs."""

from dataclasses import replace

import numpy as np
import pytest

from daylight.catalogue.models import Entry, Finding
from daylight.catalogue.queries.vault import custodian_here
from daylight.detectors.voices import SIGNATURE
from daylight.domain.models import SPEECH
from daylight.domain.progress import Silent
from daylight.errors import Forbidden, InferenceFailed, ModelMissing, ModelRefused, VaultBusy
from daylight.media.executor import End, Message, Outcome
from daylight.media.inference.inline import InlineInference
from daylight.services import speech
from daylight.services.examine import examine
from daylight.services.speech import NAME, VERSION, listen
from daylight.storage import models
from daylight.storage.layout import lock
from tests.canonical import check
from tests.detectors.sounds import RATE
from tests.detectors.test_samples import wav
from tests.services.test_examine import Readers, take


def loud(free, inputs):
    """Speech is what is loud."""
    rows, h, c = inputs
    return [np.abs(rows).max(axis=1), h, c]


class Hearing(Readers):
    def run(self, task, hear=None):
        self.asked[task.program] += 1
        return self._change(task, self._inline.run(task, hear))


@pytest.fixture
def installed(monkeypatch):
    monkeypatch.setattr(models, "read", lambda model: b"pinned")
    monkeypatch.setattr(speech, "there", lambda: True)


@pytest.fixture
def heard_ws(ws, tmp_path, monkeypatch):
    """Two recordings with sound, one text; examined, without a model."""
    disk = tmp_path / "disk"
    disk.mkdir()
    for number in (1, 2):
        values = np.zeros(number * 4 * RATE)
        values[RATE : number * 2 * RATE] = 0.7
        (disk / f"{number}.wav").write_bytes(wav(values))
    (disk / "note.txt").write_text("a note")
    take(ws, disk)
    asked = []

    def start(model, digest, signature):
        asked.append((model, digest, signature))
        return InlineInference(signature, start.answer, i_am_a_test=True)

    start.answer, start.asked = loud, asked
    readers = Hearing()
    ready = replace(ws, start_executor=lambda slots: readers, start_inference=start)
    examine(ready, custodian_here(), "", Silent())
    return ready


def listened(ws):
    return listen(ws, custodian_here(), Silent())


def found():
    rows = Finding.objects.filter(detector=NAME).order_by("item")
    return list(rows.values_list("version", "failed", "facts"))


def test_without_the_model_nothing_is_wanted_or_said(heard_ws):
    assert not speech.there()
    with pytest.raises(ModelMissing):
        listened(heard_ws)
    assert found() == []


def test_when_it_appears_everything_with_sound_is_listened_to_once(heard_ws, installed):
    report = listened(heard_ws)
    assert (report.items, report.failed) == (2, 0)
    assert heard_ws.start_inference.asked == [(b"pinned", SPEECH.digest, SIGNATURE)]
    spans = [facts["spans"] for _, _, facts in found()]
    assert [[round(a / 1000, 1) for a in span[0][:2]] for span in spans] == [[0.9, 2.1], [0.9, 4.1]]
    for version, failed, facts in found():
        assert (version, failed, facts["count"]) == (VERSION, "", 1)
        assert facts["model"] == {
            "name": "Silero VAD",
            "version": "6",
            "sha256": SPEECH.digest.hex(),
        }
    assert listened(heard_ws).items == 0
    assert len(heard_ws.start_inference.asked) == 1


def test_the_ledger_names_the_model(heard_ws, installed):
    before = Entry.objects.count()
    listened(heard_ws)
    (entry,) = Entry.objects.order_by("index")[before:]
    assert SPEECH.digest.hex().encode() in bytes(entry.details)
    assert b"speech/1" in bytes(entry.details)
    check(heard_ws)


def test_another_version_is_new_work(heard_ws, installed, monkeypatch):
    listened(heard_ws)
    monkeypatch.setattr(speech, "VERSION", VERSION + 1)
    assert listened(heard_ws).items == 2
    assert [version for version, _, _ in found()] == [VERSION, VERSION + 1] * 2


def test_a_worker_that_dies_costs_that_item(heard_ws, installed):
    calls = []

    def dying(free, inputs):
        calls.append(free)
        if len(calls) == 1:
            raise InferenceFailed("the model's worker died")
        return loud(free, inputs)

    heard_ws.start_inference.answer = dying
    report = listened(heard_ws)
    assert (report.items, report.failed) == (2, 1)
    assert sorted(failed for _, failed, _ in found()) == ["", "the model's worker died"]
    assert listened(heard_ws).items == 0  # a named failure is done, until there is another version


def crash(task, outcome):
    return (
        Outcome(End.CRASHED, "killed", outcome.messages) if task.program == "samples" else outcome
    )


def test_a_reader_that_dies_costs_that_item(heard_ws, installed):
    readers = Hearing(crash)
    report = listened(replace(heard_ws, start_executor=lambda slots: readers))
    assert (report.items, report.failed) == (2, 2)
    assert {(failed, str(facts)) for _, failed, facts in found()} == {
        ("the reader crashed: killed", "{}")
    }


def test_a_reader_that_lies_costs_that_item(heard_ws, installed):
    class Liar(Hearing):
        def run(self, task, hear=None):
            hear(Message("samples", {"at": -5, "follows": False}, b"xx"))

    report = listened(replace(heard_ws, start_executor=lambda slots: Liar()))
    assert report.failed == 2
    assert all("makes no sense" in failed for _, failed, _ in found())


def test_a_reader_that_does_not_come_to_an_end(heard_ws, installed):
    class Short(Hearing):
        def run(self, task, hear=None):
            return Outcome(End.DONE, "", ())

    listened(replace(heard_ws, start_executor=lambda slots: Short()))
    assert {failed for _, failed, _ in found()} == {"the reader did not come to an end"}


def test_a_model_that_was_changed_is_not_run(heard_ws, monkeypatch, tmp_path):
    monkeypatch.setenv("DAYLIGHT_MODELS", str(tmp_path))
    (tmp_path / SPEECH.file).write_bytes(b"other")
    with pytest.raises(ModelRefused):
        listened(heard_ws)
    assert heard_ws.start_inference.asked == []


def test_one_at_a_time_and_not_for_everybody(heard_ws, installed):
    with lock(heard_ws.layout, "examine"), pytest.raises(VaultBusy):
        listened(heard_ws)
    with pytest.raises(Forbidden):
        listen(heard_ws, replace(custodian_here(), rights=frozenset()), Silent())
