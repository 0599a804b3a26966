"""What was drawn by hand is followed both ways in time, and lost rather than mistaken."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from daylight.domain.marks import Key
from daylight.domain.redaction import Plan, Region, State, Word
from daylight.domain.redaction_edit import begin, end, move
from daylight.domain.redaction_follow import Followed, Point, asked, followed, lost, stretch
from daylight.domain.tracks import Basis, Sort
from daylight.errors import PlanRefused
from daylight.media.facts_json import to_json
from daylight.media.follower import Box, Follower
from daylight.media.mask_follow import _Picture, _Way, follow
from daylight.media.probe import probe
from tests.media.redacting import opened

SIZE = (320, 240)
RANDOM = np.random.default_rng(7)


def texture(wide: int, tall: int, cells: int) -> Image.Image:
    grid = RANDOM.integers(0, 255, (max(2, tall // cells), max(2, wide // cells)), np.uint8)
    return Image.fromarray(grid).resize((wide, tall), Image.Resampling.BICUBIC)


WALL, THING = texture(*SIZE, 12), texture(40, 48, 7)


def where(part: float) -> tuple[int, int, int, int]:
    """Across the picture, and half as large again at the end."""
    size = 1 + part / 2
    return (
        round(20 + 200 * part),
        round(60 + 40 * np.sin(6 * part)),
        round(40 * size),
        round(48 * size),
    )


def luma(part: float, *, hidden: bool = False) -> np.ndarray:
    picture = WALL.copy()
    left, top, wide, tall = where(part)
    if not hidden:
        picture.paste(THING.resize((wide, tall)), (left, top))
    noise = np.random.default_rng(round(part * 1000)).normal(0, 3, (SIZE[1], SIZE[0]))
    return np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8)


def film(frames: int = 90, hidden: tuple[int, int] = (0, 0), container: str = "mp4") -> bytes:
    """A thing that moves, at 15 a second; not there from one frame to another."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        video = out.add_stream("libx264", rate=15, options={"crf": "16", "preset": "ultrafast"})
        video.width, video.height, video.pix_fmt, video.gop_size = *SIZE, "yuv420p", 20
        for number in range(frames):
            shown = luma(number / (frames - 1), hidden=hidden[0] <= number < hidden[1])
            frame = av.VideoFrame.from_ndarray(np.dstack([shown] * 3), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 15)
            out.mux(video.encode(frame.reformat(format="yuv420p")))
        out.mux(video.encode(None))
    return file.getvalue()


def key(part: float, at_us: int) -> list[int]:
    left, top, wide, tall = where(part)
    across, down = SIZE
    return [
        at_us,
        left * 10_000 // across,
        top * 10_000 // down,
        wide * 10_000 // across,
        tall * 10_000 // down,
    ]


def ways(data: bytes, number: int, frames: int = 90, first: int = 0, last: int = 10**9) -> dict:
    said = {}
    with opened(data) as files:
        at = number * 1_000_000 // 15 + 1_000
        box = key(number / (frames - 1), 0)[1:]
        request = {"facts": to_json(probe(files[0]).facts), "box": box, "at": at}
        request |= {"first": first, "last": last}
        follow(request, files, lambda kind, facts, payload=b"": said.__setitem__(kind, facts))
    return said["followed"]


def covered(keys: list[list], at: float, part: float) -> float:
    """Which share of the thing lies in the even way between key frames, grown by a sixth."""
    times = [one[0] for one in keys]
    left, top, wide, tall = (np.interp(at, times, [one[n] for one in keys]) for n in range(1, 5))
    left, top, wide, tall = left - 0.15 * wide, top - 0.15 * tall, 1.3 * wide, 1.3 * tall
    _, x, y, w, h = key(part, 0)
    across = min(left + wide, x + w) - max(left, x)
    return max(0, across) * max(0, min(top + tall, y + h) - max(top, y)) / (w * h)


