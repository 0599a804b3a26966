"""What is drawn over a player is what the renderer covers, at every moment and not at key frames alone."""

from bisect import bisect_right
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from daylight.domain.digest import digest_of
from daylight.domain.marks import WHOLE, Key, Span
from daylight.domain.redaction import (
    Choice,
    Demand,
    Growth,
    Label,
    Plan,
    Region,
    Shape,
    State,
    WholeSpan,
    Word,
)
from daylight.domain.tracks import Sort
from daylight.media.mask_paths import blank, paths
from daylight.media.mask_regions import Cover
from tests.domain.test_redaction import keys

ITEM, WORD = digest_of(b"item"), Word("editor", "seen")
SIZE = (640, 360)


@st.composite
def moving(draw):
    times = draw(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=6, unique=True))
    made = tuple(draw(keys(at=at)) for at in sorted(times))
    shape = draw(st.sampled_from(Shape))
    corners = ((0, 0), (WHOLE, 100), (200, WHOLE)) if shape is Shape.POLYGON else ()
    sort = draw(st.sampled_from([Sort.FACE, Sort.HAND]))
    return Region("one", sort, made, shape=shape, corners=corners)


def between(path, at_us):
    """As the browser reckons it: evenly between two points, standing outside of them."""
    if not path.first <= at_us <= path.last:
        return None
    after = bisect_right([point[0] for point in path.points], at_us)
    one = path.points[max(0, after - 1)]
    two = path.points[min(after, len(path.points) - 1)]
    if one is two or at_us <= one[0]:
        return one[1:5]
    part = (at_us - one[0]) / (two[0] - one[0])
    return tuple(a + (b - a) * part for a, b in zip(one[1:5], two[1:5], strict=True))


@given(moving(), st.booleans(), st.integers(0, 11_000_000), st.integers(0, 4_000))
def test_the_drawn_place_is_the_covered_one(region, bodies, at_us, share):
    plan = Plan(ITEM, regions=(region,), bodies=bodies, growth=Growth(share=share))
    window = Span(max(0, at_us - 1_000_000), at_us + 1_000_000)
    places = Cover(plan, *SIZE).at(at_us).places
    found = [between(path, at_us) for path in paths(plan, *SIZE, window)]
    drawn = [one for one in found if one is not None]
    assert len(drawn) == len(places)
    for (left, top, right, bottom), place in zip(drawn, places, strict=True):
        wanted = (
            place.left * WHOLE / SIZE[0],
            place.top * WHOLE / SIZE[1],
            place.right * WHOLE / SIZE[0],
            place.bottom * WHOLE / SIZE[1],
        )
        assert max(abs(a - b) for a, b in zip((left, top, right, bottom), wanted, strict=True)) < 2


def test_regions_of_every_state_are_told_and_only_those_of_the_window():
    here = Region("here", Sort.FACE, (Key(1_000_000, 0, 0, 100, 100),))
    seen = replace(here, name="seen", state=State.VISIBLE, word=WORD)
    later = Region("later", Sort.FACE, (Key(90_000_000, 0, 0, 100, 100),))
    plan = Plan(ITEM, regions=(here, seen, later))
    told = paths(plan, *SIZE, Span(0, 2_000_000))
    assert [one.name for one in told] == ["here", "seen"]


def test_points_outside_of_the_window_are_left_out_but_for_one_on_either_side():
    many = tuple(Key(n * 100_000, 0, 0, 100, 100) for n in range(1_000))
    plan = Plan(ITEM, regions=(Region("one", Sort.FACE, many),))
    (told,) = paths(plan, *SIZE, Span(20_050_000, 20_250_000))
    assert [point[0] for point in told.points] == [20_000_000, 20_100_000, 20_200_000, 20_300_000]


def test_what_stands_still_is_told_with_its_time():
    box, span = Key(0, 100, 100, 500, 500), Span(5_000_000, 6_000_000)
    kept = Label("kept", box, Choice.KEEP, word=WORD)
    plan = Plan(
        ITEM,
        labels=(Label("clock", box), kept),
        demands=(Demand(span, WORD, box=box), Demand(span, WORD)),
        whole=(WholeSpan(Span(0, 1), WORD),),
    )
    told = paths(plan, *SIZE, Span(0, 60_000_000))
    assert [one.name for one in told] == ["clock", "demand-0"]
    assert (told[1].first, told[1].last) == (5_000_000, 6_000_000)
    assert paths(plan, *SIZE, Span(0, 1_000_000))[1:] == ()
    assert blank(plan) == (Span(0, 1), span)
