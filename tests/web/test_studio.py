"""The studio as the room serves it: masks as they will be covered, decisions kept, nothing of two people lost."""

import json
from dataclasses import replace

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daylight.catalogue.models import RedactionVersion
from daylight.catalogue.queries.redactions import plan_of
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.digest import Digest
from daylight.domain.marks import Key, Span
from daylight.domain.principal import Role
from daylight.domain.redaction import Demand, Label, Plan, Region, Sounding, State, Word
from daylight.domain.tracks import Basis, Sort, Track
from daylight.media.mask_regions import Cover
from daylight.services import redactions, studio
from tests.web.rooms import Room

EVIL = '<script>alert(1)</script>"\u202e'
SECOND = 1_000_000


def face(name: str, score: float = 0.9, closed: int = 0, at_us: int = 0) -> Region:
    keys = tuple(Key(at_us + n * SECOND, 1_000 + 10 * n, 2_000, 500, 900) for n in range(10))
    bases = (Basis.CLOSED,) * closed + (Basis.SEEN,) * (10 - closed)
    return Region(name, Sort.FACE, keys, bases, score)


class Bench:
    """An item with a plan, and somebody at it."""

    def __init__(self, room: Room, *regions: Region, **more: object) -> None:
        self.room, self.item = room, room.item(1)
        self.user = room.user("ann", Role.ARCHIVIST)
        self.client = room.client(self.user)
        plan = Plan(Digest(bytes(self.item.sha256)), regions=regions)
        redactions.save(room.ws, custodian_here(), replace(plan, **more))

    @property
    def plan(self) -> Plan:
        return plan_of(custodian_here(), Digest(bytes(self.item.sha256))).plan

    def page(self) -> str:
        return self.client.get(reverse("studio", args=[self.item.public_id])).content.decode()

    def do(self, act: str, base: int | None = None, client=None, **form: str):
        base = RedactionVersion.objects.count() if base is None else base
        values = {"act": act, "base": str(base), **form}
        address = reverse("studio-act", args=[self.item.public_id])
        return (client or self.client).post(address, values, headers={"HX-Request": "true"})

    def masks(self, **query: int) -> dict:
        answer = self.client.get(reverse("masks", args=[self.item.public_id]), query)
        return answer.json()


def test_the_list_begins_with_what_is_least_certain_and_says_what_is_open(room: Room):
    bench = Bench(room, face("sure", 0.97), face("weak", 0.3), face("gappy", 0.9, closed=9))
    page = bench.page()
    order = [page.index(f'data-track="{name}"') for name in ("weak", "gappy", "sure")]
    assert order == sorted(order)
    assert "4 undecided" in page
    assert 'data-closed="0-9000000"' in page
    assert "3 regions" in page


def test_masks_are_told_as_they_will_be_covered(room: Room):
    bench = Bench(room, face("one"), face("later", at_us=60 * SECOND))
    told = bench.masks(**{"from": 0, "to": 20 * SECOND})
    assert told["size"] == [64, 36]
    assert [one["name"] for one in told["paths"]] == ["one"]
    (place,) = Cover(bench.plan, 64, 36).at(0).places
    assert told["paths"][0]["points"][:5] == [
        0,
        round(place.left * 10_000 / 64),
        round(place.top * 10_000 / 36),
        round(place.right * 10_000 / 64),
        round(place.bottom * 10_000 / 36),
    ]


def test_forty_people_over_ten_minutes_stay_small(room: Room):
    """1,500 key frames each: a stretch of 20 seconds, and the page, are told in less than 200 kB."""
    regions = [
        replace(
            face(f"face-{n}"),
            keys=tuple(Key(k * 400_000, 10 * n, k % 9_000, 500, 900) for k in range(1_500)),
            bases=tuple(Basis.CLOSED if k % 7 == 0 else Basis.SEEN for k in range(1_500)),
        )
        for n in range(40)
    ]
    bench = Bench(room, *regions)
    address = reverse("masks", args=[bench.item.public_id])
    answer = bench.client.get(address, {"from": 300 * SECOND, "to": 320 * SECOND})
    assert len(answer.json()["paths"]) == 40
    assert len(answer.content) < 200_000
    assert len(bench.page()) < 200_000


@pytest.mark.parametrize(
    ("state", "why", "kept"),
    [
        ("covered", "", True),
        ("visible", "", False),
        ("visible", "speaks to the press", True),
        ("rejected", "", False),
        ("rejected", "a poster", True),
        ("gone", "x", False),
    ],
)
def test_what_is_not_covered_needs_a_reason(room: Room, state, why, kept):
    bench = Bench(room, face("one"), face("two"))
    answer = bench.do("decide", name="two", state=state, why=why, person="unknown 1")
    assert answer.status_code == 200
    one = bench.plan.regions[1]
    assert one.word.given is kept
    assert ("This cannot be kept" in answer.content.decode()) is not kept
    if kept:
        assert (one.state, one.person) == (State(state), "unknown 1")
        assert one.word.by == bench.user.agent
        assert "ann" in answer.content.decode()
    assert not bench.plan.regions[0].word.given


