"""Thin lines: chosen for a session, by itself through Tor; then less is sent, and nothing else changes."""

import dataclasses
import io

import pytest
from django.test import override_settings
from django.urls import reverse
from PIL import Image

from daylight.detectors.programs import PROGRAMS
from daylight.domain.principal import Role
from daylight.media.inline import InlineExecutor
from daylight.services import watch
from daylight.web import play
from tests.web.rooms import Room

ONION = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion"


@pytest.fixture
def room(room: Room) -> Room:
    start = lambda slots: InlineExecutor(PROGRAMS, i_am_a_test=True)  # noqa: E731
    return dataclasses.replace(room, ws=dataclasses.replace(room.ws, start_executor=start))


@pytest.fixture
def asked(monkeypatch):
    """Whether segments were asked for thin, in order."""
    found = []

    def segment(*args, thin):
        found.append(thin)
        return watch.Made(b"G" * 188, 0, 4_000_000)

    monkeypatch.setattr(play.watch, "segment", segment)
    return found


def sent(client, name: str, item) -> bytes:
    answer = client.get(reverse("rendition", args=[item.public_id, name]))
    assert answer.status_code == 200
    return answer.getvalue()


def test_a_session_chooses_and_is_sent_less_shielded_or_not(room: Room, asked):
    item, client = room.item(1), room.as_(Role.ANALYST)
    client.post(reverse("lift", args=[item.public_id]), {"part": "pictures"})
    segment = reverse("segment", args=[item.public_id, "shielded", 0])
    names = ("filmstrip-shielded", "filmstrip-clear")
    wide = {name: sent(client, name, item) for name in names}
    client.get(segment)
    assert client.post("/account/line/", {"line": "thin"}).status_code == 302
    assert "Send pictures at their size" in client.get("/account/").content.decode()
    for name in names:
        small = sent(client, name, item)
        assert len(small) < len(wide[name]) / 2
        before, after = (Image.open(io.BytesIO(one)) for one in (wide[name], small))
        assert after.size == (before.width // 2, before.height // 2)
    client.get(segment)
    client.post("/account/line/", {"line": "wide"})
    assert sent(client, names[0], item) == wide[names[0]]
    client.get(segment)
    assert asked == [False, True, False]


def test_a_kept_still_is_sent_smaller_and_kept_as_it_is(room: Room):
    item, client = room.item(1), room.as_(Role.ANALYST)
    file = io.BytesIO()
    Image.effect_noise((400, 300), 60).save(file, "PNG")
    digest = room.ws.store.put(file.getvalue())
    item.renditions.filter(name="filmstrip-shielded").update(
        name="frame-7-shielded", media_type="image/png", sha256=digest, size=len(file.getvalue()), facts={"us": 1}
    )  # fmt: skip
    assert sent(client, "frame-7-shielded", item) == file.getvalue()
    client.post("/account/line/", {"line": "thin"})
    answer = client.get(reverse("rendition", args=[item.public_id, "frame-7-shielded"]))
    small = Image.open(io.BytesIO(answer.getvalue()))
    assert (answer.headers["Content-Type"], small.format, small.size) == ("image/jpeg", "JPEG", (200, 150))  # fmt: skip


def test_a_thin_line_lifts_nothing(room: Room, asked):
    item, client = room.item(1), room.as_(Role.ANALYST)
    client.post("/account/line/", {"line": "thin"})
    for address in (
        reverse("rendition", args=[item.public_id, "filmstrip-clear"]),
        reverse("segment", args=[item.public_id, "clear", 0]),
    ):
        assert client.get(address).status_code == 403
    assert asked == []


def test_who_comes_through_tor_is_sent_little_until_they_say_otherwise(room: Room, asked):
    item, client = room.item(1), room.as_(Role.ANALYST)
    client.defaults["SERVER_NAME"] = ONION
    segment = reverse("segment", args=[item.public_id, "shielded", 0])
    with override_settings(ALLOWED_HOSTS=[ONION]):
        client.get(segment)
        client.post("/account/line/", {"line": "wide"})
        client.get(segment)
    assert asked == [True, False]


def test_what_cannot_be_made_smaller_is_not_sent(room: Room, monkeypatch):
    item, client = room.item(1), room.as_(Role.ANALYST)
    client.post("/account/line/", {"line": "thin"})
    item.renditions.filter(name="filmstrip-shielded").update(sha256=room.ws.store.put(b"broken"))
    address = reverse("rendition", args=[item.public_id, "filmstrip-shielded"])
    assert client.get(address).status_code == 404
