"""Administrators and the people: invitations, rights that change, who is out at once."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from daylight.catalogue.accounts import accounts
from daylight.catalogue.models import Entry, LoginLink, Sitting, User
from daylight.catalogue.queries.people import principal_of
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.principal import Role
from daylight.errors import UsageError
from daylight.services import onion, people, personal_keys
from daylight.web import play, renditions
from tests.web.rooms import Room

GOOD = "umber tidal plover nine"
ADD = {"username": "olga", "role": ["analyst", "editor"], "collection": ["Everything"]}


@pytest.fixture
def admin(room: Room):
    room.home("Everything")
    return room.as_(Role.ADMINISTRATOR)


def invitation(answer) -> str:
    return re.search(r"(/invited/[\w-]+/)", answer.content.decode())[1]


def person(name: str) -> User:
    return User.objects.get(username=name)


def act(client, name: str, what: str, form=None):
    return client.post(reverse(what, args=[person(name).agent]), form or {})


def last_entry() -> bytes:
    row = Entry.objects.order_by("-index")[0]
    return bytes(row.leaf) + bytes(row.details)


def test_an_invited_person_chooses_a_password_and_is_in(room: Room, admin):
    answer = admin.post("/people/", ADD)
    assert answer.status_code == 200
    address = invitation(answer)
    guest = room.client()
    for _ in range(2):
        assert "olga" in guest.get(address).content.decode()
    assert guest.post(address, {"new": "short", "again": "short"}).status_code == 400
    assert guest.post(address, {"new": GOOD, "again": GOOD + "x"}).status_code == 400
    assert guest.post(address, {"new": GOOD, "again": GOOD}).headers["Location"] == "/"
    assert guest.get("/items/").status_code == 200
    assert guest.get(address).status_code == 410
    assert guest.post(address, {"new": GOOD + "y", "again": GOOD + "y"}).status_code == 410
    other = room.client()
    assert other.post("/login/", {"username": "olga", "password": GOOD}).status_code == 302
    assert {one.role for one in person("olga").grants.all()} == {"analyst", "editor"}


def test_invitations_end_and_only_the_newest_counts(room: Room, admin):
    first = invitation(admin.post("/people/", ADD))
    second = invitation(act(admin, "olga", "invite-person"))
    assert b"user-invited" in last_entry()
    assert room.client().get(first).status_code == 410
    link = LoginLink.objects.get()
    assert timedelta(days=2.9) < link.expires - room.ws.clock() <= timedelta(days=3)
    LoginLink.objects.update(expires=room.ws.clock())
    assert room.client().post(second, {"new": GOOD, "again": GOOD}).status_code == 410


def test_an_invitation_is_no_login_link_nor_the_other_way_round(room: Room, admin):
    token = invitation(admin.post("/people/", ADD)).split("/")[2]
    assert room.client().post(f"/enter/{token}/").status_code == 410
    link = people.link(room.ws, custodian_here(), "olga")
    assert room.client().post(f"/invited/{link}/", {"new": GOOD, "again": GOOD}).status_code == 410


def test_a_new_invitation_ends_sessions_once_it_is_used(room: Room, admin):
    thief = room.client(room.user("ann", Role.ANALYST))
    address = invitation(act(admin, "ann", "invite-person"))
    assert thief.get("/").status_code == 200
    room.client().post(address, {"new": GOOD, "again": GOOD})
    assert thief.get("/").status_code == 302


def test_what_is_wrong_with_a_new_name_is_said(admin):
    admin.post("/people/", ADD)
    for form, said in (
        (ADD, "exists"),
        ({**ADD, "username": "a b"}, "1 to 64"),
        ({**ADD, "username": "eve", "role": []}, "at least one role"),
        ({**ADD, "username": "eve", "role": ["king"]}, "at least one role"),
        ({**ADD, "username": "eve", "collection": ["Nowhere"]}, "Nowhere"),
        ({**ADD, "username": "eve", "collection": ["a\0b"]}, "no collection"),
    ):
        answer = admin.post("/people/", form)
        assert answer.status_code == 400
        assert said in answer.content.decode()
    assert not User.objects.filter(username="eve").exists()


def test_without_a_collection_somebody_new_sees_nothing(room: Room, admin):
    """On the page none means none; `daylight user add` without one means all."""
    room.item(1)
    address = invitation(admin.post("/people/", {**ADD, "collection": []}))
    guest = room.client()
    guest.post(address, {"new": GOOD, "again": GOOD})
    assert b"data-card" not in guest.get("/items/").content


def test_changed_rights_end_sessions_and_agree_with_the_ledger(room: Room, admin):
    admin.post("/people/", ADD)
    client = room.client(person("olga"))
    room.home("Night")
    assert client.get("/items/").status_code == 200
    form = {"role": ["counsel"], "collection": ["Night"]}
    assert act(admin, "olga", "change-person", form).status_code == 302
    assert client.get("/items/").headers["Location"].startswith("/login/")
    seen = principal_of(person("olga"))
    assert seen.collections == {room.home("Night").public_id}
    assert b"user-changed" in last_entry()
    assert b"olga" not in last_entry()
    agent = person("olga").agent
    assert [one for one in accounts() if agent in one.object] == []
    person("olga").grants.all().delete()
    assert [one.name for one in accounts() if agent in one.object] == ["user-changed"]


def test_nobody_changes_their_own_account(room: Room):
    admin = room.as_(Role.ADMINISTRATOR)
    name = Role.ADMINISTRATOR
    for what, form in (
        ("change-person", {"role": ["archivist"], "collection": ["Everything"]}),
        ("disable-person", {}),
        ("invite-person", {}),
    ):
        answer = act(admin, name, what, form)
        assert answer.status_code == 400, what
        assert "your own account" in answer.content.decode()
    assert [one.role for one in person(name).grants.all()] == [Role.ADMINISTRATOR]


def test_a_disabled_person_is_out_and_stays_out(room: Room, admin):
    address = invitation(admin.post("/people/", ADD))
    client = room.client(person("olga"))
    assert act(admin, "olga", "disable-person").status_code == 302
    assert not Sitting.objects.filter(user=person("olga")).exists()
    assert client.get("/").status_code == 302
    assert room.client().post(address, {"new": GOOD, "again": GOOD}).status_code == 410
    for what in ("change-person", "invite-person"):
        assert act(admin, "olga", what, {"role": ["analyst"]}).status_code == 400


def test_a_disabled_person_is_let_in_again_by_an_invitation_alone(room: Room, admin):
    room.item(1)
    room.client().post(invitation(admin.post("/people/", ADD)), {"new": GOOD, "again": GOOD})
    link = people.link(room.ws, custodian_here(), "olga")
    key = personal_keys.add(room.ws, custodian_here(), "olga", "a long passphrase")
    onion.give_key(room.ws, custodian_here(), "olga")
    client = room.client(person("olga"))
    act(admin, "olga", "disable-person")
    page = admin.get(reverse("person", args=[person("olga").agent]))
    assert "Enable again" in page.content.decode()
    address = invitation(act(admin, "olga", "enable-person"))
    assert act(admin, "olga", "enable-person").status_code == 400
    assert [one for one in accounts() if person("olga").agent in one.object] == []
    assert client.get("/").status_code == 302
    assert room.client().post(f"/enter/{link}/").status_code == 410
    signing = {"username": "olga", "password": GOOD}
    assert room.client().post("/login/", signing).status_code == 403
    assert not personal_keys.stands(person("olga"), key)
    assert not onion.how_many()
    guest = room.client()
    guest.post(address, {"new": GOOD, "again": GOOD})
    assert b"data-card" in guest.get("/items/").content
    assert {one.role for one in person("olga").grants.all()} == {"analyst", "editor"}


def test_a_segment_that_was_being_made_is_not_sent_to_somebody_shut_out(room: Room, monkeypatch):
    item = room.item(1)
    client = room.client(room.user("ann", Role.ANALYST))

    def slow(*args, **words):
        people.disable(room.ws, custodian_here(), "ann")
        return b"G" * 188

    monkeypatch.setattr(play.watch, "segment", slow)
    answer = client.get(reverse("segment", args=[item.public_id, "shielded", 0]))
    assert answer.status_code == 403
    assert b"G" * 188 not in answer.content


@pytest.mark.parametrize("how", ["disable", "change"])
def test_a_picture_that_is_being_sent_breaks_off(room: Room, monkeypatch, how):
    monkeypatch.setattr(renditions, "_CHUNK", 64)
    item = room.item(1)
    client = room.client(room.user("ann", Role.ANALYST))
    address = reverse("rendition", args=[item.public_id, "filmstrip-shielded"])
    whole = room.blobs["filmstrip-shielded"]
    pieces = client.get(address).streaming_content
    got = [next(pieces)]
    if how == "disable":
        people.disable(room.ws, custodian_here(), "ann")
    else:
        people.change(room.ws, custodian_here(), "ann", frozenset({Role.COUNSEL}), None)
    assert b"".join([*got, *pieces]) == whole[:64] != whole


def test_a_locked_name_is_shown_and_unlocked(room: Room, admin):
    people.set_password(room.user("ann", Role.ANALYST), GOOD)
    wrong = {"username": "ann", "password": "x"}
    answers = [room.client().post("/login/", wrong) for _ in range(6)]
    assert "Too many attempts. Wait 1 min." in answers[-1].content.decode()
    assert room.client().post("/login/", {**wrong, "password": GOOD}).status_code == 403
    page = reverse("person", args=[person("ann").agent])
    assert "locked out" in admin.get(page).content.decode()
    assert act(admin, "ann", "unlock-person").status_code == 302
    assert "locked out" not in admin.get(page).content.decode()
    assert room.client().post("/login/", {**wrong, "password": GOOD}).status_code == 302


def test_every_sentence_that_is_translated_is_still_said():
    """The page knows what services refuse by their words."""
    from pathlib import Path

    from daylight.web.people import told

    services = Path(people.__file__).parent
    source = "".join(path.read_text() for path in services.glob("*.py"))
    for words in (
        "a user of this name exists",
        "a user's name is 1 to 64 letters, digits and . @ - _",
        "this user is disabled",
        "this user is not disabled",
        "this user has no second factor",
        "this is your own account; somebody else must do it, or the custodian",
        "a user needs a role",
    ):
        assert f'"{words}' in source
        assert told(UsageError(words)) != f"{words}."
