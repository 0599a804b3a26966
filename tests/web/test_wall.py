"""Facets count what is left beside them, fold copies, and follow what changes."""

import re

from daylight.catalogue.models import Camera, Item, Recording, Relation, Standing
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.marks import Kind, Said
from daylight.domain.principal import Role
from daylight.services import marks, review
from daylight.web import walls
from tests.web.rooms import Room

NOON = 1_614_859_200 * 10**6  # 2021-03-04 12:00


def cards(client, query=""):
    page = re.sub("</?bdi>", "", client.get(f"/items/?{query}").content.decode())
    return page.count("data-card"), page


def same(a, b, length_us=80_000_000):
    Relation.objects.create(
        item_a=a, item_b=b, kind="remuxed", a_start_us=0, b_start_us=0,
        length_us=length_us, score=1.0, analysis="sameness", version=1, facts={},
    )  # fmt: skip


def test_copies_are_folded_into_the_first_and_can_be_shown(room: Room):
    items = [room.item(n) for n in range(1, 5)]
    same(items[0], items[2])
    same(items[2], items[3])
    same(items[1], items[3], length_us=20_000_000)  # a part is another film
    client = room.as_(Role.ANALYST)
    count, page = cards(client)
    assert count == 2
    assert "+2 copies" in page
    assert "of 4, copies folded" in page
    assert cards(client, "copies=all")[0] == 4


def test_a_copy_that_may_not_be_seen_is_not_counted(room: Room):
    first, other = room.item(1), room.item(2, home="Elsewhere", accession="far")
    same(first, other)
    count, page = cards(room.as_(Role.ANALYST))
    assert count == 1
    assert "copies" not in page.split("<nav")[1].replace("copies=all", "")


def test_camera_facility_and_time_narrow_and_are_counted(room: Room):
    items = [room.item(n) for n in range(1, 6)]
    gate = Camera.objects.create(number=1, name="Gate", facility="Site A")
    yard = Camera.objects.create(number=2, facility="Site B")
    for n, item in enumerate(items[:4]):
        camera = gate if n < 3 else yard
        Recording.objects.create(item=item, camera=camera, burnt_us=NOON + n * 3_600_000_000)
    client = room.as_(Role.ANALYST)
    _, page = cards(client)
    assert "Gate (3)" in page
    assert "Camera 2 (1)" in page
    assert "Site A (3)" in page
    assert "12:00–12:59 (1)" in page
    assert cards(client, f"camera={gate.public_id}")[0] == 3
    assert cards(client, "facility=Site+B")[0] == 1
    assert cards(client, "hour=13&facility=Site+A")[0] == 1
    assert cards(client, "month=2021-03")[0] == 4
    assert cards(client, "month=none")[0] == 1
    _, narrowed = cards(client, "hour=13")
    assert "12:00–12:59 (1)" in narrowed  # one can change one's mind
    assert 'name="camera"' not in narrowed  # there is but one left
    _, kept = cards(client, f"hour=13&camera={gate.public_id}")
    assert "Gate (1)" in kept


def test_facilities_without_a_name_have_numbers(room: Room):
    """As on the timeline: cameras that seem to belong together."""
    for n, site in enumerate((0, 0, 1), 1):
        camera = Camera.objects.create(number=n, site=site)
        Recording.objects.create(item=room.item(n), camera=camera)
    client = room.as_(Role.ANALYST)
    _, page = cards(client)
    assert "Facility 1, not named (2)" in page
    assert cards(client, "facility=%3F2")[0] == 1
    item = Item.objects.get(pk=3)
    assert "Facility 2, not named" in client.get(f"/items/{item.public_id}/").content.decode()


def test_what_people_said_and_did_shows_at_once(room: Room):
    item, other = room.item(1), room.item(2)
    client = room.as_(Role.ANALYST)
    assert 'by nobody <span class="n">2' in cards(client)[1]
    marks.make(room.ws, custodian_here(), item.public_id, Kind.SEVERITY, Said(severity=3))
    marks.make(room.ws, custodian_here(), other.public_id, Kind.DESCRIPTION, Said("a man walks"))
    review.take(room.ws, custodian_here(), item.public_id)
    review.end(room.ws, custodian_here(), item.public_id, "reviewed")
    _, page = cards(client)
    assert "severity 3" in page
    assert cards(client, "severity=3")[0] == 1
    assert cards(client, "severity=none")[0] == 1
    assert cards(client, "seen=reviewed")[0] == 1
    assert cards(client, "seen=described")[0] == 1


def test_a_large_wall_is_read_anew_in_the_background(room: Room, monkeypatch):
    monkeypatch.setattr(walls, "QUICK", 0.05)
    room.item(1)
    mine = walls.Walls()
    vault = room.ws.layout.vault_id
    first = mine.of(vault)
    mine._took = 1.0  # as if it were large
    room.item(2)
    assert mine.of(vault) is first  # it may be four seconds old
    mine._at -= 5
    assert mine.of(vault) is first  # and is read beside whoever asks
    for _ in range(200):
        if mine.of(vault) is not first:
            break
        import time

        time.sleep(0.02)
    assert len(mine.of(vault).keys) == 2
    mine._took, mine._at = 1.0, mine._at - 100
    room.item(3)
    assert len(mine.of(vault).keys) == 3  # nothing that old is shown


def test_another_collections_counts_do_not_show(room: Room):
    room.item(1)
    room.item(2, home="Elsewhere", accession="far")
    Standing.objects.update_or_create(item_id=2, defaults={"severity": 4})
    _, page = cards(room.as_(Role.ANALYST))
    assert not re.search(r"severity=4", page)
    assert "far" not in page
