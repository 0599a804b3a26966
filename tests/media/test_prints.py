"""Fingerprints come back as they were, and nothing else is taken for one."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.errors import MediaRefused
from daylight.media.prints import MAGIC, Prints, pack, unpack


def prints(count: int, seed: int = 1, duration_us: int = 9_000_000) -> Prints:
    draw = np.random.default_rng(seed)
    return Prints(
        duration_us,
        640,
        480,
        np.sort(draw.integers(-(10**6), 10**9, count)),
        draw.integers(0, 256, (count, 16), np.uint8),
        draw.integers(0, 10_001, (count, 4)).astype(np.uint16),
        draw.integers(0, 256, (count, 4, 32), np.uint8),
        draw.integers(0, 256, (count, 24, 32), np.uint8),
    )


@given(st.integers(0, 12), st.integers(0, 99))
def test_there_and_back(count, seed):
    made = prints(count, seed)
    back = unpack(pack(made))
    assert (back.duration_us, back.width, back.height, len(back)) == (9_000_000, 640, 480, count)
    for column in ("times", "digests", "boxes", "hashes", "thumbs"):
        assert np.array_equal(getattr(back, column), getattr(made, column))


@given(st.data())
def test_no_cut_blob_is_taken(data):
    whole = pack(prints(3))
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(MediaRefused):
        unpack(whole[:cut])


@given(st.binary(max_size=300))
def test_nonsense_is_refused(tail):
    with pytest.raises(MediaRefused):
        unpack(MAGIC + b"\1" * 20 + tail)
    with pytest.raises(MediaRefused):
        unpack(tail)


def test_what_contradicts_itself_is_refused():
    made = prints(3)
    backwards = Prints(**{**fields(made), "times": made.times[::-1].copy()})
    outside = Prints(**{**fields(made), "boxes": made.boxes + np.uint16(20_000)})
    for wrong in (backwards, outside):
        with pytest.raises(MediaRefused):
            unpack(pack(wrong))


def fields(made: Prints) -> dict:
    return {name: getattr(made, name) for name in Prints.__dataclass_fields__}


def test_a_bomb_of_thumbs_is_not_opened():
    made = pack(prints(3))
    fixed = made[: len(made) - len(thumbs_of(made))]
    with pytest.raises(MediaRefused):
        unpack(fixed + zlib.compress(bytes(1 << 28), 9))
    with pytest.raises(MediaRefused):
        unpack(made + b"more")


def thumbs_of(blob: bytes) -> bytes:
    return blob[len(MAGIC) + 20 + 3 * (8 + 16 + 8 + 128) :]
