"""Lifting: each control by itself, for a span, for that look alone; and after it the shield is back."""

from types import SimpleNamespace

import pytest
from django.urls import reverse

from daylight.domain.principal import Role
from daylight.media.playlist import TICKS, Span
from daylight.services import watch
from tests.web.rooms import Room

SPANS = tuple(Span(4 * n * TICKS, 4 * (n + 1) * TICKS) for n in range(5))


@pytest.fixture
def cuts(monkeypatch):
    """Twenty seconds in five parts; a segment's bytes say whether it would be shielded."""
    monkeypatch.setattr(
        watch.Player, "plan", lambda *a: SimpleNamespace(cuts=SimpleNamespace(spans=SPANS))
    )
    monkeypatch.setattr(
        watch.Player,
        "segment",
        lambda self, plan, look, number, within, agent, thin: (
            b"lifted" if watch.lifted(plan, number, within) else b"shielded"
        ),
    )


@pytest.fixture
def viewer(room: Room, cuts):
    item = room.item(1)
    return room, room.as_(Role.ANALYST), item.public_id


def lift(viewer, **form):
    _, client, item = viewer
    return client.post(reverse("lift", args=[item]), {"part": "player", **form})


def sent(viewer, look, number=0):
    _, client, item = viewer
    answer = client.get(reverse("segment", args=[item, look, number]))
    return answer.content.decode() if answer.status_code == 200 else answer.status_code


@pytest.mark.parametrize(
    ("form", "look"),
    [
        ({"blur": "light"}, "soft-grey-small"),
        ({"blur": "light", "colour": "on", "large": "on"}, "soft"),
        ({"blur": "none", "large": "on"}, "grey"),
        ({"blur": "none", "colour": "on", "large": "on", "sound": "on"}, "clear-sound"),
        ({"blur": "strong", "sound": "on"}, "shielded-sound"),
        ({"blur": "strong", "colour": "on"}, "tinted"),
        ({}, "clear"),
    ],
)
def test_what_was_chosen_is_sent_and_nothing_else(viewer, form, look):
    assert lift(viewer, **form).status_code == 302
    assert sent(viewer, look) == "lifted"
    others = {"clear", "clear-sound", "soft", "tinted", "shielded-sound", "grey-small"} - {look}
    assert {sent(viewer, other) for other in others} == {403}
    room, _, _ = viewer
    assert [one.how for one in room.views._noted] == [look]


def test_choosing_nothing_lifts_nothing(viewer):
    lift(viewer, blur="none")
    lift(viewer, blur="strong")
    assert sent(viewer, "grey-small") == 403
    assert lift(viewer, blur="a little").status_code == 404


def test_after_the_span_the_shield_is_back(viewer):
    lift(viewer, blur="none", colour="on", large="on", at="5.9", seconds="5")  # 5 to 10
    assert [sent(viewer, "clear", n) for n in range(5)] == [
        "shielded", "lifted", "lifted", "shielded", "shielded",
    ]  # fmt: skip
    room, client, item = viewer
    assert [one.how for one in room.views._noted] == [
        "shielded", "clear", "clear", "shielded", "shielded",
    ]  # fmt: skip
    text = client.get(reverse("playlist", args=[item, "clear"])).content.decode()
    lines = [one for one in text.splitlines() if one.endswith(".ts") or "DISCONT" in one]
    broken = "#EXT-X-DISCONTINUITY"
    assert lines == ["0.ts", broken, "1.ts", "2.ts", broken, "3.ts", "4.ts"]
    assert sent(viewer, "clear", 5) == 404


@pytest.mark.parametrize("form", [{"at": "x", "seconds": "4"}, {"at": "-3", "seconds": "4"}])
def test_an_odd_place_is_the_beginning(viewer, form):
    lift(viewer, blur="none", colour="on", large="on", **form)
    assert [sent(viewer, "clear", n) for n in (0, 1)] == ["lifted", "shielded"]


def test_lowering_takes_it_back_and_lifting_otherwise_replaces_it(viewer):
    lift(viewer, blur="none")
    lift(viewer, blur="light")
    assert (sent(viewer, "grey-small"), sent(viewer, "soft-grey-small")) == (403, "lifted")
    _, client, item = viewer
    client.post(reverse("lower", args=[item]), {"part": "player"})
    assert sent(viewer, "soft-grey-small") == 403


@pytest.mark.parametrize("look", ["shielded-small", "blurred", "clear-"])
def test_what_is_no_look_is_not_there(viewer, look):
    assert sent(viewer, look) == 404