def test_two_at_one_plan_lose_no_word(room: Room):
    bench = Bench(room, face("one"), face("two"))
    ben = room.client(room.user("ben", Role.ARCHIVIST))
    bench.do("decide", base=1, client=ben, name="one", state="visible", why="asked to be seen")
    answer = bench.do("decide", base=1, name="one", state="rejected", why="typed with care")
    page = answer.content.decode()
    assert "Somebody else changed this plan" in page
    assert 'value="typed with care"' in page
    assert "asked to be seen" in page
    assert 'data-base="2"' in page
    assert bench.plan.regions[0].state is State.VISIBLE
    bench.do("decide", base=2, name="one", state="rejected", why="typed with care")
    assert bench.plan.regions[0].state is State.REJECTED


def test_what_is_drawn_is_covered_moves_and_ends(room: Room):
    bench = Bench(room, face("one"))
    answer = bench.do("draw", box="[1000,1000,2000,2000]", at=f"{5 * SECOND}", shape="ellipse")
    assert 'data-made="hand-1"' in answer.content.decode()
    bench.do("move", name="hand-1", box="[5000,5000,2000,2000]", at=f"{9 * SECOND}")
    told = {one["name"]: one for one in bench.masks()["paths"]}
    assert told["hand-1"]["first"] <= 0
    assert told["hand-1"]["last"] > 80 * SECOND
    bench.do("ends", name="hand-1", at=f"{20 * SECOND}")
    hand = bench.plan.regions[1]
    assert hand.keys[-1].at_us == 20 * SECOND
    corners = json.dumps([[0, 0], [10_000, 0], [0, 10_000]])
    bench.do("draw", box="[0,0,900,900]", at="0", shape="polygon", corners=corners)
    assert bench.plan.regions[2].corners == ((0, 0), (10_000, 0), (0, 10_000))


def test_spans_sound_labels_and_everyone(room: Room):
    bench = Bench(room, face("one"), labels=(Label("clock", Key(0, 0, 0, 900, 900)),))
    bench.do("nothing", start="0:01", end="0:02.5", why="a child")
    bench.do("sound", do="silence")
    bench.do("sound", start="0:10", end="0:20", do="keep", why="an official speaks")
    bench.do("choose", name="clock", do="replace", text="camera")
    bench.do("everyone", why="watched all of it")
    bench.do("bodies", bodies="on")
    plan = bench.plan
    assert plan.whole[0].span == Span(1_000_000, 2_500_000)
    assert [one.sounding for one in plan.sound] == [
        Sounding.SILENCE, Sounding.KEEP, Sounding.SILENCE,
    ]  # fmt: skip
    assert plan.labels[0].text == "camera"
    assert plan.everyone == Word(bench.user.agent, "watched all of it")
    assert plan.bodies
    assert plan.undecided(80 * SECOND) == ()
    assert "all decided" in bench.page()
    bench.do("again", number="0")
    bench.do("no-sound", number="1")
    bench.do("not-everyone")
    assert bench.plan.whole == ()
    assert bench.plan.undecided(80 * SECOND) == ("one", "pictures", "sound")


def test_what_others_demand_is_shown_and_nobody_takes_it_out(room: Room):
    demand = Demand(Span(0, 9 * SECOND), Word("source", "my voice"))
    bench = Bench(room, face("one"), demands=(demand,))
    assert "my voice" in bench.page()
    bench.do("again", number="0")
    assert bench.plan.demands == (demand,)


def test_an_older_version_is_taken_again_and_nothing_is_lost(room: Room):
    bench = Bench(room, face("one"))
    bench.do("decide", name="one", state="visible", why="a mistake")
    bench.do("as-before", number="1")
    assert not bench.plan.regions[0].word.given
    assert RedactionVersion.objects.count() == 3
    bench.do("as-before", number="2")
    assert bench.plan.regions[0].state is State.VISIBLE
    for number in ("0", "99", "", "x"):
        bench.do("as-before", number=number)
    assert RedactionVersion.objects.count() == 4


def test_an_older_version_cannot_take_out_what_others_demand_since(room: Room):
    bench = Bench(room, face("one"))
    demand = Demand(Span(0, 9 * SECOND), Word("source", "my voice"))
    redactions.save(room.ws, custodian_here(), replace(bench.plan, demands=(demand,)))
    answer = bench.do("as-before", number="1")
    assert "This cannot be kept" in answer.content.decode()
    assert bench.plan.demands == (demand,)


