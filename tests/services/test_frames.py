"""Stills by number and by moment through the service; what is kept of them, and what goes with a purge."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from daylight.catalogue import models
from daylight.catalogue.queries.items import item
from daylight.catalogue.queries.stills import kept_stills
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.access import MarkRule, Policy
from daylight.domain.principal import Principal, Right
from daylight.errors import Forbidden, MediaRefused
from daylight.services import closing, frames
from daylight.services.kept import Kept, Key, Still
from daylight.services.policy import set_policy
from tests.services.test_watch import CLIP, SOUND, Slots, player, taken

__all__ = ["taken"]


def test_a_moment_and_a_number_lead_to_the_same_picture(ws, taken):
    public, slots = taken(CLIP), Slots()
    playing = player(ws, slots)
    asked = (playing, custodian_here(), public)
    found = frames.at_moment(*asked, "clear", 1_000_000)
    one = found.still
    assert abs(one.us - 1_000_000) < 1_000_000
    assert one.us == frames.at_moment(*asked, "clear", one.us).still.us
    assert frames.still(*asked, "clear", one.number) == one
    made = slots.asked
    after = frames.at_number(*asked, "clear", one.number + 1).still
    before = frames.at_number(*asked, "clear", one.number - 1, -1).still
    assert before.us < one.us < after.us
    assert slots.asked == made  # they were made with the first
    shielded = frames.still(*asked, "shielded", one.number)
    assert Image.open(io.BytesIO(shielded.data)).mode == "L"


@pytest.mark.parametrize("mode", ["clear", "shielded"])
def test_over_a_thin_line_the_very_picture_has_few_bytes(ws, taken, mode):
    playing = player(ws, Slots())
    asked = (playing, custodian_here(), taken(CLIP), mode, 20)
    wide, thin = frames.still(*asked), frames.still(*asked, thin=True)
    assert (thin.number, thin.us) == (wide.number, wide.us)
    assert len(thin.data) < len(wide.data) * 0.6
    assert frames.still(*asked) == wide  # each is kept by itself
    assert frames.still(*asked, thin=True) == thin


def test_stepping_from_end_to_end_meets_each_picture_once(ws, taken):
    playing, public = player(ws, Slots()), taken(CLIP)
    asked = (playing, custodian_here(), public, "shielded")
    count = frames.at_moment(*asked, 10**12).still.number + 1
    numbers = [frames.at_number(*asked, n).still.number for n in range(count)]
    assert numbers == list(range(count))
    assert frames.at_number(*asked, count + 5).still.number == count - 1
    with pytest.raises(IndexError):
        frames.still(*asked, count)


def test_who_may_not_watch_steps_through_nothing(ws, taken):
    public, playing = taken(CLIP), player(ws, Slots())
    blind = Principal("x", frozenset({Right.SEE_ITEMS}), None)
    with pytest.raises(Forbidden):
        frames.at_moment(playing, blind, public, "shielded", 0)
    stranger = Principal("x", frozenset(Right), frozenset())
    with pytest.raises(KeyError):
        frames.at_moment(playing, stranger, public, "shielded", 0)
    with pytest.raises(MediaRefused):
        frames.at_moment(playing, custodian_here(), taken(SOUND), "clear", 0)


def test_an_index_without_counts_says_what_to_do(ws, taken, monkeypatch):
    public, playing = taken(CLIP), player(ws, Slots())
    plan = playing.plan(custodian_here(), public, "clear")
    object.__setattr__(plan, "ordinals", ())
    with pytest.raises(MediaRefused, match="examine it again"):
        frames.at_number(playing, custodian_here(), public, "clear", 0)


def entries() -> int:
    leaves = models.Entry.objects.values_list("leaf", flat=True)
    return sum(b"still-grabbed" in bytes(leaf) for leaf in leaves)


def test_a_grabbed_still_is_a_rendition_with_its_entry_and_goes_with_its_item(ws, taken):
    public, playing = taken(CLIP), player(ws, Slots())
    me = custodian_here()
    kept = frames.grab(ws, playing, me, public, "clear", 7)
    assert kept.name == "frame-7-clear"
    assert kept.facts["number"] == 7
    (listed,) = kept_stills(me, public)
    assert (listed.number, listed.clear, listed.us) == (7, True, kept.facts["us"])
    assert listed.at is not None
    assert kept_stills(Principal("x", frozenset(Right), frozenset()), public) == []
    view = item(me, public)
    assert view is not None
    with open(ws.store.open_fd(kept.digest), "rb") as file:
        picture = Image.open(file)
        assert picture.size == (view.width, view.height)
    assert entries() == 1
    assert frames.grab(ws, playing, me, public, "clear", 7) == kept
    assert entries() == 1
    row = models.Item.objects.get(public_id=public)
    assert bytes(kept.digest) in closing.traces([row.pk]).objects


def test_clear_stills_bear_their_viewer_and_shielded_ones_are_shared(ws, taken):
    public, playing = taken(CLIP), player(ws, Slots())
    ann, bob = (replace(custodian_here(), agent=sign * 32) for sign in "ab")

    def both(mode):
        return [frames.still(playing, who, public, mode, 3).data for who in (ann, bob, ann)]

    first, second, again = both("clear")
    assert first == again != second
    assert len(set(both("shielded"))) == 1
    kept = frames.grab(ws, playing, ann, public, "clear", 3)  # no mark: it is evidence
    assert frames.grab(ws, playing, bob, public, "clear", 3) == kept
    assert frames.marked(playing, bob, public, 3) is None
    set_policy(ws, custodian_here(), Policy(mark=MarkRule.ALWAYS))
    sent = frames.marked(playing, bob, public, 3)
    assert sent.media_type == "image/png"
    with open(ws.store.open_fd(kept.digest), "rb") as file:
        plain = np.asarray(Image.open(file)).astype(int)
    changed = (np.asarray(Image.open(io.BytesIO(sent.data))) != plain).any(axis=2)
    assert 0 < changed.mean() < 0.3


def test_what_is_kept_in_memory_is_bounded():
    def still(number: int) -> Still:
        return Still(0, number, number, None, 1, number, 1, 1, "image/jpeg", bytes(100))

    kept = Kept(most=350)
    for number in range(10):
        kept.put(Key(b"", "clear", "", number), still(number))
    assert [one.number for one in kept.moments(Key(b"", "clear", "", 0), range(20))] == [7, 8, 9]
