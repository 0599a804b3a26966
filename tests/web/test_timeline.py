"""The timeline's screens: what they hold, and who is told of what."""

import json
import re

import pytest
from django.urls import reverse

from daylight.catalogue.models import Camera, Recording
from daylight.catalogue.queries import timeline as queries
from daylight.domain.clocks import SECOND, parse_naive
from daylight.domain.media import State
from daylight.domain.principal import Role
from daylight.domain.sameness import Copy
from daylight.web.timeline import RECENT
from tests.recordings import recording
from tests.web.rooms import Room

NOON = parse_naive("2021-03-04 12:00:00")
HOUR = 3600 * SECOND
HOSTILE = "<b>yard\u202e"


@pytest.fixture(autouse=True)
def fresh():
    RECENT.forget()


def camera(number: int = 1, **more) -> Camera:
    return Camera.objects.create(number=number, **more)


def put(room: Room, number: int, of: Camera | None = None, **more) -> Recording:
    """A recording of an hour: ``at`` hours after noon by the clock that is named."""
    home, state = more.pop("home", "Everything"), more.pop("state", State.OK)
    item = recording(room.ws, number, home=home, seconds=3600, state=state)
    return Recording.objects.create(item=item, camera=of, **more)


def data(client, **asked) -> dict:
    answer = client.get(reverse("timeline-data"), asked)
    assert answer.status_code == 200
    return json.loads(answer.content)


