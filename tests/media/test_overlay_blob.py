"""Crops of lines, packed and unpacked; whatever else is unpacked is refused."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.media.overlay_blob import MAGIC, Strip, pack, quantised, unpack


@st.composite
def strips(draw):
    count, rows, columns = (draw(st.integers(1, most)) for most in (4, 6, 9))
    still = draw(st.booleans())
    count = 1 if still else count
    q = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    return Strip(
        box=tuple(draw(st.integers(1, 1 << 14)) for _ in range(4)),
        cut=tuple(draw(st.integers(1, 1 << 14)) for _ in range(4)),
        dark=draw(st.booleans()),
        still=still,
        score=draw(st.floats(0, 100, width=32)),
        times=q.integers(-(1 << 60), 1 << 60, count),
        pixels=q.integers(0, 16, (count, rows, columns)).astype(np.uint8),
    )


def same(one: Strip, other: Strip) -> bool:
    plain = ("box", "cut", "dark", "still", "score")
    return (
        all(getattr(one, name) == getattr(other, name) for name in plain)
        and np.array_equal(one.times, other.times)
        and np.array_equal(one.pixels, other.pixels)
    )


@given(st.lists(strips(), max_size=3))
def test_there_and_back(made):
    back = unpack(pack(made))
    assert len(back) == len(made)
    assert all(same(one, other) for one, other in zip(made, back, strict=True))


@given(st.lists(strips(), min_size=1, max_size=2), st.data())
def test_a_cut_or_changed_blob_is_refused_or_reads_as_pixels(made, data):
    packed = bytearray(pack(made))
    at = data.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(ValueError):
        unpack(bytes(packed[:at]))
    packed[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        back = unpack(bytes(packed))
    except ValueError:
        return
    assert all(one.pixels.max() < 16 for one in back)


@given(st.binary(max_size=200))
def test_anything_is_refused(data):
    for one in (data, MAGIC + data):
        try:
            assert unpack(one) is not None
        except ValueError:
            continue


def head(*, rows=4, columns=4, count=1, still=0):
    return struct.pack("<8H2H2B2xIf", *[1] * 8, rows, columns, 0, still, count, 1.0)


@pytest.mark.parametrize(
    "heads",
    [
        [head(rows=0)],
        [head(columns=0)],
        [head(count=0)],
        [head(count=(1 << 32) - 1)],
        [head(rows=128, columns=8192, count=1 << 20)],
        [head(still=1, count=2)],
        [head(still=2)],
        [head()] * 5000,
    ],
)
def test_impossible_heads_are_refused_before_anything_is_unpacked(heads):
    body = zlib.compress(bytes(100))
    with pytest.raises(ValueError):
        unpack(MAGIC + struct.pack("<I", len(heads)) + b"".join(heads) + body)


def test_a_bomb_is_not_unpacked():
    bomb = zlib.compress(bytes(1 << 24))
    with pytest.raises(ValueError):
        unpack(MAGIC + struct.pack("<I", 1) + head() + bomb)


def test_greys_are_sixteen():
    grey = np.arange(256, dtype=np.uint8)
    assert np.array_equal(quantised(grey), grey // 16)
    assert np.array_equal(quantised(grey.astype(np.float32)), grey // 16)
