"""Linking and following on films with a fake detector: no gap, both ways, until the end or the rim."""

import numpy as np
import pytest

from daylight.detectors.face_paths import LEAD, PAD, Path, Point, steadied, track
from daylight.detectors.faces import DOUBTFUL, LINGER, Faces
from daylight.detectors.faces import STEP as LOOK
from daylight.detectors.linking import Linking, seen_at
from daylight.detectors.looking import Looker
from daylight.detectors.pictures import Frame
from daylight.domain.marks import WHOLE
from daylight.domain.redaction import Growth
from daylight.domain.tracks import Basis, Sort
from tests.detectors.face_films import (
    HEIGHT,
    RADIUS,
    STEP,
    WIDTH,
    background,
    box_at,
    covers,
    found,
    look,
    picture,
)

MOVING = [(40 + 3 * n, 90 + round(20 * np.sin(n / 9))) for n in range(75)]


def test_a_face_that_moves_is_one_track_without_a_gap():
    (track,), faces = found(picture(place) for place in MOVING)
    assert (track.name, track.sort, round(track.score, 1)) == ("face-1", Sort.FACE, 0.9)
    assert all(covers([track], n * STEP, place) for n, place in enumerate(MOVING))
    assert faces.looks < len(MOVING) / 2


def test_boxes_are_tight():
    (track,), _ = found(picture(place) for place in MOVING)
    sides = [box_at(track, n * STEP) for n in range(len(MOVING))]
    areas = [np.prod(box[2:] - box[:2]) for box in sides]
    assert max(areas) < 1.35 * 25 * 25
    assert np.mean(areas) < 1.15 * 25 * 25


def test_a_still_picture_is_looked_at_once():
    (track,), faces = found(picture((100, 90)) for _ in range(200))
    assert faces.looks == 1
    assert covers([track], 0, (100, 90))
    assert covers([track], 199 * STEP, (100, 90))
    assert len(track.keys) <= 4


def test_an_empty_picture_has_no_tracks():
    tracks, faces = found(picture() for _ in range(10))
    assert tracks == ()
    assert faces.frames == 10


def test_one_picture_is_enough():
    (track,), _ = found([picture((100, 90))])
    assert covers([track], 0, (100, 90))


def test_a_weak_hit_counts_beside_a_face_that_is_known():
    films = [picture(place, 0.9 if n < 20 else 0.1) for n, place in enumerate(MOVING)]
    tracks, _ = found(films)
    assert len(tracks) == 1
    assert all(covers(tracks, n * STEP, place) for n, place in enumerate(MOVING))
    assert tracks[0].bases.count(Basis.SEEN) >= 1
    assert Basis.CLOSED not in tracks[0].bases


def test_a_weak_hit_alone_is_none():
    tracks, _ = found(picture(place, 0.15) for place in MOVING)
    assert tracks == ()


def test_weak_hits_before_the_first_strong_one_count():
    films = [picture(place, 0.1 if n < 30 else 0.9) for n, place in enumerate(MOVING)]
    tracks, _ = found(films)
    assert all(covers(tracks, n * STEP, place) for n, place in list(enumerate(MOVING))[10:])


def test_a_gap_is_closed_from_both_sides():
    films = [picture(place, 0.0 if 30 <= n < 45 else 0.9) for n, place in enumerate(MOVING)]
    tracks, _ = found(films)
    assert len(tracks) == 1
    assert tracks[0].gaps_closed
    assert all(covers(tracks, n * STEP, place, 6) for n, place in enumerate(MOVING))


def test_who_is_lost_in_the_middle_is_covered_to_the_end():
    places = [(60 + 2 * n, 90) for n in range(30)]
    films = [*(picture(place) for place in places)]
    noise = np.random.default_rng(1)
    for _ in range(60):
        turned = background()
        turned[5:40, 5:60] = noise.integers(0, 255, 3)  # something else moves
        turned[:, :, 0] = 0
        films.append(turned)
    (track,), _ = found(films)
    assert track.keys[-1].at_us >= (len(films) - 1) * STEP
    assert track.bases[-1] is Basis.KEPT


