import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daylight.analyses.backgrounds import Gallery
from daylight.analyses.path_clues import pieces
from daylight.analyses.placing import place
from daylight.domain.background import HEIGHT, MAGIC, WIDTH, Background, unpack
from daylight.domain.placing import Alike, Basis, Clues, Placing, Structure

H264 = Structure("mp4", "h264", 704, 576, 12.0)
OTHER = Structure("avi", "mjpeg", 640, 480, 8.0)


def scene(number: int, night: float = 1.0, bars: int = 0, noise: int = 0) -> Background:
    """A scene of some rectangles; the same number is the same scene."""
    drawn = np.random.default_rng(number)
    picture = np.full((HEIGHT, WIDTH), 90.0)
    for _ in range(14):
        y, x = drawn.integers(0, HEIGHT - 12), drawn.integers(0, WIDTH - 16)
        tall, wide = drawn.integers(5, 24), drawn.integers(5, 30)
        picture[y : y + tall, x : x + wide] = drawn.integers(30, 230)
    picture = picture * night + np.random.default_rng(noise).normal(0, 1.5, picture.shape)
    if bars:
        inner = HEIGHT - 2 * bars
        rows = np.linspace(0, HEIGHT - 1, inner).astype(int)
        squeezed = np.full((HEIGHT, WIDTH), 16.0)
        squeezed[bars : bars + inner] = picture[rows]
        picture = squeezed
    data = np.clip(picture, 0, 255).astype(np.uint8).tobytes()
    return unpack(MAGIC + struct.pack("<H", 9) + data + bytes(WIDTH * HEIGHT // 4))


def clue(key: int, background: Background | None = None, path: str = "", **more) -> Clues:
    paths = (pieces(path.encode()),) if path else ()
    return Clues(key, more.pop("structure", H264), background, untrusted_paths=paths, **more)


def groups(made: Placing) -> list[list[int]]:
    found: dict[int, list[int]] = {}
    for one in made.placed:
        found.setdefault(one.group, []).append(one.item)
    return sorted(found.values())


def basis(made: Placing, item: int) -> dict[Basis, float]:
    return dict(next(one.basis for one in made.placed if one.item == item))


def test_a_background_is_known_again_by_night_and_with_bars():
    gallery = Gallery([scene(1), scene(1, night=0.5, noise=4), scene(1, bars=7), scene(2), None])
    alike, _ = gallery.alike([0], [1, 2, 3, 4])
    assert min(alike[0, 0], alike[0, 1]) > 0.8
    assert alike[0, 2] < 0.5
    assert alike[0, 3] == 0
    assert [*gallery.barred] == [False, False, True, False, False]


def test_a_picture_without_anything_in_it_tells_nothing():
    black = Background(3, bytes(WIDTH * HEIGHT), bytes(WIDTH * HEIGHT // 4))
    assert not Gallery([black]).tells[0]
    assert groups(place([clue(1, black), clue(2, black)])) == [[1], [2]]


def test_folders_make_cameras_and_copies_find_them_by_their_looks():
    clues = [
        *(clue(n, scene(n % 3, noise=n), f"site/cam{n % 3}/2021-03-04/{n}.mp4") for n in range(9)),
        *(clue(10 + n, scene(n, noise=50 + n), f"usb backup/{n}.mp4") for n in range(3)),
    ]
    made = place(clues)
    assert groups(made) == [[0, 3, 6, 10], [1, 4, 7, 11], [2, 5, 8, 12]]
    assert Basis.PATH in basis(made, 0)
    assert Basis.PATH not in basis(made, 10)
    assert basis(made, 10)[Basis.BACKGROUND] > 0.8


def test_a_folder_of_everything_is_no_camera():
    mixed = [
        clue(n, scene(n), f"disk/stuff/{n}.x", structure=(H264, OTHER)[n % 2]) for n in range(6)
    ]
    assert groups(place(mixed)) == [[n] for n in range(6)]


def test_a_telling_part_of_the_name_finds_its_camera_without_a_picture():
    clues = [clue(n, scene(n % 2), f"s/yard{n % 2}/x_cam0{n % 2}_{n}.mp4") for n in range(4)]
    broken = clue(9, None, "RECOVERED/lost.dir/x_cam01_3.mp4", structure=Structure())
    made = place([*clues, broken])
    assert groups(made) == [[0, 2], [1, 3, 9]]
    assert basis(made, 9) == {Basis.NAME: 1.0}


def test_labels_join_across_folders_and_keep_apart_within():
    clues = [
        clue(1, scene(1), "s/a/1.mp4", label_key="one"),
        clue(2, scene(1, noise=2), "t/b/2.mp4", label_key="one"),
        clue(3, scene(3), "s/a/3.mp4", label_key="two"),
        clue(4, scene(1, noise=3), "s/a/4.mp4"),
    ]
    made = place(clues)
    assert groups(made) == [[1, 2, 4], [3]]
    assert made.groups[0].label_keys == ("one",)


def test_equal_labels_of_two_sites_are_two_cameras():
    """Every recorker calls its first channel CAM 1."""
    clues = [
        *(clue(n, scene(1, noise=n), f"north/cam1/{n}.mp4", label_key="cam 1") for n in range(3)),
        *(
            clue(9 + n, scene(2, noise=n), f"south/cam1/{n}.mp4", label_key="cam 1")
            for n in range(3)
        ),
    ]
    assert groups(place(clues)) == [[0, 1, 2], [9, 10, 11]]


def test_the_same_footage_joins_whatever_the_label():
    clues = [clue(1, scene(1), label_key="one"), clue(2, scene(1), label_key="smudged")]
    assert groups(place(clues, [Alike(1, 2, 0.97)])) == [[1, 2]]
    assert groups(place(clues, [Alike(1, 2, 0.6)])) == [[1], [2]]
    assert groups(place(clues, [Alike(1, 7, 0.97)])) == [[1], [2]]


def test_a_persons_word_is_never_overruled_and_others_follow_it():
    clues = [
        clue(1, scene(1), "s/a/1.mp4", confirmed=7),
        clue(2, scene(1, noise=1), "s/a/2.mp4", confirmed=7),
        clue(3, scene(1, noise=2), "s/a/3.mp4", before=5),
        clue(4, scene(1, noise=3), "t/b/4.mp4", confirmed=8),
    ]
    made = place(clues, [Alike(1, 4, 0.99)])
    assert groups(made) == [[1, 2, 3], [4]]
    assert [one.camera for one in made.groups] == [7, 8]
    assert next(one for one in made.placed if one.item == 1).confidence == 1.0
    assert next(one for one in made.placed if one.item == 3).confidence < 1.0


def test_one_exception_does_not_turn_a_whole_folder():
    clues = [clue(n, scene(1, noise=n), f"s/a/{n}.mp4", before=5) for n in range(6)]
    clues[2] = clue(2, scene(2), "s/a/2.mp4", confirmed=9)
    made = place(clues)
    assert groups(made) == [[0, 1, 3, 4, 5], [2]]
    assert [one.camera for one in made.groups] == [5, 9]


def test_a_label_that_a_person_confirmed_is_remembered():
    made = place([clue(1, scene(1), label_key="one"), clue(2, scene(2))], known={"one": 4})
    assert [one.camera for one in made.groups] == [4, None]


def test_a_confirmed_label_does_not_swallow_the_same_label_of_another_site():
    clues = [
        clue(1, scene(1), "north/cam1/1.mp4", label_key="cam 1", confirmed=4),
        *(clue(n, scene(2), f"south/cam1/{n}.mp4", label_key="cam 1") for n in (2, 3)),
    ]
    made = place(clues, known={"cam 1": 4})
    assert groups(made) == [[1], [2, 3]]
    assert [one.camera for one in made.groups] == [4, None]
    apart = [replace(one, confirmed=None) for one in clues]
    assert [one.camera for one in place(apart, known={"cam 1": 4}).groups] == [None, None]


def test_a_camera_keeps_its_number_when_items_are_added():
    clues = [
        clue(n, scene(n % 2, noise=n), f"s/c{n % 2}/{n}.mp4", before=n % 2 + 3) for n in range(4)
    ]
    made = place([*clues, clue(9, scene(5), "s/c5/9.mp4")])
    assert [one.camera for one in made.groups] == [3, 4, None]


def test_cameras_of_one_folder_seem_to_belong_together():
    clues = [clue(n, scene(n), f"{'north' if n < 2 else 'south'}/c{n}/1.mp4") for n in range(4)]
    assert [one.site for one in place(clues).groups] == [0, 0, 1, 1]


def test_what_nothing_tells_of_is_left_out():
    assert place([clue(1), clue(2, None, "usb/x.mp4")]) == Placing((), ())
    assert place([]) == Placing((), ())


STRATEGY = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["", "s/a/x.mp4", "s/b/y.mp4", "usb/cam02.mp4"]),
        st.sampled_from(["", "one", "two"]),
        st.sampled_from([None, None, 4, 5]),
        st.sampled_from([H264, OTHER, Structure()]),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(STRATEGY, st.randoms())
def test_any_clues_in_any_order(drawn, shuffle):
    clues = [
        clue(n, scene(a) if a else None, path, label_key=label, confirmed=said, structure=made)
        for n, (a, path, label, said, made) in enumerate(drawn)
    ]
    made = place(clues)
    shuffle.shuffle(clues)
    assert place(clues) == made
    items = [one.item for one in made.placed]
    assert len(items) == len(set(items))
    cameras = {one.number: one.camera for one in made.groups}
    for one in made.placed:
        assert 0 <= one.confidence <= 1
        said = drawn[one.item][3]
        assert said is None or cameras[one.group] == said
    assert {n for n, one in enumerate(drawn) if one[3] is not None} <= {*items}


@pytest.mark.parametrize("count", [300])
def test_many_at_once(count):
    """Every camera again, without a folder or a label."""
    clues = [clue(n, scene(n % 20, noise=n)) for n in range(count)]
    assert len(groups(place(clues))) == 20