def test_faces_found_since_come_to_what_was_drawn(room: Room, monkeypatch):
    bench = Bench(room)
    bench.do("draw", box="[0,0,900,900]", at="0", shape="box")
    assert "This cannot be kept" in bench.do("found").content.decode()  # nobody has looked
    found = face("face-1")
    track = Track("face-1", Sort.FACE, found.keys, found.bases, 0.9)
    monkeypatch.setattr(studio.faces, "kept_of", lambda *_: (track,))
    bench.do("found")
    assert [one.name for one in bench.plan.regions] == ["hand-1", "face-1"]


def test_what_people_wrote_is_shown_harmless(room: Room):
    bench = Bench(room, replace(face("one"), name=EVIL))
    bench.do("decide", name=EVIL, state="visible", why="<b>why</b>", person="<i>who</i>")
    page = bench.page()
    for one in ("<script>alert", "<b>why", "<i>who"):
        assert one not in page


def test_without_a_plan_it_says_how_one_comes_about(room: Room):
    item, client = room.item(1), room.as_(Role.ARCHIVIST)
    address = reverse("studio", args=[item.public_id])
    page = client.get(address).content.decode()
    assert "data-look" in page  # a job that looks for faces
    act = reverse("studio-act", args=[item.public_id])
    answer = client.post(act, {"act": "start", "how": "found"})
    assert "This cannot be kept" in answer.content.decode()  # nobody has looked
    client.post(act, {"act": "start", "how": "hand"})
    assert plan_of(custodian_here(), Digest(bytes(item.sha256))).plan.regions == ()
    again = client.post(act, {"act": "start", "how": "hand"})
    assert "Somebody else changed this plan" in again.content.decode()


def test_what_cannot_be_redacted_is_said(room: Room):
    item = room.item(2, facts=None)
    client = room.as_(Role.ARCHIVIST)
    assert client.get(reverse("studio", args=[item.public_id])).status_code == 404


ACTS = (
    "decide", "everyone", "not-everyone", "draw", "move", "begins", "ends", "nothing", "again", "sound",
    "no-sound", "label", "choose", "bodies", "start", "found", "as-before", "",
)  # fmt: skip
VALUES = {
    "name": ("one", "hand-1", "label-1", "nobody", EVIL, ""),
    "state": ("covered", "visible", "rejected", "x"),
    "why": ("", "because", EVIL, "\0", "y" * 3_000),
    "box": (
        "[0,0,10,10]",
        "[0,0,9999999999999999,1]",
        "[1]",
        "{}",
        "[" * 500,
        "[9000,9000,5000,5000]",
    ),
    "at": ("0", "5000000", "-1", "9" * 19, "x"),
    "shape": ("box", "ellipse", "polygon", "star"),
    "corners": ("[]", "[[0,0],[1,1],[2,0]]", "[[0]]", "nonsense", "[[0,99999],[1,1],[2,2]]"),
    "number": ("0", "99", "-1", ""),
    "do": ("keep", "cover", "replace", "silence", "tone", "x"),
    "text": ("", "camera", EVIL, "z" * 200),
    "start": ("", "0:01", "soon", "9" * 12),
    "end": ("", "0:00", "1:00", "::"),
    "person": ("", "unknown 3", "q" * 300),
    "base": ("1", "0", "x", "", "999999999"),
    "bodies": ("on", "off", EVIL),
    "how": ("hand", "found", ""),
}
FORMS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(few) for name, few in VALUES.items()}
)


def test_no_form_breaks_it_and_every_version_is_a_plan(room: Room):
    bench = Bench(room, face("one"))

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(act=st.sampled_from(ACTS), form=FORMS, right=st.booleans())
    def ask(act, form, right):
        if right:
            form = {**form, "base": str(RedactionVersion.objects.count())}
        assert bench.do(act, **{"base": "", **form}).status_code == 200

    ask()
    assert bench.client.get(reverse("studio", args=[bench.item.public_id])).status_code == 200
    assert bench.plan.regions[0].keys == face("one").keys


def test_a_mask_is_not_told_to_who_may_not_redact(room: Room):
    bench = Bench(room, face("one"))
    for role in (Role.ANALYST, Role.COUNSEL, Role.ADMINISTRATOR):
        client = room.as_(role)
        assert client.get(reverse("masks", args=[bench.item.public_id])).status_code == 403
        assert bench.do("decide", client=client, name="one", state="covered").status_code == 403


def test_who_may_redact_finds_the_studio_from_the_item(room: Room):
    bench = Bench(room, face("one"))
    where = reverse("studio", args=[bench.item.public_id])
    for role, finds in ((Role.ARCHIVIST, True), (Role.EDITOR, True), (Role.ANALYST, False)):
        page = room.as_(role).get(reverse("item", args=[bench.item.public_id])).content.decode()
        assert (f'href="{where}"' in page) is finds
