"""What the screens say, and what they keep back until asked."""

from dataclasses import replace

import pytest
from django.urls import reverse

from daylight.domain.media import Kind, State
from daylight.domain.principal import Role
from tests.web.rooms import FACTS, Room

DAMAGED = replace(FACTS, state=State.DAMAGED, reason="3 of 8 key frames are corrupt")


def page_of(room: Room, address: str, *roles: Role) -> str:
    answer = room.as_(*(roles or (Role.ARCHIVIST,))).get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_overview_of_an_empty_vault_says_what_to_do(room: Room):
    assert "daylight --vault DIR import" in page_of(room, "/")


def test_overview_counts_and_links(room: Room):
    room.item(1)
    room.item(2, facts=DAMAGED)
    room.item(3, facts=None)
    page = page_of(room, "/")
    assert 'href="/items/?state=damaged"><b>1</b>' in page
    assert 'href="/items/?kind=unexamined"><b>1</b>' in page
    assert "version 3" in page  # who says so
    assert "S-17 whole" in page
    assert '<span class="unknown">unknown</span>' in page


def test_overview_says_since_when_nothing_was_witnessed_outside(room: Room):
    room.item(1)
    analyst, keeper = room.as_(Role.ANALYST), room.as_(Role.ADMINISTRATOR)
    for client in (analyst, keeper):
        page = client.get("/").content.decode()
        assert "Never witnessed outside." in page
        assert "<code>daylight ledger card</code>" in page
    room.witnessed("office:Berlin", "office:Kyiv")
    page = analyst.get("/").content.decode()
    assert "Witnessed outside by 2 partners on 12 November 2026" in page
    assert "Berlin" not in page  # who they are is for the shell
    for _ in range(22):
        room.entry()
    for client in (analyst, keeper):
        page = client.get("/").content.decode()
        assert "Not witnessed outside since 12 November 2026 (22 entries)." in page
    analyst.post("/language/", {"language": "ru", "next": "/"})
    page = analyst.get("/").content.decode()
    assert "Снаружи не засвидетельствовано с 12 ноября 2026 (22 записи)." in page


def test_overview_says_since_when_nothing_was_sealed(room: Room):
    room.item(1)
    analyst, keeper = room.as_(Role.ANALYST), room.as_(Role.ADMINISTRATOR)
    for client in (analyst, keeper):
        page = client.get("/").content.decode()
        assert "Never sealed." in page
        assert "<code>daylight seal add</code>" in page
    room.sealed("one", "two")
    page = analyst.get("/").content.decode()
    assert "Sealed by 2 authorities on 13 November 2026; nothing was entered since." in page
    for _ in range(22):
        room.entry()
    for client in (analyst, keeper):
        page = client.get("/").content.decode()
        assert "Not sealed since 13 November 2026 (22 entries)." in page
    analyst.post("/language/", {"language": "ru", "next": "/"})
    page = analyst.get("/").content.decode()
    assert "Без штампа времени с 13 ноября 2026 (22 записи)." in page


def test_overview_hides_custody_from_who_may_not_see_it(room: Room):
    room.item(1)
    assert "S-17 whole" not in page_of(room, "/", Role.ANALYST)


def test_administrator_sees_what_came_in_and_no_recordings(room: Room):
    held = room.item(1)
    page = page_of(room, "/", Role.ADMINISTRATOR)
    assert "amber-heron-41" in page
    assert "S-17 whole" in page
    assert held.public_id not in page
    assert "/items/" not in page


def test_grid_goes_on_page_by_page_without_gap_or_repetition(room: Room):
    made = [room.item(n, pictures=False).public_id for n in range(1, 101)]
    client = room.as_(Role.ANALYST)
    address, seen, headers = "/items/?kind=video", [], {}
    while address:
        page = client.get(address, headers=headers).content.decode()
        assert ("<html" in page) is (not headers)
        seen += [part.split("/")[0] for part in page.split('class="item ok" href="/items/')[1:]]
        more = page.split('hx-get="')[1:]
        address = more[0].split('"')[0].replace("&amp;", "&") if more else ""
        headers = {"HX-Request": "true"}
    assert seen == made


def test_grid_narrows(room: Room):
    room.item(1)
    room.item(2, facts=DAMAGED)
    room.item(3, facts=None, accession="stone-lark-22")
    came = room.accession("stone-lark-22").public_id
    client = room.as_(Role.ANALYST)
    for query, count in (
        ("", 3),
        ("kind=video", 2),
        ("state=damaged", 1),
        ("kind=video&state=ok", 1),
        ("kind=unexamined", 1),
        (f"accession={came}", 1),
        (f"accession={came}&kind=video", 0),
        ("kind=%27%3B--", 0),
    ):
        page = client.get(f"/items/?{query}").content.decode()
        assert page.count("data-card") == count, query


def test_grid_refuses_a_cursor_that_is_no_item(room: Room):
    assert room.as_(Role.ANALYST).get("/items/?after=nothing").status_code == 404


def test_grid_sends_addresses_of_shielded_pictures_only(room: Room):
    room.item(1)
    page = page_of(room, "/items/")
    assert "filmstrip-shielded" in page
    assert "clear" not in page
    assert "<video" not in page


def test_hostile_texts_are_shown_as_what_they_are(room: Room):
    held = room.item(1)
    page = page_of(room, reverse("item", args=[held.public_id]))
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<b>bold" not in page
    assert "\u202e" not in page
    assert r'<span class="odd">\u202e</span>' in page
    assert r'<span class="odd">\n</span>' in page
    assert r'<span class="odd">\xff</span>' in page
    assert r'<span class="odd">\x1f</span>' in page


