"""Work that the studio asks for: begun by who may, told to nobody else, used once with the rights held then."""

import time

import pytest
from django.urls import reverse

from daylight.catalogue.models import RedactionVersion
from daylight.domain.marks import Key, Span
from daylight.domain.principal import Role
from daylight.domain.redaction import Region
from daylight.domain.redaction_follow import Followed, Point
from daylight.domain.redaction_texts import Texts
from daylight.domain.tracks import Basis, Sort
from daylight.errors import MediaRefused
from daylight.services.preview import Preview
from daylight.web import jobs
from tests.web.rooms import Room
from tests.web.test_studio import Bench

HAND = Region("hand-1", Sort.HAND, (Key(2_000_000, 1_000, 1_000, 500, 500),))
SHOWN = Preview(b"film", "video/mp4", Span(1_000_000, 3_000_000), 1, 25)
CLEAR = {"part": "player", "blur": "none", "colour": "on", "large": "on"}


def ask(bench: Bench, client=None, **form: str):
    address = reverse("jobs", args=[bench.item.public_id])
    return (client or bench.client).post(address, form)


def told(bench: Bench, number: str, client=None) -> dict:
    address = reverse("job", args=[bench.item.public_id, number])
    return (client or bench.client).get(address).json()


def ended(bench: Bench, **form: str) -> dict:
    job = ask(bench, **form).json()
    deadline = time.monotonic() + 20
    while job["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.005)
        job = told(bench, job["id"])
    return job


def lift(bench: Bench, **more: str) -> None:
    bench.client.post(reverse("lift", args=[bench.item.public_id]), CLEAR | more)


@pytest.fixture
def bench(room: Room) -> Bench:
    return Bench(room, HAND)


def test_a_preview_is_rendered_while_nobody_waits_and_fetched_by_whoever_asked(bench, monkeypatch):
    asked = []

    def preview(*given, **more):
        asked.append((given[4:], more))
        return SHOWN

    monkeypatch.setattr(jobs.preview, "preview", preview)
    assert ask(bench, kind="preview", at="2000000").status_code == 403  # not lifted
    lift(bench)
    job = ended(bench, kind="preview", at="2000000")
    assert job["state"] == "done"
    assert asked == [((2_000_000, None), {"heard": False})]
    address = reverse("preview", args=[bench.item.public_id])
    answer = bench.client.get(address, {"job": job["id"]})
    assert (answer.status_code, answer.content) == (200, b"film")
    assert answer.headers["X-Daylight-Start"] == "1000000"
    assert [one.how for one in bench.room.views._noted] == ["redacted"]
    other = bench.room.client(bench.room.user("ben", Role.ARCHIVIST))
    other.post(reverse("lift", args=[bench.item.public_id]), CLEAR)
    assert other.get(address, {"job": job["id"]}).status_code == 409
    assert told(bench, job["id"], other)["state"] == "gone"
    bench.client.post(reverse("lower", args=[bench.item.public_id]), {"part": "player"})
    assert bench.client.get(address, {"job": job["id"]}).status_code == 403


def test_lifted_for_less_meanwhile_no_more_is_shown(bench, monkeypatch):
    monkeypatch.setattr(jobs.preview, "preview", lambda *given, **more: SHOWN)
    lift(bench)
    job = ended(bench, kind="preview", at="0")
    lift(bench, seconds="10", at="60000000")
    address = reverse("preview", args=[bench.item.public_id])
    assert bench.client.get(address, {"job": job["id"]}).status_code == 403


def test_a_preview_that_cannot_be_made_says_so(bench, monkeypatch):
    def refuse(*given, **more):
        raise MediaRefused("leaked words")

    monkeypatch.setattr(jobs.preview, "preview", refuse)
    lift(bench)
    job = ended(bench, kind="preview", at="0")
    assert (job["state"], job["words"]) == ("failed", "This part cannot be rendered now.")


def test_looking_for_faces_needs_a_model_and_ends_in_a_draft(bench, monkeypatch):
    answer = ask(bench, kind="faces")
    assert answer.status_code == 409
    assert "No model" in answer.json()["words"]
    monkeypatch.setattr(jobs.faces, "there", lambda: True)
    looked = []
    monkeypatch.setattr(jobs.faces, "tracks_of", lambda *given: looked.append(given[1]) or ())
    assert ended(bench, kind="faces")["state"] == "done"
    assert [bytes(one) for one in looked] == [bytes(bench.item.sha256)]
    assert RedactionVersion.objects.count() == 1  # what comes of it a further act takes


def found(monkeypatch, *keys: int, lost: int | None = None) -> None:
    points = [Point(Key(at, 1_100, 1_000, 500, 500), Basis.FOLLOWED) for at in keys]
    if lost is not None:
        points.append(Point(Key(lost, 1_200, 1_000, 500, 500), Basis.LOST))
    monkeypatch.setattr(jobs.follow, "find", lambda *given: Followed((), tuple(points)))


def test_what_was_drawn_is_followed_and_a_person_has_to_look(bench, monkeypatch):
    found(monkeypatch, 3_000_000, lost=4_000_000)
    job = ended(bench, kind="follow", name="hand-1", at="2500000")
    assert job["state"] == "done"
    answer = bench.do("followed", job=job["id"])
    page = answer.content.decode()
    (region,) = bench.plan.regions
    assert Basis.LOST in region.bases
    assert "hand-1" in page
    assert '<span class="chip damaged">lost</span>' in page
    assert 'data-jump="0:04"' in page
    assert "look whether it stays" in page
    assert "hand-1" in bench.plan.undecided(80_000_000)
    bench.do("decide", name="hand-1", state="covered")
    assert "hand-1" not in bench.plan.undecided(80_000_000)
    assert 'data-jump="0:04"' in bench.page()


def test_what_somebody_drew_elsewhere_meanwhile_is_not_written_over(bench, monkeypatch):
    found(monkeypatch, 3_000_000)
    job = ended(bench, kind="follow", name="hand-1", at="0")
    bench.do("move", name="hand-1", at="3000000", box="[1,1,500,500]")
    before = bench.plan
    assert "This cannot be kept" in bench.do("followed", job=job["id"]).content.decode()
    other = bench.room.client(bench.room.user("ben", Role.ARCHIVIST))
    assert (
        "This cannot be kept" in bench.do("followed", client=other, job=job["id"]).content.decode()
    )
    assert bench.plan == before


def test_nothing_is_followed_that_nobody_drew(bench):
    answer = ask(bench, kind="follow", name="face-9", at="0")
    assert answer.status_code == 409
    assert "drawn by hand" in answer.json()["words"]
    assert ask(bench, kind="everything").status_code == 400
    assert ask(bench, kind="follow", name="hand-1", at="-1").status_code == 404


def test_whoever_lost_the_right_meanwhile_gets_nothing(bench, monkeypatch):
    found(monkeypatch, 3_000_000)
    job = ended(bench, kind="follow", name="hand-1", at="0")
    bench.user.grants.all().delete()
    assert bench.do("followed", job=job["id"]).status_code == 403
    address = reverse("job", args=[bench.item.public_id, job["id"]])
    assert bench.client.get(address).status_code in (403, 404)


def test_text_is_proposed_covered_and_a_missing_reader_is_named(bench, monkeypatch):
    made = Texts((Key(0, 100, 100, 900, 300),), (), read=False)
    monkeypatch.setattr(jobs.texts, "look", lambda *given: made)
    job = ended(bench, kind="texts")
    assert (job["state"], "not installed" in job["words"]) == ("done", True)
    page = bench.do("texts", job=job["id"]).content.decode()
    assert [one.name for one in bench.plan.labels] == ["label-1"]
    assert "label-1" in bench.plan.undecided(80_000_000)
    assert "label-1" in page
    assert "This cannot be kept" in bench.do("texts", job="0" * 32).content.decode()


def test_it_can_be_stopped(bench, monkeypatch):
    monkeypatch.setattr(jobs.follow, "find", lambda *given: time.sleep(0.3))
    job = ask(bench, kind="follow", name="hand-1", at="0").json()
    address = reverse("job", args=[bench.item.public_id, job["id"]])
    bench.client.post(address)
    deadline = time.monotonic() + 20
    while told(bench, job["id"])["state"] != "stopped":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert "This cannot be kept" in bench.do("followed", job=job["id"]).content.decode()
