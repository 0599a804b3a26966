"""Stills that were kept: listed for who may watch, each behind the shield that it was kept without."""

import pytest
from django.urls import reverse

from daylight.catalogue.models import Finding, Rendition
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.access import MarkRule, Policy
from daylight.domain.principal import Role
from daylight.services import frames
from daylight.services.policy import set_policy
from tests.web.rooms import Room


@pytest.fixture
def kept(room: Room):
    """An item with frame 7 kept shielded and clear, by Ann, and frame 3 of before that was noted."""
    item = room.item(1)
    found = Finding.objects.create(item=item, detector="grab", version=1, facts={})
    noted = {"agent": room.user("ann", Role.ANALYST).agent, "at": "2026-11-26T12:30+00:00"}
    for name, facts in (
        ("frame-7-clear", noted),
        ("frame-7-shielded", noted),
        ("frame-3-shielded", {}),
    ):
        number = int(name.split("-")[1])
        Rendition.objects.create(
            item=item,
            finding=found,
            name=name,
            media_type="image/png",
            sha256=room.digests["filmstrip-clear"],
            size=1,
            facts={"number": number, "us": number * 40_000, "width": 64, "height": 36, **facts},
        )
    return item


def page(client, item) -> str:
    return client.get(reverse("item", args=[item.public_id])).content.decode()


def clear(item) -> str:
    return reverse("rendition", args=[item.public_id, "frame-7-clear"])


def test_the_list_says_who_when_and_where_and_leads_behind_the_shield(room: Room, kept):
    client = room.as_(Role.ANALYST)
    shown = page(client, kept)
    assert "Kept stills" in shown
    assert "0.28 s" in shown
    assert "12:30" in shown
    assert ">ann<" in shown
    assert shown.index('data-show-frame="3"') < shown.index('data-show-frame="7"')
    assert reverse("frame", args=[kept.public_id, "shielded", 7]) in shown
    assert "frame-7-shielded.png" in shown
    assert clear(kept) not in shown
    assert client.get(clear(kept)).status_code == 403
    client.post(reverse("lift", args=[kept.public_id]), {"part": "player"})
    assert client.get(clear(kept)).status_code == 200


def test_after_lifting_the_clear_still_opens(room: Room, kept):
    lift = reverse("lift", args=[kept.public_id])
    headers = {"hx-request": "true"}
    client = room.as_(Role.ANALYST)
    shown = client.post(lift, {"part": "player"}, headers=headers).content.decode()
    assert clear(kept) in shown
    assert reverse("frame", args=[kept.public_id, "clear", 7]) in shown


def test_who_may_not_watch_has_no_list(room: Room, kept):
    assert "Kept stills" not in page(room.as_(Role.COUNSEL), kept)
    assert "Kept stills" not in page(room.as_(Role.ANALYST), room.item(2))


def test_where_nothing_is_passed_on_as_it_is_a_clear_still_is_drawn_upon(
    room: Room, kept, monkeypatch
):
    set_policy(room.ws, custodian_here(), Policy(mark=MarkRule.ALWAYS))
    asked = []

    def one(player, plan, ask, number):
        asked.append((ask, number))
        return frames.Still(0, number, 0, 0, 1, 0, 1, 1, "image/png", b"drawn upon")

    monkeypatch.setattr(frames, "_plan", lambda *a: None)
    monkeypatch.setattr(frames, "_numbered", lambda *a: frames.FrameAsk(None, frames.Mode.CLEAR, 0))
    monkeypatch.setattr(frames, "_one", one)
    client = room.as_(Role.ANALYST)
    client.post(reverse("lift", args=[kept.public_id]), {"part": "player"})
    assert client.get(clear(kept)).content == b"drawn upon"
    client.post("/account/line/", {"line": "thin"})
    assert client.get(clear(kept)).content == b"drawn upon"
    assert [(ask.whole, ask.thin, number) for ask, number in asked] == [
        (True, False, 7),
        (False, True, 7),
    ]
    assert all(ask.mark for ask, _ in asked)
