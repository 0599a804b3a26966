"""Lifting shields in bulk is told, on a page of its own."""

from daylight.catalogue.models import Alert
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.access import Policy
from daylight.domain.principal import Role
from daylight.services.policy import set_policy
from tests.web.rooms import Room


def test_lifting_many_shields_is_told_to_counsel_and_administrator(room: Room):
    set_policy(room.ws, custodian_here(), Policy(alert_opened=2))
    items = [room.item(number) for number in range(1, 5)]
    client = room.client(room.user("ann", Role.ANALYST))
    for item in items:
        for part in ("pictures", "player"):
            client.post(f"/items/{item.public_id}/lift/", {"part": part})
    assert [(row.kind, row.count) for row in Alert.objects.all()] == [("opened", 4)]
    for role in (Role.COUNSEL, Role.ADMINISTRATOR):
        reader = room.as_(role)
        page = reader.get("/alerts/").content.decode()
        assert "ann" in page
        assert not any(item.public_id in page for item in items)
    assert 'damaged n">1<' in page  # the number beside the way there
    assert reader.post(f"/alerts/{Alert.objects.get().public_id}/settle/").status_code == 302
    assert "looked into by administrator" in reader.get("/alerts/").content.decode()
    assert reader.post(f"/alerts/{Alert.objects.get().public_id}/settle/").status_code == 404


def test_nobody_settles_what_is_about_themselves(room: Room):
    set_policy(room.ws, custodian_here(), Policy(alert_opened=1))
    both = room.client(room.user("eve", Role.ANALYST, Role.ADMINISTRATOR))
    for number in (1, 2):
        both.post(f"/items/{room.item(number).public_id}/lift/", {"part": "pictures"})
    assert "about you" in both.get("/alerts/").content.decode()
    assert both.post(f"/alerts/{Alert.objects.get().public_id}/settle/").status_code == 404