@pytest.mark.parametrize("container", ["mp4", "matroska", "h264"])
def test_it_is_covered_from_the_first_picture_to_the_last(container):
    found = ways(film(container=container), 45)
    assert (found["back"]["lost"], found["on"]["lost"]) == (False, False)
    drawn = key(45 / 89, 45 * 1_000_000 // 15)
    keys = [*found["back"]["keys"], [*drawn, "seen"], *found["on"]["keys"]]
    assert [one[0] for one in keys] == sorted({one[0] for one in keys})
    assert len(keys) < 60  # no more than it takes
    assert keys[0][0] == 0
    for number in range(90):
        at = number * 1_000_000 / 15
        assert covered(keys, at, number / 89) > 0.99, number


def test_out_of_sight_for_a_moment_it_is_found_again_and_covered_meanwhile():
    found = ways(film(hidden=(50, 58)), 30)
    assert not found["on"]["lost"]
    assert "closed" in {one[5] for one in found["on"]["keys"]}
    keys = found["on"]["keys"]
    for number in (*range(31, 50), *range(58, 90)):
        assert covered(keys, number * 1_000_000 / 15, number / 89) > 0.97, number


def test_out_of_sight_for_long_it_is_lost_and_nothing_else_is_followed():
    found = ways(film(hidden=(50, 90)), 30)
    assert (found["back"]["lost"], found["on"]["lost"]) == (False, True)
    *before, last = found["on"]["keys"]
    assert last[5] == "lost"
    assert last[0] == int(49 * 1_000_000 / 15)
    assert "lost" not in {one[5] for one in before}


def test_what_another_took_over_is_lost_where_it_was_last_sure():
    """The thing goes behind one that looks nearly like it, and stays there: what is found from then on was always there."""
    alike = Image.blend(THING, texture(40, 48, 7), 0.3)

    def shown(number: int) -> np.ndarray:
        picture = WALL.copy()
        if number <= 45:
            picture.paste(THING, (20 + 4 * number, 100))
        picture.paste(alike, (200, 100))
        return np.asarray(picture)

    pictures = [_Picture(number * 66_667, shown(number)) for number in range(120)]
    alone = Follower(pictures[0].luma, Box(20, 100, 40, 48))
    found = [alone.step(one.luma) for one in pictures[1:]]
    assert all(found[60:])  # without a look back it goes on
    assert sum(not one for one in found) < 15  # and is not missed for a second
    way = _Way(pictures[0], Box(20, 100, 40, 48))
    for one in pictures[1:]:
        if not way.push(one):
            break
    way.finish()
    assert way.lost
    assert way.points[-1].basis is Basis.LOST
    assert 1_900_000 < way.points[-1].at <= 45 * 66_667


def test_it_goes_no_further_than_asked():
    found = ways(film(), 45, first=2_000_000, last=4_000_000)
    times = [one[0] for way in ("back", "on") for one in found[way]["keys"]]
    assert 2_000_000 <= min(times) < 2_100_000
    assert 3_900_000 < max(times) <= 4_000_000


def test_what_is_flat_cannot_be_followed():
    grey = np.full((240, 320), 90, np.uint8)
    one = Follower(grey, Box(10, 10, 40, 40))
    assert not one.can
    assert not one.step(grey)


def test_two_alike_are_no_one():
    """Beside it stands its like, as near as it moved: it is missed, and not taken for the other."""
    picture = WALL.copy()
    picture.paste(THING, (100, 100))
    one = Follower(np.asarray(picture), Box(100, 100, 40, 48))
    other = WALL.copy()
    other.paste(THING, (80, 100))
    other.paste(THING, (125, 100))
    assert not one.step(np.asarray(other))


DRAWN = Word("ada", "drawn by hand")
LENGTH = 10_000_000
END = LENGTH + 60_000_000


def plan(*keys: tuple[int, Basis], **wanted) -> Plan:
    made = tuple(Key(at, 1_000, 1_000, 500, 500) for at, _ in keys)
    bases = tuple(basis for _, basis in keys)
    return Plan(
        b"1" * 32, regions=(Region("hand-1", Sort.HAND, made, bases, word=DRAWN, **wanted),)
    )


def points(*keys: tuple[int, Basis]) -> tuple[Point, ...]:
    return tuple(Point(Key(at, 1_100, 1_000, 500, 500), basis) for at, basis in keys)


ON, LOST, SEEN, KEPT, ASKED = Basis.FOLLOWED, Basis.LOST, Basis.SEEN, Basis.KEPT, Basis.FOLLOW


def times(one: Plan) -> list[tuple[int, Basis]]:
    region = one.regions[0]
    return [(key.at_us, basis) for key, basis in zip(region.keys, region.bases, strict=True)]


def test_a_plan_asks_and_stays_undecided_until_somebody_looked():
    wanted = plan((5_000_000, ASKED))
    everyone = Plan(b"1" * 32, regions=wanted.regions, everyone=Word("ada", "all"))
    assert asked(wanted) == (("hand-1", 5_000_000),)
    assert "hand-1" in everyone.undecided(LENGTH)
    where = stretch(wanted, "hand-1", 5_000_000, LENGTH)
    assert (where.first, where.last) == (0, END)
    found = Followed(
        points((3_000_000, LOST), (4_000_000, ON)), points((6_000_000, ON), (9_900_000, ON))
    )
    made = followed(wanted, "hand-1", where, found, LENGTH)
    assert times(made) == [
        (0, KEPT), (3_000_000, LOST), (4_000_000, ON), (5_000_000, SEEN),
        (6_000_000, ON), (9_900_000, ON), (END, KEPT),
    ]  # fmt: skip
    assert lost(made.regions[0]) == (3_000_000,)
    assert asked(made) == ()
    assert not made.regions[0].word.given
    everyone = Plan(b"1" * 32, regions=made.regions, everyone=Word("ada", "all"))
    assert everyone.undecided(LENGTH) == ("hand-1",)


def test_between_two_drawn_moments_what_was_followed_before_makes_way():
    before = plan(
        (0, KEPT),
        (2_000_000, SEEN),
        (3_000_000, ON),
        (4_000_000, LOST),
        (6_000_000, SEEN),
        (END, KEPT),
    )
    where = stretch(before, "hand-1", 6_500_000, LENGTH)
    assert (where.drawn.at_us, where.first, where.last) == (6_000_000, 2_000_000, END)
    found = Followed(points((2_500_000, ON), (5_000_000, ON)), points((7_000_000, LOST)))
    made = followed(before, "hand-1", where, found, LENGTH)
    assert times(made) == [
        (0, KEPT), (2_000_000, SEEN), (2_500_000, ON), (5_000_000, ON), (6_000_000, SEEN),
        (7_000_000, LOST), (END, KEPT),
    ]  # fmt: skip


def test_it_is_not_followed_past_where_a_person_says_it_begins_and_ends():
    one = end(
        begin(plan((3_000_000, SEEN)), "hand-1", 2_000_000, LENGTH), "hand-1", 8_000_000, LENGTH
    )
    where = stretch(one, "hand-1", 2_100_000, LENGTH)
    assert (where.drawn.at_us, where.first, where.last) == (2_000_000, 2_000_000, 3_000_000)
    where = stretch(one, "hand-1", 9_000_000, LENGTH)
    assert (where.drawn.at_us, where.first, where.last) == (8_000_000, 3_000_000, 8_000_000)


def test_what_was_drawn_otherwise_meanwhile_is_not_written_over():
    one = plan((5_000_000, SEEN))
    where = stretch(one, "hand-1", 0, LENGTH)
    found = Followed((), points((6_000_000, ON)))
    for changed in (
        move(one, "hand-1", (2_000, 2_000, 500, 500), 5_000_000, LENGTH),
        move(one, "hand-1", (2_000, 2_000, 500, 500), 7_000_000, LENGTH),
        end(one, "hand-1", 8_000_000, LENGTH),
    ):
        with pytest.raises(PlanRefused, match="meanwhile"):
            followed(changed, "hand-1", where, found, LENGTH)


def test_what_was_followed_is_covered_whatever_was_decided_before():
    one = plan((5_000_000, SEEN), state=State.VISIBLE)
    made = followed(one, "hand-1", stretch(one, "hand-1", 0, LENGTH), Followed((), ()), LENGTH)
    assert made.regions[0].state is State.COVERED


def test_moving_one_moment_leaves_what_was_followed():
    one = plan((0, KEPT), (2_000_000, SEEN), (3_000_000, ON), (4_000_000, LOST), (END, KEPT))
    moved = move(one, "hand-1", (2_000, 2_000, 500, 500), 6_000_000, LENGTH)
    assert times(moved) == [
        (0, KEPT), (2_000_000, SEEN), (3_000_000, ON), (4_000_000, LOST), (6_000_000, SEEN), (END, KEPT)
    ]  # fmt: skip


def test_faces_are_not_followed_by_hand():
    face = Plan(b"1" * 32, regions=(Region("face-1", Sort.FACE, (Key(0, 0, 0, 9, 9),)),))
    with pytest.raises(PlanRefused, match="detector"):
        stretch(face, "face-1", 0, LENGTH)
    with pytest.raises(PlanRefused, match="no such"):
        stretch(face, "hand-1", 0, LENGTH)