def test_who_leaves_at_the_rim_is_let_go():
    places = [(200 + 4 * n, 90) for n in range(36)]
    empty = [picture() for _ in range(60)]
    (track,), _ = found([*(picture(place) for place in places), *empty])
    gone = 33 * STEP
    assert gone <= track.keys[-1].at_us <= gone + LINGER + 3 * LOOK


def test_what_was_hardly_there_is_let_go():
    films = [picture((100, 90), 0.25) for _ in range(3)]
    films += [picture((280, 30 + n), 0.0) for n in range(80)]
    tracks, _ = found(films)
    assert all(track.keys[-1].at_us <= 3 * STEP + DOUBTFUL + 2 * LOOK for track in tracks)


def test_a_mask_is_there_before_its_first_hit():
    films = [picture() for _ in range(40)] + [picture((100, 90)) for _ in range(10)]
    (track,), _ = found(films)
    first = 40 * STEP
    assert track.keys[0].at_us <= first - LEAD + 3 * STEP
    assert track.bases[0] is Basis.KEPT


def test_a_cut_ends_tracks_and_begins_others():
    other = np.roll(background(9), 40, axis=1) // 2 + np.uint8(100)
    other[:, :160] //= 3
    other[:, :, 0] = 0
    films = [picture((100, 90)) for _ in range(20)]
    films += [picture((220, 60), 0.8, other) for _ in range(20)]
    tracks, faces = found(films)
    assert faces.cuts == 1
    assert [round(track.score, 1) for track in tracks] == [0.9, 0.8]
    assert 19 * STEP <= tracks[0].keys[-1].at_us < 20 * STEP
    assert 19 * STEP < tracks[1].keys[0].at_us <= 20 * STEP


def test_two_faces_that_do_not_meet_are_two_tracks():
    def both(n):
        pixels = picture((60 + 2 * n, 40))
        disc = picture((260 - 2 * n, 150))
        pixels[disc[:, :, 0] > 0] = disc[disc[:, :, 0] > 0]
        return pixels

    def halves(pixels, least):
        """The red of the upper and the lower half, each by itself."""
        middle = pixels.shape[0] // 2
        upper, lower = look(pixels[:middle], least), look(pixels[middle:], least)
        return np.vstack([upper, lower + np.array([0, middle, 0, middle, 0], np.float32)])

    faces = Faces(Looker(halves), 320, 192)
    for n in range(60):
        faces.push(Frame(n * STEP, both(n)))
    tracks = faces.finish()
    assert all(covers(tracks, n * STEP, (60 + 2 * n, 40)) for n in range(60))
    assert all(covers(tracks, n * STEP, (260 - 2 * n, 150)) for n in range(60))


def test_who_was_lost_and_is_found_a_leap_further_on_is_covered_in_between():
    """One person who went on unseen, or two: the way is covered, and both ends."""
    places = [(60 + 10 * n, 90) for n in range(10)]
    hidden = [picture() for _ in places[1:-1]]
    films = [picture(places[0]), *hidden, *[picture(places[-1])] * 4]
    tracks, _ = found(films)
    assert all(covers(tracks, n * STEP, place, slack=6) for n, place in enumerate(places))
    assert covers(tracks, 9 * STEP, places[0])  # nobody knows that they are one


def test_a_weak_hit_finds_who_went_on_as_before():
    """Seen, hidden for ten pictures, and then weakly where their way has led."""
    places = [(40 + 5 * n, 90) for n in range(32)]
    films = [picture(one) for one in places[:16]]
    films += [picture() for _ in range(10)]
    films += [picture(one, 0.12) for one in places[26:]]
    (track,), _ = found(films)
    assert Basis.CLOSED in track.bases
    assert all(covers([track], n * STEP, place, slack=6) for n, place in enumerate(places))


