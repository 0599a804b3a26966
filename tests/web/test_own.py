"""One's own page: nobody else's; what one does not want is not offered; help and totals."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from daylight.catalogue.models import Camera, OwnPart, Recording, Relation, Standing
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.marks import Kind, Said, Span
from daylight.domain.principal import Role
from daylight.domain.views import View, day_of
from daylight.services import marks, own
from daylight.services.help_text import LONGEST
from daylight.services.view_setup import set_up
from daylight.services.views import ViewLog
from tests.services.persons import person
from tests.web.rooms import Room

PASSWORD = "grey heron at noon"


@pytest.fixture
def ann(room: Room):
    """Signed in, with a password of her own: the client and her agent."""
    user = room.user("ann", Role.ANALYST)
    client = room.client(user)
    assert client.post("/password/", {"new": PASSWORD, "again": PASSWORD}).status_code == 302
    return client, user.agent


def watch(room, agent, item, minutes, how="clear"):
    end = minutes * 60_000_000
    room.views.note(View(agent, item.public_id, how, 0, end, 1, 1))


def page(client, address="/you/"):
    return client.get(address).content.decode()


def cells(text):
    row = re.search(r"<tbody>\s*<tr>(.*?)</tr>", text, re.DOTALL)[1]
    return [re.sub(r"<.*?>", "", one) for one in re.findall(r"<td.*?</td>", row)]


def test_minutes_are_counted_by_severity_and_shielded_ones_are_not(room: Room, ann):
    client, agent = ann
    hard, unsaid = room.item(1), room.item(2)
    Standing.objects.create(item=hard, severity=4)
    watch(room, agent, hard, 3)
    watch(room, agent, hard, 50, "shielded")
    watch(room, agent, unsaid, 2)
    watch(room, "b" * 32, hard, 40)  # somebody else
    text = page(client)
    assert cells(text) == ["0", "0", "0", "0", "3", "2", "5"]
    assert bytes(hard.sha256).hex()[:12] in text


def test_seconds_count_by_the_severity_of_their_span_and_stills_count(room: Room, ann):
    client, agent = ann
    item, copy = room.item(1), room.item(2)
    Relation.objects.create(
        item_a=item, item_b=copy, kind="contained", a_start_us=40_000_000, b_start_us=60_000_000,
        length_us=30_000_000, score=1.0, analysis="sameness", version=1, facts={},
    )  # fmt: skip
    who = person("a", "Everything")
    hard = Said(severity=4, span=Span(60_000_000, 80_000_000))
    marks.make(room.ws, who, copy.public_id, Kind.SEVERITY, hard)
    watch(room, agent, item, 3)  # of which a third of a minute is severe, by a copy of it
    for _ in range(15):
        room.views.note(View(agent, item.public_id, "clear", 41_000_000, 41_000_000, 1, 1))
    room.views.flush()
    secret = room.views.secret(client.session.session_key, agent)
    spent = own.part(agent, secret).spent(day_of(room.ws.clock()))
    assert (spent["4"], spent["unknown"]) == (50_000_000, 160_000_000)
    room.views.note(View(agent, item.public_id, "pictures-clear", None, None, 1, 1))
    room.views.note(View(agent, item.public_id, "pictures-shielded", None, None, 1, 1))
    room.views.flush()
    spent = own.part(agent, secret).spent(day_of(room.ws.clock()))
    assert spent["4"] == 60_000_000


def test_it_opens_with_ones_own_password_alone(room: Room, ann):
    _, agent = ann
    from daylight.catalogue.models import User

    linked = room.client(User.objects.get(agent=agent))  # as by a link that somebody else made
    assert "Nobody else sees this page" not in page(linked)
    refused = linked.post("/you/open/", {"password": "wrong"})
    assert "password is wrong" in refused.content.decode()
    assert "Nobody else sees this page" not in page(linked)
    assert linked.post("/you/open/", {"password": PASSWORD}).status_code == 302
    assert "Nobody else sees this page" in page(linked)
    boss = room.as_(Role.ADMINISTRATOR, Role.ARCHIVIST)
    assert "Choose a password" in page(boss)


def test_the_desk_says_of_what_it_offers_where_and_when_it_was(room: Room, ann):
    client, _ = ann
    camera = Camera.objects.create(number=7)
    placed = room.item(1)
    Recording.objects.create(item=placed, camera=camera, burnt_us=1_615_000_000_000_000)
    shown = re.sub("</?bdi>", "", page(client, "/desk/"))
    assert "Camera 7 · 2021-03-06 03:06:40" in shown
    assert "nobody has said how hard" in shown
    marks.make(room.ws, custodian_here(), placed.public_id, Kind.SEVERITY, Said(severity=1))
    assert "nobody has said how hard" not in page(client, "/desk/")


def test_budget_and_wishes_are_kept_sealed_and_the_desk_honours_them(room: Room, ann):
    client, agent = ann
    items = [room.item(number) for number in range(1, 5)]
    Standing.objects.create(item=items[0], severity=4)
    Standing.objects.create(item=items[1], severity=2, notes=" child ")
    Standing.objects.create(item=items[2], severity=2)
    names = [bytes(one.sha256).hex()[:12] for one in items]
    assert all(name in page(client, "/desk/") for name in names)
    form = {"at_most": "3", "without": ["child", "<x>"], "budget_2": "5", "pause": "15"}
    assert client.post("/you/wishes/", form).status_code == 302
    offered = [name in page(client, "/desk/") for name in names]
    assert offered == [False, False, True, True]
    assert b"child" not in bytes(OwnPart.objects.get().sealed)
    watch(room, agent, items[2], 5)
    room.views.flush()
    assert [name in page(client, "/desk/") for name in names] == [False, False, False, True]
    assert "budget for today is spent" in page(client)
    assert '<small class="soft"> / 5</small>' in page(client)


def test_what_was_handed_over_is_not_listed_against_a_wish(room: Room, ann):
    client, agent = ann
    item = room.item(1)
    name = bytes(item.sha256).hex()[:12]
    other = room.as_(Role.ANALYST)
    for act, form in (("take", {}), ("end", {"how": "handed-over"})):
        other.post(f"/items/{item.public_id}/{act}/", form)
    Standing.objects.update(severity=3)
    assert name in page(client, "/desk/")
    client.post("/you/wishes/", {"at_most": "2", "budget_0": "1"})
    assert name not in page(client, "/desk/")
    assert "1 more waits that is not offered to you today" in page(client, "/desk/")
    Standing.objects.update(severity=None)
    assert name in page(client, "/desk/")  # nobody has said how hard it is
    Standing.objects.update(severity=0)
    watch(room, agent, item, 2)
    room.views.flush()
    Standing.objects.update(severity=None)
    assert name not in page(client, "/desk/")  # the budget of all there is is spent


def test_nothing_is_offered_while_the_part_is_closed(room: Room, ann):
    client, _ = ann
    name = bytes(room.item(1).sha256).hex()[:12]
    assert name in page(client, "/desk/")
    room.views.closed(client.session.session_key)  # the server was started anew
    assert name not in page(client, "/desk/")
    assert "Your own part is closed" in page(client, "/desk/")
    assert name in page(room.as_(Role.ANALYST), "/desk/")  # came by a link, has no part


def test_the_player_knows_when_to_say_a_word(room: Room, ann):
    client, agent = ann
    item = room.item(1)
    client.post("/you/wishes/", {"pause": "7", "at_most": "4"})
    watch(room, agent, item, 2)
    room.views.flush()
    lifted = client.post(
        f"/items/{item.public_id}/lift/", {"part": "player"}, headers={"HX-Request": "true"}
    )
    assert 'data-pause="420" data-spent="120"' in lifted.content.decode()
    assert "data-calm" not in page(client, f"/items/{item.public_id}/")


def test_the_word_comes_to_those_too_whose_part_is_closed(room: Room, ann):
    client, _ = ann
    address = f"/items/{room.item(1).public_id}/lift/"
    client.post("/you/wishes/", {"pause": "7", "at_most": "4"})
    room.views.closed(client.session.session_key)  # the server was started anew
    by_link = room.as_(Role.ANALYST)
    for one in (client, by_link):
        lifted = one.post(address, {"part": "player"}, headers={"HX-Request": "true"})
        assert 'data-pause="1200" data-spent="0"' in lifted.content.decode()


def test_help_is_escaped_and_its_addresses_become_links(room: Room):
    boss, reader = room.as_(Role.ADMINISTRATOR), room.as_(Role.ANALYST)
    assert "has not written this page" in page(reader, "/help/")
    text = "Call <b>Ann</b>\nhttps://help.example/x javascript:alert(1)"
    assert boss.post("/help/", {"text": text}).status_code == 302
    shown = page(reader, "/help/")
    assert "&lt;b&gt;Ann&lt;/b&gt;" in shown
    assert 'href="https://help.example/x"' in shown
    assert 'href="javascript' not in shown
    assert reader.post("/help/", {"text": "mine"}).status_code == 403
    assert boss.post("/help/", {"text": "x" * (LONGEST + 1)}).status_code == 400
    assert "Ann" in page(reader, "/help/")


def test_whoever_manages_users_is_told_that_there_is_no_audit_key(room: Room):
    boss, reader = room.as_(Role.ADMINISTRATOR), room.as_(Role.ANALYST)
    assert "views setup" in page(boss, "/")
    assert "views setup" not in page(reader, "/")
    set_up(room.ws, custodian_here(), threshold=2, shares=3, days=90)
    assert "views setup" not in page(boss, "/")


def test_totals_are_of_ten_or_more(room: Room):
    boss, item = room.as_(Role.ADMINISTRATOR), room.item(1)
    before = replace(room.ws, clock=lambda: room.ws.clock() - timedelta(days=7))
    log = ViewLog(before)
    for number in range(9):
        log.note(View(f"{number:032x}", item.public_id, "clear", 0, 60_000_000, 1, 1))
    log.flush()
    assert '<td class="num">9</td>' not in page(boss, "/together/")
    log.note(View("f" * 32, item.public_id, "clear", 0, 60_000_000, 1, 1))
    log.flush()
    assert '<td class="num">10</td>' in page(boss, "/together/")
    assert room.as_(Role.ARCHIVIST).get("/together/").status_code == 403