def page(client, name: str = "timeline", **asked) -> str:
    answer = client.get(reverse(name), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_rows_runs_and_items(room: Room):
    gate = camera(name="gate", facility="north", confirmed=True)
    put(room, 1, gate, real_us=NOON, burnt_us=NOON + 5, uncertainty_us=2 * SECOND, confirmed=True)
    put(room, 2, gate, burnt_us=NOON + 3 * HOUR, state=State.DAMAGED)
    put(room, 3, None, container_us=NOON)
    put(room, 4, gate)
    told = data(room.as_(Role.ANALYST), columns=1000, crowd=1)
    assert told["schema"] == "timeline-view/1"
    assert [(row["name"], row["count"]) for row in told["rows"]] == [("gate", 2), ("", 1)]
    real, burnt = told["rows"][0]["runs"]
    assert [real[5], burnt[5]] == [0, 1]
    assert burnt[4] & 1
    one = told["items"][real[7]]
    assert one == [
        Recording.objects.get(pk=1).item.public_id,
        NOON,
        NOON + HOUR,
        0,
        0,
        2 * SECOND,
        0,
    ]
    assert max(told["crowd"]) == 2
    assert told["extent"][0] < NOON < told["extent"][1]


def test_a_window_is_answered_as_it_was_asked_for(room: Room):
    put(room, 1, camera(), burnt_us=NOON)
    client = room.as_(Role.ANALYST)
    told = data(client, **{"from": NOON, "to": NOON + HOUR // 2, "columns": 300})
    assert (told["from"], told["to"], told["columns"]) == (NOON, NOON + HOUR // 2, 300)
    assert told["rows"][0]["runs"][0][:2] == [0, 300]
    for asked in (
        {"from": "x", "to": "1"},
        {"from": "5", "to": "4"},
        {"from": "9" * 19, "to": "9" * 20},
        {"columns": "0"},
        {"columns": "999999999"},
        {"columns": "-5", "from": "\0"},
    ):
        assert data(client, **asked)["columns"] <= 6000


def test_folded_times_say_where_they_are(room: Room):
    put(room, 1, camera(), burnt_us=NOON)
    put(room, 2, camera(2), burnt_us=NOON + 900 * 24 * HOUR)
    client = room.as_(Role.ANALYST)
    told = data(client, fold=1)
    assert [one[1:] for one in told["folds"]] == [[NOON, HOUR], [NOON + 900 * 24 * HOUR, HOUR]]
    assert told["extent"][0] == 0
    assert told["extent"][1] < 5 * HOUR
    assert [one[2] - one[1] for one in told["items"]] == [HOUR, HOUR]
    assert data(client)["folds"] is None
    assert 'data-fold aria-pressed="true"' in page(client)


def test_nothing_is_there_of_foreign_collections(room: Room):
    far = camera(2, name="cellar", facility="south")
    put(room, 1, camera(name="gate"), burnt_us=NOON)
    put(room, 2, far, burnt_us=NOON, home="Elsewhere")
    put(room, 3, far, home="Elsewhere")
    client = room.as_(Role.ANALYST)
    assert [row["name"] for row in data(client)["rows"]] == ["gate"]
    shown = page(client)
    assert "cellar" not in shown
    assert "1 recording ·" in shown
    assert client.get(reverse("timeline-list"), {"camera": far.public_id}).status_code == 404
    assert page(client, "timeline-list", camera="untimed").count("<tr>") == 1


def test_what_is_kept_for_a_moment_is_kept_apart(room: Room):
    """The next one who asks sees what they may, however soon."""
    put(room, 1, camera(name="gate"), burnt_us=NOON, home="Elsewhere")
    home = room.user("there", Role.ANALYST, homes=("Elsewhere",))
    assert data(room.client(home))["rows"]
    assert data(room.as_(Role.ANALYST))["rows"] == []
    home.memberships.all().delete()
    assert data(room.client(home))["rows"] == []


def test_lists_name_every_recording_once(room: Room):
    gate = camera(name=HOSTILE)
    for n in range(1, 131):
        put(room, n, gate, burnt_us=NOON + n * HOUR)
    client = room.as_(Role.ANALYST)
    address = {"camera": gate.public_id}
    first, second = (
        page(client, "timeline-list", **address),
        page(client, "timeline-list", **address, after=100),
    )
    links = re.findall(r'/items/([0-9a-f]{32})/"', first + second)
    assert len(links) == len(set(links)) == 130
    assert "<b>yard" not in first
    assert "&lt;b&gt;yard" in first
    assert "\u202e" not in first
    assert "2021-03-04 13:00:00" in first


def test_without_a_time_is_told_and_not_dropped(room: Room):
    put(room, 1, camera())
    client = room.as_(Role.ANALYST)
    shown = page(client)
    assert "1 without a time" in shown
    assert "No recording has a time yet" in shown
    assert page(client, "timeline-list", camera="untimed").count("/items/") > 1


def test_pieces_of_an_export_lie_apart_and_lead_to_their_moment(room: Room):
    gate = camera(name="gate")
    pieces = [[0, 60 * SECOND, NOON], [60 * SECOND, 60 * SECOND, NOON - 5 * HOUR]]
    put(room, 1, gate, burnt_us=NOON, pieces=pieces)
    told = data(room.as_(Role.ANALYST), columns=6000)
    starts = sorted((one[1], one[3]) for one in told["items"])
    assert starts == [(NOON - 5 * HOUR, 60 * SECOND), (NOON, 0)]
    listed = page(room.client(room.user("b", Role.EDITOR)), "timeline-list", camera=gate.public_id)
    assert "?t=60" in listed


def test_duplicates_are_one_with_a_count(room: Room, monkeypatch):
    gate = camera(name="gate")
    put(room, 1, gate, burnt_us=NOON)
    for n in (2, 3):
        put(room, n, gate, burnt_us=NOON)
    put(room, 4, gate)
    same = [Copy(2, 1, 0, 0.99, True), Copy(3, 2, 0, 0.99, True), Copy(1, 4, 0, 0.99, False)]
    monkeypatch.setattr(queries, "copies", lambda: same)
    told = data(room.as_(Role.ANALYST))
    (run,) = told["rows"][0]["runs"]
    assert run[3] == 1
    assert run[4] & 4
    assert told["items"][run[7]][6] == 3
    assert "without a time" not in page(room.client(room.user("b", Role.EDITOR)))


def test_a_ring_of_copies_does_not_hang(room: Room, monkeypatch):
    gate = camera()
    for n in (1, 2, 3):
        put(room, n, gate, burnt_us=NOON)
    ring = [Copy(1, 2, 0, 1.0, True), Copy(2, 3, 0, 1.0, True), Copy(3, 1, 0, 1.0, True)]
    monkeypatch.setattr(queries, "copies", lambda: ring)
    told = data(room.as_(Role.ANALYST))
    assert sum(run[3] for run in told["rows"][0]["runs"]) == 1


def test_contested_is_marked(room: Room, monkeypatch):
    put(room, 1, camera(), burnt_us=NOON)
    monkeypatch.setattr(queries, "contested", lambda: frozenset({1}))
    assert data(room.as_(Role.ANALYST))["rows"][0]["runs"][0][4] & 2


def test_an_items_page_says_where_and_when(room: Room):
    gate = camera(name="gate", facility="north", confirmed=True)
    put(room, 1, gate, burnt_us=NOON, confidence=0.87)
    client = room.as_(Role.ANALYST)
    address = reverse("item", args=[Recording.objects.get().item.public_id])
    shown = client.get(address).content.decode()
    assert "proposed, 87 of 100" in shown
    assert "2021-03-04 12:00:00" in shown
    assert "nobody has said" in shown
    Recording.objects.update(order_basis="file-time")
    assert "told apart by the time that the disk" in client.get(address).content.decode()
    Recording.objects.update(confirmed=True, real_us=NOON, uncertainty_us=1_500_000)
    shown = client.get(address).content.decode()
    assert "± 1.5 s" in shown
    assert "proposed" not in shown


def test_nothing_that_moves_or_shows_is_on_the_page(room: Room):
    put(room, 1, camera(), burnt_us=NOON)
    shown = page(room.as_(Role.ANALYST))
    for word in ("<video", '<img src="/items', "renditions", "autoplay", "<style", "style="):
        assert word not in shown
    assert re.findall(r"<script(?![^>]*\bsrc=)", shown) == []


def test_an_empty_vault_has_a_page(room: Room):
    client = room.as_(Role.ARCHIVIST)
    assert "No recording has a time yet" in page(client)
    assert data(client)["rows"] == []
