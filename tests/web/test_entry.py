"""Coming in: links that work once, passwords, forms of strangers, cookies."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from daylight.catalogue.models import Entry, LoginLink, User
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.principal import Principal, Role
from daylight.errors import Forbidden, UsageError
from daylight.services import people
from daylight.services.people import NewUser
from daylight.services.watch import Player
from daylight.web.app import application
from tests.web.rooms import Room

GOOD = "umber tidal plover nine"


def link(room: Room, name="ann", *roles: Role) -> str:
    room.user(name, *(roles or (Role.ANALYST,)))
    return f"/enter/{people.link(room.ws, custodian_here(), name)}/"


def signed_in(client) -> bool:
    return client.get("/").status_code == 200


def test_looking_at_a_link_does_not_use_it_up(room: Room):
    address = link(room)
    for _ in range(3):
        assert room.client().get(address).status_code == 200
        assert room.client().head(address).status_code == 200
    client = room.client()
    assert client.post(address).headers["Location"] == "/password/"
    assert signed_in(client)


def test_a_link_works_once(room: Room):
    address = link(room)
    assert room.client().post(address).status_code == 302
    again = room.client()
    assert again.post(address).status_code == 410
    assert again.get(address).status_code == 410
    assert not signed_in(again)


@pytest.mark.parametrize("token", ["x", "A" * 43, "-", "0"])
def test_a_link_nobody_made_lets_nobody_in(room: Room, token):
    link(room)
    assert room.client().post(f"/enter/{token}/").status_code == 410


def test_a_link_dies_after_a_quarter_of_an_hour(room: Room):
    address = link(room)
    row = LoginLink.objects.get()
    assert timedelta(minutes=14) < row.expires - datetime.now(UTC) <= timedelta(minutes=15)
    LoginLink.objects.update(expires=datetime.now(UTC))
    assert room.client().post(address).status_code == 410


def test_only_the_hash_of_a_token_is_kept(room: Room):
    token = link(room).split("/")[2]
    room.client().get("/login/")
    kept = room.ws.layout.catalogue.read_bytes()
    wal = room.ws.layout.catalogue.with_name("catalogue.sqlite-wal")
    assert token.encode() not in kept + (wal.read_bytes() if wal.exists() else b"")
    assert len(token) >= 43


def test_a_link_of_a_disabled_user_is_dead(room: Room):
    address = link(room)
    people.disable(room.ws, custodian_here(), "ann")
    assert room.client().post(address).status_code == 410
    with pytest.raises(UsageError):
        people.link(room.ws, custodian_here(), "ann")


def test_password_is_chosen_once_in_and_then_opens(room: Room):
    client = room.client()
    client.post(link(room))
    assert client.post("/password/", {"new": "short", "again": "short"}).status_code == 400
    assert client.post("/password/", {"new": GOOD, "again": GOOD + "!"}).status_code == 400
    assert client.post("/password/", {"new": GOOD, "again": GOOD}).status_code == 302
    assert signed_in(client)
    other = room.client()
    assert other.post("/login/", {"username": "ann", "password": GOOD + "x"}).status_code == 403
    assert other.post("/login/", {"username": "ann", "password": GOOD}).status_code == 302
    assert signed_in(other)


def test_the_present_password_is_asked_for_and_other_sessions_end(room: Room):
    client, other = room.client(), room.client()
    client.post(link(room))
    client.post("/password/", {"new": GOOD, "again": GOOD})
    other.post("/login/", {"username": "ann", "password": GOOD})
    fresh = {"new": GOOD + " ten", "again": GOOD + " ten"}
    assert client.post("/password/", {"old": "wrong", **fresh}).status_code == 400
    assert client.post("/password/", {"old": GOOD, **fresh}).status_code == 302
    assert signed_in(client)
    assert not signed_in(other)


def test_unknown_name_and_wrong_password_look_the_same(room: Room):
    link(room)
    answers = [
        room.client().post("/login/", {"username": name, "password": "x" * 14})
        for name in ("ann", "bob")
    ]
    pages = [answer.content.decode() for answer in answers]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert [("wrong" in page, "ann" in page) for page in pages] == [(True, False)] * 2


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:x", "\\\\e"]
)
def test_login_leads_to_no_other_site(room: Room, target):
    room.user("ann", Role.ANALYST)
    people.set_password(User.objects.get(), GOOD)
    form = {"username": "ann", "password": GOOD, "next": target}
    assert room.client().post("/login/", form).headers["Location"] == "/"
    assert room.client().post("/language/", {**form, "language": "ru"}).headers["Location"] == "/"


def test_forms_of_strangers_are_refused(room: Room):
    item = room.item(1)
    client = room.client(room.user("ann", Role.ANALYST))
    client.handler.enforce_csrf_checks = True
    for address in (f"/items/{item.public_id}/lift/", "/logout/", "/language/", "/password/"):
        answer = client.post(address, {"part": "pictures"})
        assert answer.status_code == 403, address
        assert "too old" in answer.content.decode()
    address = link(room, "bob")
    client = room.client()
    client.handler.enforce_csrf_checks = True
    assert client.post(address).status_code == 403
    assert LoginLink.objects.count() == 1


def test_cookies_are_out_of_reach_and_named_after_the_vault(room: Room):
    client = room.client()
    client.get("/login/")
    client.post(link(room))
    assert {name.rpartition("-")[2] for name in client.cookies} == {room.ws.layout.vault_id[:8]}
    for cookie in client.cookies.values():
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
    assert client.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 12 * 3600


def test_nobody_is_led_to_the_login_and_htmx_is_told(room: Room):
    client = room.client()
    assert client.get("/items/").headers["Location"] == "/login/?next=/items/"
    part = client.get("/items/", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/login/")
    assert (
        client.get("/items/x/renditions/waveform", headers={"accept": "image/*"}).status_code == 401
    )


def test_language_follows_browser_then_choice(room: Room):
    client = room.client(room.user("ann", Role.ANALYST))
    assert "Overview" in client.get("/").content.decode()
    russian = client.get("/", headers={"accept-language": "ru"})
    assert "Обзор" in russian.content.decode()
    assert russian.headers["Content-Language"] == "ru"
    client.post("/language/", {"language": "ru", "next": "/"})
    assert "Обзор" in client.get("/", headers={"accept-language": "en"}).content.decode()
    client.post("/language/", {"language": "xx"})
    assert "Обзор" in client.get("/").content.decode()


def test_users_are_added_with_an_entry_that_names_nobody(ws):
    before = Entry.objects.count()
    new = NewUser("olga", frozenset({Role.COUNSEL}), frozenset({"Everything"}))
    people.add(ws, custodian_here(), new)
    entry = Entry.objects.get(index=before)
    assert b"user-added" in bytes(entry.leaf)
    assert b"olga" not in bytes(entry.leaf) + bytes(entry.details)
    with pytest.raises(UsageError, match="exists"):
        people.add(ws, custodian_here(), new)
    assert Entry.objects.count() == before + 1


@pytest.mark.parametrize("name", ["", "a b", "-x", "a" * 65, "a\n", "../x", "\u202eann"])
def test_odd_names_are_refused(ws, name):
    with pytest.raises(UsageError):
        people.add(ws, custodian_here(), NewUser(name, frozenset({Role.ANALYST})))


def test_poor_passwords_unknown_collections_and_no_role_are_refused(ws):
    roles = frozenset({Role.ANALYST})
    for new in (
        NewUser("ann", roles, None, "password1234"),
        NewUser("ann", roles, None, "123456789012"),
        NewUser("ann", roles, frozenset({"Nowhere"})),
        NewUser("ann", frozenset()),
    ):
        with pytest.raises(UsageError):
            people.add(ws, custodian_here(), new)
    assert not User.objects.exists()


def test_only_who_manages_users_may(ws):
    nobody = Principal("a" * 32, frozenset(), frozenset())
    for act in (
        lambda: people.add(ws, nobody, NewUser("x", frozenset({Role.ANALYST}))),
        lambda: people.disable(ws, nobody, "x"),
        lambda: people.link(ws, nobody, "x"),
        lambda: people.first_user(ws, nobody),
    ):
        with pytest.raises(Forbidden):
            act()


def test_the_first_user_is_made_once(ws):
    assert people.first_user(ws, custodian_here()) == ("archivist", True)
    assert people.first_user(ws, custodian_here()) == ("archivist", False)


def test_sessions_that_are_over_are_forgotten_when_the_room_opens(room: Room, monkeypatch):
    """Their rows say who lifted the shield of which item."""
    monkeypatch.setattr(Player, "prepare", lambda self: None)
    held = room.item(1)
    for name in ("ann", "bob"):
        client = room.client(room.user(name, Role.ANALYST))
        client.post(f"/items/{held.public_id}/lift/", {"part": "pictures"})
    old = Session.objects.first()
    Session.objects.filter(pk=old.pk).update(expire_date=datetime.now(UTC) - timedelta(seconds=1))
    application(room.ws).prepare()
    assert Session.objects.count() == 1
    assert not Session.objects.filter(pk=old.pk).exists()


def test_ones_own_key_opens_with_the_password_and_follows_it(room: Room):
    from daylight.catalogue.models import OwnKey

    ann = room.user("ann", Role.ANALYST)
    client = room.client(ann)
    form = {"new": "grey heron at noon", "again": "grey heron at noon"}
    assert client.post("/password/", form).status_code == 302
    secret = room.views.secret(client.session.session_key, ann.agent)
    public = OwnKey.objects.get(user=ann).public
    assert secret
    client.post("/logout/")
    assert room.views.secret(client.session.session_key, ann.agent) is None
    again = room.client()
    again.post("/login/", {"username": "ann", "password": "grey heron at noon"})
    assert room.views.secret(again.session.session_key, ann.agent) == secret
    form = {
        "old": "grey heron at noon",
        "new": "two herons at night",
        "again": "two herons at night",
    }
    assert again.post("/password/", form).status_code == 302
    last = room.client()
    last.post("/login/", {"username": "ann", "password": "two herons at night"})
    assert room.views.secret(last.session.session_key, ann.agent) == secret
    assert OwnKey.objects.get(user=ann).public == public