def test_item_page_says_who_found_what(room: Room):
    held = room.item(2, facts=DAMAGED)
    page = page_of(room, reverse("item", args=[held.public_id]))
    assert "filmstrip (version 7)" in page
    assert "not confirmed by a person" in page
    assert "3 of 8 key frames are corrupt" in page
    assert bytes(held.sha256).hex() in page


@pytest.mark.parametrize("facts", [None, *(replace(FACTS, kind=kind) for kind in Kind)])
def test_every_kind_of_item_has_a_page(room: Room, facts):
    held = room.item(1, facts=facts, pictures=False)
    page = page_of(room, reverse("item", args=[held.public_id]))
    assert "SHA-256" in page
    playing = facts is not None and facts.kind is Kind.VIDEO
    assert ("<video" in page) is playing  # sound alone asks first


def test_facts_that_make_no_sense_do_not_break_the_server(room: Room):
    held = room.item(1)
    held.media.facts = {"schema": "facts/1", "streams": "many"}
    held.media.save()
    assert room.as_(Role.ANALYST).get(reverse("item", args=[held.public_id])).status_code == 404


def test_lifting_is_for_one_item_one_part_and_one_session(room: Room):
    one, two = room.item(1), room.item(2)
    user = room.user("ann", Role.ANALYST)
    client, other = room.client(user), room.client(user)
    clear = reverse("rendition", args=[one.public_id, "filmstrip-clear"])
    assert client.get(clear).status_code == 403
    client.post(reverse("lift", args=[one.public_id]), {"part": "player"})
    client.post(reverse("lift", args=[two.public_id]), {"part": "pictures"})
    assert client.get(clear).status_code == 403
    part = client.post(
        reverse("lift", args=[one.public_id]), {"part": "pictures"}, headers={"HX-Request": "true"}
    )
    assert clear in part.content.decode()
    assert client.get(clear).status_code == 200
    assert other.get(clear).status_code == 403
    client.post(reverse("lower", args=[one.public_id]), {"part": "pictures"})
    assert client.get(clear).status_code == 403


def test_a_page_opens_shielded_though_it_was_lifted(room: Room):
    held = room.item(1)
    client = room.as_(Role.ANALYST)
    for part in ("pictures", "player"):
        client.post(reverse("lift", args=[held.public_id]), {"part": part})
    page = client.get(reverse("item", args=[held.public_id])).content.decode()
    assert "filmstrip-clear" not in page
    assert "play/clear" not in page


def test_lifting_an_unknown_part_is_not_there(room: Room):
    held = room.item(1)
    client = room.as_(Role.ANALYST)
    assert client.post(reverse("lift", args=[held.public_id]), {"part": "all"}).status_code == 404
    assert client.post(reverse("lift", args=[held.public_id])).status_code == 404


def test_rendition_bytes_and_caching(room: Room):
    held = room.item(1)
    client = room.as_(Role.ANALYST)
    address = reverse("rendition", args=[held.public_id, "filmstrip-shielded"])
    answer = client.get(address)
    assert b"".join(answer.streaming_content) == room.blobs["filmstrip-shielded"]
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"].startswith("private")
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    client.post(reverse("lift", args=[held.public_id]), {"part": "pictures"})
    clear = client.get(address.replace("shielded", "clear"))
    assert clear.headers["Cache-Control"] == "no-store"
    assert b"".join(clear.streaming_content) == room.blobs["filmstrip-clear"]


@pytest.mark.parametrize("name", ["original", "filmstrip", "filmstrip-clear2", "still-shielded"])
def test_renditions_that_are_not_there(room: Room, name):
    held = room.item(1)
    address = reverse("rendition", args=[held.public_id, name])
    assert room.as_(Role.ANALYST).get(address).status_code == 404


def test_a_rendition_that_is_no_picture_is_not_served(room: Room):
    held = room.item(1)
    held.renditions.update(media_type="text/html")
    address = reverse("rendition", args=[held.public_id, "filmstrip-shielded"])
    assert room.as_(Role.ANALYST).get(address).status_code == 404


def test_a_lost_object_is_missing_and_nothing_worse(room: Room):
    held = room.item(1)
    held.renditions.update(sha256=b"\1" * 32)
    address = reverse("rendition", args=[held.public_id, "filmstrip-shielded"])
    assert room.as_(Role.ANALYST).get(address).status_code == 404


def test_no_player_is_offered_for_what_cannot_be_read(room: Room):
    lost = replace(FACTS, state=State.UNREADABLE, reason="no key frame can be decoded")
    held = room.item(1, facts=lost, pictures=False)
    page = page_of(room, reverse("item", args=[held.public_id]))
    assert "no key frame can be decoded" in page
    assert "<video" not in page
    assert "lift" not in page


def test_an_item_under_hold_says_so_in_both_languages(room: Room):
    from daylight.catalogue.models import Hold

    held, free = room.item(1), room.item(2)
    Hold.objects.create(item=held, reason="case 12/26", entry=1, created=room.ws.clock())
    client = room.as_(Role.COUNSEL)
    page = client.get(f"/items/{held.public_id}/").content.decode()
    assert "Under legal hold since" in page
    assert "case 12/26" not in page
    assert "legal hold" not in client.get(f"/items/{free.public_id}/").content.decode()
    russian = client.get(f"/items/{held.public_id}/", headers={"Accept-Language": "ru"})
    assert "Под юридическим запретом" in russian.content.decode()