def test_what_moves_in_two_corners_is_looked_at_there_alone():
    wide, tall = 960, 640
    shown = []

    def seen(pixels, least):
        shown.append(pixels.shape[0] * pixels.shape[1])
        return np.zeros((0, 5), np.float32)

    faces = Faces(Looker(seen), wide, tall)
    ground = np.random.default_rng(4).integers(80, 120, (tall, wide, 3)).astype(np.uint8)
    for number in range(25):
        moved = ground.copy()
        moved[20:60, 20:60] = moved[580:620, 900:940] = 8 * number
        faces.push(Frame(number * STEP, moved))
    assert shown[0] + shown[1] > wide * tall / 2
    assert max(shown[3:]) <= 128 * 128


def test_who_is_seen_late_where_nothing_changed_was_there_all_the_time():
    """The model says no to a picture and yes to the next, of the same place."""
    films = [picture() for _ in range(270)]
    for number, pixels in enumerate(films):
        pixels[170:180, 10 + number : 20 + number, 1] = 250  # something else moves
        if number >= 245:
            pixels[30:42, 200:212, 0] = 200  # red, which alone the model sees; changes are of green
    tracks, _ = found(films)
    assert all(covers(tracks, n * STEP, (206, 36), slack=7) for n in (0, 30, 244, 269))


def point(at, box, basis=Basis.SEEN):
    return Point(at, np.array(box, np.float32), basis, 0.9)


def masked(box):
    """What a plan covers where that is found: left, top, right, bottom."""
    grown = (box[2:] - box[:2]) * np.float32(Growth().share / WHOLE)
    return np.concatenate([box[:2] - grown, box[2:] + grown])


def holds(mask, box):
    return bool((mask[:2] <= box[:2]).all() and (mask[2:] >= box[2:]).all())


def test_a_mask_is_as_large_as_the_face_was_found_just_before_and_after():
    points = [
        point(0, [0, 0, 80, 80]),
        point(100_000, [20, 20, 70, 70]),
        point(900_000, [20, 20, 70, 70]),
    ]
    first, second, last = steadied(points)
    assert first.box.tolist() == [0, 0, 80, 80]
    assert (masked(second.box)[2:] - masked(second.box)[:2] >= 80).all()
    assert last.box.tolist() == [20, 20, 70, 70]
    kept = [points[1], point(200_000, [0, 0, 160, 160], Basis.KEPT)]
    assert steadied(kept)[0].box.tolist() == [
        20,
        20,
        70,
        70,
    ]  # no detection stands behind that size
    huge = [points[1], point(200_000, [-200, -200, 290, 290])]
    assert steadied(huge)[0].box.tolist() == [-5, -5, 95, 95]  # half a side, and no further


def test_a_mask_holds_a_face_that_is_found_now_left_now_right():
    places = [(100 + 2 * n + 16 * (n % 2), 50) for n in range(12)]
    points = [
        point(n * 33_000, [left, top, left + 40, top + 40]) for n, (left, top) in enumerate(places)
    ]
    for one, before, after in zip(steadied(points)[1:-1], points, points[2:], strict=False):
        assert holds(masked(one.box), before.box + np.float32(2) * np.array([1, 0, 1, 0]))
        assert holds(masked(one.box), after.box - np.float32(2) * np.array([1, 0, 1, 0]))


def test_a_face_that_moves_evenly_is_not_covered_wider():
    points = [point(n * 33_000, [10 * n, 50, 10 * n + 40, 90]) for n in range(12)]
    assert all(
        np.allclose(one.box, other.box)
        for one, other in zip(steadied(points)[1:-1], points[1:-1], strict=True)
    )


@pytest.mark.parametrize("score", [0.12, 0.3])
def test_a_head_that_is_found_twice_is_one_track_that_covers_both(score):
    def twice(pixels, least):
        boxes = look(pixels, least)
        beside = boxes + np.array([8, 10, 8, 10, 0], np.float32)
        beside[:, 4] = score
        return np.vstack([boxes, beside])

    faces = Faces(Looker(twice), WIDTH, HEIGHT)
    places = [(60 + 2 * n, 90) for n in range(60)]
    for number, place in enumerate(places):
        faces.push(Frame(number * STEP, picture(place)))
    (track,) = faces.finish()
    for number, (across, down) in enumerate(places[:-1]):
        if number % 3 == 0:
            there = np.array([across - 4, down - 2, across + 20, down + 22])
            mask = masked(box_at(track, number * STEP))
            assert holds(mask, there + np.array([1, 1, -1, -1]))


