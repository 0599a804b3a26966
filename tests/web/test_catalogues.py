"""The screens on each kind of catalogue: what SQLite forgives PostgreSQL may not."""

import re

import pytest
from django.urls import reverse

from daylight.catalogue.models import User
from daylight.domain.principal import Role
from daylight.services import second_factor
from daylight.services.workspace import Workspace
from tests.web.rooms import Room

PEOPLE = ("/account/", "/account/second-factor/", "/again/", "/people/", "/alerts/")


@pytest.fixture
def any_room(any_ws: Workspace) -> Room:
    return Room(any_ws)


def test_every_screen_answers(any_room: Room):
    held = any_room.item(1)
    any_room.item(2)
    client = any_room.as_(Role.ARCHIVIST, Role.ADMINISTRATOR)
    for address in ("/", "/items/", "/items/?kind=video&state=ok", "/password/", *PEOPLE):
        assert client.get(address).status_code == 200, address
    assert client.get(f"/items/?after={held.public_id}").content.count(b"data-card") == 1
    page = client.get(reverse("item", args=[held.public_id])).content.decode()
    assert bytes(held.sha256).hex() in page
    assert client.post(f"/items/{held.public_id}/lift/", {"part": "pictures"}).status_code == 302
    clear = reverse("rendition", args=[held.public_id, "filmstrip-clear"])
    assert b"".join(client.get(clear).streaming_content) == any_room.blobs["filmstrip-clear"]


@pytest.mark.parametrize(
    ("name", "status"), [("kind", 200), ("state", 200), ("accession", 200), ("after", 404)]
)
def test_a_nul_in_an_address_matches_nothing(any_room: Room, name, status):
    any_room.item(1)
    answer = any_room.as_(Role.ANALYST).get(f"/items/?{name}=%00")
    assert answer.status_code == status
    assert b"data-card" not in answer.content


def test_people_come_and_go(any_room: Room):
    """Invited, given other rights, locked out, let in again, with a second factor, shut out."""
    admin = any_room.as_(Role.ADMINISTRATOR)
    form = {"username": "olga", "role": "analyst", "collection": "Everything"}
    any_room.home("Everything")
    invitation = admin.post("/people/", form).content.decode()
    token = re.search(r"/invited/([\w-]+)/", invitation)[1]
    good = "umber tidal plover nine"
    guest = any_room.client()
    assert guest.post(f"/invited/{token}/", {"new": good, "again": good}).status_code == 302
    user = User.objects.get(username="olga")
    second_factor.begin(any_room.ws, user)
    assert second_factor.confirm(any_room.ws, user, "0") is None
    for _ in range(6):
        answer = any_room.client().post("/login/", {"username": "olga", "password": "\0"})
    assert "Too many attempts" in answer.content.decode()
    for act in ("unlock", "reset-code", "invite", "change", "disable"):
        answer = admin.post(f"/people/{user.agent}/{act}/", {**form, "username": "x\0"})
        assert answer.status_code in (200, 302), act
    assert guest.get("/").status_code == 302
    any_room.client(user).post(f"/items/{any_room.item(1).public_id}/lift/", {"part": "player"})
    assert admin.get("/alerts/").status_code == 200


def test_a_nul_in_a_name_is_a_wrong_name(any_room: Room):
    any_room.user("ab", Role.ANALYST)
    form = {"username": "a\0b", "password": "umber tidal plover nine"}
    assert any_room.client().post("/login/", form).status_code == 403


def test_an_item_of_another_collection_is_no_cursor(any_room: Room):
    any_room.item(1)
    far = any_room.item(2, home="Elsewhere", accession="far")
    client = any_room.as_(Role.ANALYST)
    assert client.get(f"/items/?after={far.public_id}").status_code == 404
