"""Who may open what: every address with every role, against the table in docs/review-room.md."""

import re
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from django.urls import resolve, reverse

from daylight.catalogue.models import Alert, Rendition, User
from daylight.catalogue.queries.items import RenditionView
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.digest import Digest
from daylight.domain.marks import Kind, Said, Span
from daylight.domain.principal import Role
from daylight.services import marks, people
from daylight.services.kept import Still
from daylight.web import frames, play, preview
from daylight.web.sitting import FRESH, PROVED
from daylight.web.urls import urlpatterns
from tests.web.rooms import Room

PAGE = Path(__file__).resolve().parents[2] / "docs" / "review-room.md"
WHO = ["nobody", *Role]
FORM = {
    "part": "pictures",
    "language": "en",
    "kind": "mark",
    "words": "what I saw",
    "version": "1",
    "how": "reviewed",
    "username": "colleague",
    "act": "begin",
    "sitting": "x",
    "role": "analyst",
}


def table() -> list[tuple[str, str, dict[str, str]]]:
    lines = [line.strip("|\n ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    assert header[2:] == WHO
    return [(row[0].strip("`"), row[1], dict(zip(WHO, row[2:], strict=True))) for row in rows]


PLACES = ("ID", "TOKEN", "AGENT", "ALERT", "MARK", "CALL", "JOB")


def _plain(address: str) -> str:
    address = address.partition("?")[0]
    for place in PLACES:
        address = re.sub(rf"\b{place}\b", "x", address)
    return address


def test_the_table_names_every_address():
    named = {resolve(_plain(address)).url_name for address, *_ in table()}
    assert named == {pattern.name for pattern in urlpatterns}


@pytest.fixture
def playing(monkeypatch):
    monkeypatch.setattr(play.watch, "playlist", lambda *a: "#EXTM3U\n")
    monkeypatch.setattr(
        play.watch, "segment", lambda *a, **k: play.watch.Made(b"G" * 188, 0, 4_000_000)
    )
    still = Still(0, 0, 0, 0, Fraction(1, 25), 0, 16, 9, "image/jpeg", b"\xff\xd8\xff")
    kept = RenditionView("frame-0-clear", "image/png", Digest(bytes(32)), 1, {}, "grab", 1)
    found = frames.frames.Stepped(still, (still,))
    for name, answer in {
        "at_moment": found,
        "at_number": found,
        "still": still,
        "grab": kept,
    }.items():
        monkeypatch.setattr(frames.frames, name, lambda *a, answer=answer, **more: answer)
    shown = preview.Preview(b"film", "video/mp4", Span(0, 1_000_000), 1, 25)
    monkeypatch.setattr(preview, "rendered", lambda *a: shown)


@pytest.mark.parametrize("who", WHO)
def test_every_address_answers_as_the_table_says(room: Room, playing, who):
    item = room.item(1)
    for number, (address, method, allowed) in enumerate(table()):
        wanted = allowed[who]
        user = None if who == "nobody" else room.user(f"u{number}", Role(who))
        real = _real(room, address, item.public_id)
        answer = _ask(room.client(user), method, real)
        told = {"lifted": "no", "again": "yes"}.get(wanted, wanted)
        assert _outcome(answer) == told, (address, method, who)
        if wanted == "lifted":
            client = room.client(user)
            for part in ("pictures", "player"):
                client.post(reverse("lift", args=[item.public_id]), {"part": part})
            assert _outcome(_ask(client, method, real)) == "yes", (address, who)
        if wanted == "again":
            answer = _ask(stale(room, user), method, _real(room, address, item.public_id))
            assert answer.headers["Location"].startswith("/again/?next="), (address, who)


def stale(room: Room, user: User):
    """Somebody who signed in a while ago."""
    client = room.client(user)
    session = client.session
    session[PROVED] = (room.ws.clock() - FRESH - timedelta(seconds=1)).isoformat()
    session.save()
    return client


@pytest.mark.parametrize(
    "who", ["nobody", Role.ADMINISTRATOR, Role.ANALYST]
)  # who may most, least, mostly
def test_what_the_table_does_not_name_is_refused(room: Room, playing, who):
    """A screen that takes a form where none was meant, or shows what is a mere act."""
    item = room.item(1)
    user = None if who == "nobody" else room.user("u", Role(who))
    rows = table()
    named = {(resolve(_plain(address)).url_name, method) for address, method, _ in rows}
    for address, *_ in {_plain(row[0]): row for row in rows}.values():
        for method in ("GET", "POST", "PUT", "DELETE"):
            name = resolve(_plain(address)).url_name
            if (name, method) in named:
                continue
            real = _real(room, address, item.public_id)
            answer = getattr(room.client(user), method.lower())(real)
            refused = answer.status_code in (401, 403, 405)
            assert refused or _outcome(answer) == "sign in", (address, method, who)


@pytest.mark.parametrize("role", list(Role))
def test_items_of_other_collections_are_not_there(room: Room, playing, role):
    item = room.item(1, home="Elsewhere", accession="far")
    client = room.as_(role)
    for address, method, allowed in table():
        if "ID" in address and allowed[role] != "no":
            answer = _ask(client, method, _real(room, address, item.public_id))
            assert answer.status_code == 404, (address, role)


def _real(room: Room, address: str, item: str) -> str:
    if "TOKEN" in address:
        name = User.objects.first()
        who = name.username if name else room.user("somebody", Role.ANALYST).username
        make = people.invite if address.startswith("/invited") else people.link
        address = address.replace("TOKEN", make(room.ws, custodian_here(), who))
    if "AGENT" in address:
        other = User.objects.filter(username="other").first()
        address = address.replace("AGENT", (other or room.user("other", Role.EDITOR)).agent)
    if "ALERT" in address:
        now = room.ws.clock()
        made = Alert.objects.create(agent="b" * 32, kind="opened", count=99, began=now, last=now)
        address = address.replace("ALERT", made.public_id)
    if re.search(r"\b(MARK|CALL)\b", address):
        made = _said(room, item)
        address = re.sub(r"\bMARK\b", made.mark, address)
        if "CALL" in address:
            call = marks.call(room.ws, custodian_here(), made.mark, "now")
            address = address.replace("CALL", call)
    return re.sub(r"\bID\b", item, address)


def _said(room: Room, item: str):
    """Somebody else's mark; what whoever asks has taken is not in the way."""
    said = Said("a man falls", Span(0, 1_000_000))
    return marks.make(room.ws, custodian_here(), item, Kind.MARK, said)


def _ask(client, method, address):
    if method == "GET":
        return client.get(address)
    return client.post(address, FORM)


def _outcome(answer) -> str:
    if answer.status_code == 403:
        # A wrong password shows the form once more.
        return "yes" if b'role="alert"' in answer.content else "no"
    if answer.status_code == 401 or answer.headers.get("Location", "").startswith("/login/?next"):
        return "sign in"
    assert answer.status_code <= 400, answer.status_code
    return "yes"


def test_post_to_a_page_that_only_shows_is_refused(room: Room):
    client = room.as_(Role.ARCHIVIST)
    item = room.item(1)
    for name, args in (("overview", []), ("items", []), ("item", [item.public_id])):
        assert client.post(reverse(name, args=args)).status_code == 405
    for name in ("lift", "lower"):
        assert client.get(reverse(name, args=[item.public_id])).status_code == 405


def test_paths_and_custody_show_only_to_who_may_see_them(room: Room):
    item = room.item(1)
    seen = {
        role: room.as_(role).get(reverse("item", args=[item.public_id])).content.decode()
        for role in (Role.ARCHIVIST, Role.ANALYST, Role.EDITOR, Role.COUNSEL)
    }
    for role, page in seen.items():
        may = role in (Role.ARCHIVIST, Role.COUNSEL)
        assert ("txt.exe" in page) is may
        assert ('id="custody"' in page) is may


def test_an_occurrence_in_a_foreign_collection_stays_hidden(room: Room):
    item = room.item(1)
    room.item(1, home="Elsewhere", accession="far-away-11", path=b"secret/informer.mp4")
    page = room.as_(Role.ARCHIVIST).get(reverse("item", args=[item.public_id])).content.decode()
    assert "amber-heron-41" in page
    assert "far-away-11" not in page
    assert "informer" not in page


def test_a_disabled_user_is_out_with_the_next_click(room: Room):
    from daylight.catalogue.queries.vault import custodian_here

    user = room.user("ann", Role.ANALYST)
    client = room.client(user)
    assert client.get("/").status_code == 200
    people.disable(room.ws, custodian_here(), "ann")
    assert client.get("/").headers["Location"].startswith("/login/")


def test_rights_taken_away_are_gone_with_the_next_click(room: Room):
    user = room.user("ann", Role.ANALYST)
    client = room.client(user)
    assert client.get("/items/").status_code == 200
    user.grants.all().delete()
    assert client.get("/items/").status_code == 403


def test_a_still_that_was_kept_is_a_view_like_any_other(room: Room):
    ann, item = room.user("ann", Role.ANALYST), room.item(1)
    shown = Rendition.objects.get(item=item, name="filmstrip-clear")
    Rendition.objects.filter(pk=shown.pk).update(name="frame-0-clear", facts={"us": 40_000})
    client, address = room.client(ann), reverse("rendition", args=[item.public_id, "frame-0-clear"])
    assert client.get(address).status_code == 403
    client.post(reverse("lift", args=[item.public_id]), {"part": "player"})
    assert client.get(address).status_code == 200
    seen = [(one.agent, one.how, one.start_us) for one in room.views._noted]
    assert seen == [(ann.agent, "pictures-clear", 40_000)]


def test_what_is_sent_is_written_down(room: Room, playing):
    """Segments and pictures, shielded or not, by whom, and nothing else."""
    ann, item = room.user("ann", Role.ANALYST), room.item(1)
    client = room.client(ann)
    client.post(reverse("lift", args=[item.public_id]), {"part": "player"})
    for mode in ("shielded", "clear"):
        client.get(reverse("playlist", args=[item.public_id, mode]))
        client.get(reverse("segment", args=[item.public_id, mode, 0]))
    client.get(reverse("rendition", args=[item.public_id, "filmstrip-shielded"]))
    client.get(reverse("rendition", args=[item.public_id, "filmstrip-clear"]))  # not lifted
    client.get(reverse("item", args=[item.public_id]))
    seen = [(one.agent, one.item, one.how, one.end_us) for one in room.views._noted]
    assert seen == [
        (ann.agent, item.public_id, "shielded", 4_000_000),
        (ann.agent, item.public_id, "clear", 4_000_000),
        (ann.agent, item.public_id, "pictures-shielded", None),
    ]


def test_what_goes_out_is_a_view_and_needs_the_shield_lifted_to_the_end(room: Room, playing):
    ann, item = room.user("ann", Role.ARCHIVIST), room.item(1)
    client, address = room.client(ann), reverse("preview", args=[item.public_id])
    lift = reverse("lift", args=[item.public_id])
    for form in (
        {"blur": "light", "colour": "on", "large": "on"},
        {"blur": "none", "colour": "on"},
    ):
        client.post(lift, {"part": "player", **form})
        assert client.get(address).status_code == 403, form
    client.post(lift, {"part": "player", "blur": "none", "colour": "on", "large": "on"})
    answer = client.get(address)
    assert (answer.status_code, answer.headers["X-Daylight-Pictures"]) == (200, "25")
    assert [(one.agent, one.how, one.end_us) for one in room.views._noted] == [
        (ann.agent, "redacted", 1_000_000)
    ]