def test_whoever_is_sure_beside_a_face_is_a_track_of_their_own():
    def two(pixels, least):
        boxes = look(pixels, least)
        return np.vstack([boxes, boxes + np.array([14, 12, 14, 12, -0.05], np.float32)])

    faces = Faces(Looker(two), WIDTH, HEIGHT)
    for number in range(20):
        faces.push(Frame(number * STEP, picture((60 + 2 * number, 90))))
    assert len(faces.finish()) == 2


def lost_beside(pictures):
    """One who was found at the first picture and led astray since; all who are found at the last one; and the path."""
    window = [Frame(n * STEP, pixels) for n, pixels in enumerate(pictures)]
    box = np.array([88, 78, 112, 102, 0.9], np.float32)
    path = Path([seen_at(0, box)])
    astray = box[:4] + np.float32(60)
    path.lose([Point(frame.at, astray, Basis.KEPT) for frame in window[1:]])
    linking = Linking(Looker(look), window, box[None])
    return linking.begun([path], [(0, box[None])], 0), path, linking.bridges


def test_whoever_is_found_again_is_not_lost():
    """The picture leads from where they are found back to where they were found last."""
    new, path, bridges = lost_beside([picture((100, 90))] * 4)
    assert not new
    (kept,) = bridges  # where they were kept meanwhile stays covered: nobody knows
    assert [point.at for point in kept.points] == [n * STEP for n in range(1, 4)]
    assert all(point.box[0] == 88 + 60 for point in kept.points)
    assert path.lost is None
    assert path.points[-1].basis is Basis.SEEN
    assert [point.at for point in path.points] == [n * STEP for n in range(4)]
    assert all(np.abs(point.box - path.points[0].box).max() <= 2 for point in path.points)


def test_whoever_is_found_where_the_picture_shows_no_way_back_is_another():
    """Something else was there in between: whoever was lost stays covered, and another is."""
    (new,), path, _ = lost_beside(
        [picture((100, 90)), picture((20, 20)), picture(), picture((100, 90))]
    )
    assert path.lost is not None
    assert path.last.basis is Basis.KEPT
    assert new.last.basis is Basis.SEEN


def came(pictures, last, kept):
    """One who was seen ``last`` before the first picture, and is found at the last one where they were ``kept``."""
    window = [Frame(n * STEP + 400_000, pixels) for n, pixels in enumerate(pictures)]
    path = Path([seen_at(0, box_about(last))])
    path.lose([Point(400_000, box_about(kept)[:4], Basis.KEPT)])
    path.adrift = True
    linking = Linking(Looker(look), window, look(pictures[-1], 0.08))
    linking.link([path])
    return path, linking.bridges


def box_about(place):
    across, down = place
    sides = [across - RADIUS, down - RADIUS, across + RADIUS + 1, down + RADIUS + 1]
    return np.array([*sides, 0.9], np.float32)


@pytest.mark.parametrize("turned", [False, True], ids=["the picture leads", "the model says"])
def test_who_is_found_where_they_were_kept_is_covered_where_they_came_from(turned):
    """They came from above; one who turned looks like nobody who was there before."""
    places = [(100, 105), (102, 121), (98, 135), (100, 150)]
    films = [picture(one) for one in places]
    for pixels in films[:-1] if turned else ():
        there = pixels[:, :, 0] > 0
        pixels[there, 1] = 255 - pixels[there, 1]
    path, bridges = came(films, (100, 20), (100, 160))
    assert path.lost is None
    made = [track("one", one, WIDTH, HEIGHT, 0) for one in bridges]
    for number, place in enumerate(places):
        assert covers(made, 400_000 + number * STEP, place, slack=5)


def test_who_comes_in_more_quickly_than_they_are_wide_is_covered_where_they_came_in():
    """A stride of two heads a picture, and seen surely only then."""
    window = [
        Frame(n * STEP, pixels)
        for n, pixels in enumerate([picture(), picture((100, 172)), picture((100, 132), 0.5)])
    ]
    linking = Linking(Looker(look), window, look(window[-1].pixels, 0.08))
    (new,) = linking.begun([], [], 0)
    assert [point.at for point in new.points] == [STEP, 2 * STEP]
    assert np.abs(new.points[0].box[:2] - [100 - RADIUS, 172 - RADIUS]).max() <= 2


def test_who_was_kept_where_they_are_has_no_second_way():
    path, bridges = came([picture((100, 150))] * 4, (100, 148), (100, 150))
    assert path.lost is None
    assert bridges == []


def test_who_is_cold_at_half_the_size_is_looked_for_in_full_now_and_then():
    wide, tall = 1024, 640
    ground = np.random.default_rng(4).integers(80, 120, (tall, wide, 3)).astype(np.uint8)
    ground[:, :, 0] = 0

    def seen(pixels, least):
        rows, columns = np.nonzero(pixels[:, :, 0] == 255)
        there = len(rows) >= 18 * 18
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, 0.9] if there else []
        return np.array(box, np.float32).reshape(-1, 5)

    def cold(pixels, least, faint):
        return np.zeros((0, 5), np.float32), np.zeros((0, 5), np.float32)

    faces = Faces(Looker(seen, None, cold), wide, tall)
    for number in range(0, 270, 3):  # all of it changes, and is the same shot
        pixels = ground + np.uint8(number % 2 * 10)
        pixels[:, :, 0] = 0
        if number:
            pixels[300:320, 500:520, 0] = 255
        faces.push(Frame(number * STEP, pixels))
    (track,) = faces.finish()
    assert track.keys[0].at_us == 0  # nobody who looked since must have seen them
    assert track.keys[-1].at_us >= 267 * STEP


def test_whoever_is_found_a_leap_further_on_is_covered_there_before_as_well():
    """Nobody knows where on the way they were, or whether they are another."""
    films = [picture((60, 90)), *[picture()] * 8, *[picture((150, 90))] * 4]
    tracks, _ = found(films)
    assert all(covers(tracks, n * STEP, (150, 90)) for n in range(4, 13))


def test_before_its_first_hit_a_face_that_moves_is_covered_where_it_came_from():
    points = [point(400_000 + n * 100_000, [100 + 2 * n, 50, 120 + 2 * n, 70]) for n in range(6)]
    made = track("face-1", Path(points), WIDTH, HEIGHT, 0)
    left, _, right, _ = box_at(made, 0)
    assert left == pytest.approx(92, abs=1)
    assert right == pytest.approx(120, abs=1)
    still = track("face-1", Path([point(400_000, [100, 50, 120, 70])]), WIDTH, HEIGHT, 0)
    assert box_at(still, 0)[0] == pytest.approx(100, abs=1)


def test_a_track_begins_where_nobody_had_looked_so_that_they_must_be_seen():
    path = Path([point(1_900_000, [100, 50, 120, 70])], unseen_since=1_100_000)
    assert track("face-1", path, WIDTH, HEIGHT, 0).keys[0].at_us == 1_100_000 - PAD
    assert track("face-1", path, WIDTH, HEIGHT, 1_300_000).keys[0].at_us == 1_300_000 - PAD


@pytest.mark.parametrize(("side", "looks"), [(20, 5), (60, 3)])
def test_where_all_are_large_a_large_picture_is_looked_at_in_full_size_less_often(side, looks):
    wide, tall = 1024, 640
    shown = []

    def seen(pixels, least):
        shown.append(pixels.shape[:2])
        at = np.array([[40, 40, 40 + side, 40 + side, 0.9]], np.float32)
        return at if pixels.shape[1] >= wide // 2 else at[:0]

    faces = Faces(Looker(seen), wide, tall)
    ground = np.random.default_rng(4).integers(80, 120, (tall, wide, 3)).astype(np.uint8)
    for number in range(26):  # all of it changes, and is the same shot
        faces.push(Frame(number * STEP, ground + np.uint8(number % 2 * 10)))
    whole = [one for one in shown if one[0] > tall // 2 and one[1] >= wide // 2]
    assert len(whole) // 2 == looks
