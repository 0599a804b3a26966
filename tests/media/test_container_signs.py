import io
from fractions import Fraction
from itertools import pairwise

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.media.container_signs import (
    KEY_HEAD,
    MAX_STRING,
    MAX_STRINGS,
    MOST,
    KeyFrameSigns,
    backwards,
    first_of,
    gaps,
    group_lengths,
    joined,
    stretches,
)
from daylight.media.probe import probe
from tests.media.films import film, opened

BASE = Fraction(1, 10)


def signs(data: bytes):
    with opened(data) as media:
        return probe(media).signs


def test_a_gap_is_found_and_a_slow_camera_has_none():
    times = [*range(50), *range(150, 200)]
    assert list(gaps(times, BASE, Fraction(0))) == [(Fraction(49, 10), Fraction(101, 10))]
    assert list(gaps(range(0, 2000, 100), BASE, Fraction(0))) == []  # a picture in ten seconds
    assert list(gaps([], BASE, Fraction(0))) == list(gaps([5], BASE, Fraction(0))) == []


def test_times_that_run_back_are_told_and_reordering_is_not():
    reordered = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8]
    assert list(backwards(reordered, BASE, Fraction(0))) == []
    back = [*range(100), *range(20, 60)]
    assert list(backwards(back, BASE, Fraction(0))) == [(Fraction(99, 10), Fraction(79, 10))]


@given(st.lists(st.integers(-(1 << 62), 1 << 62), max_size=60))
def test_any_times_are_borne(times):
    kept, count = first_of(gaps(times, BASE, Fraction(0)))
    assert len(kept) == min(count, MOST)
    assert all(length > 2 for _, length in kept)
    assert all(length > 1 for _, length in backwards(times, BASE, Fraction(0)))


@given(st.lists(st.fractions(0, 1000), max_size=40))
def test_stretches_hold_every_moment_and_lie_apart(times):
    found = list(stretches(times))
    assert all(any(at <= one <= at + length for at, length in found) for one in times)
    ends = [(at, at + length) for at, length in found]
    assert all(b[0] - a[1] > 1 for a, b in pairwise(ends))


@pytest.mark.parametrize("kind", [("mp4", "libx264"), ("matroska", "libx265"), ("h264", "libx264")])
def test_where_packets_are_damaged(kind):
    data = bytearray(film(*kind, size=(320, 240), noise=120, frames=100))
    whole = signs(bytes(data))
    assert (whole.hurt, whole.hurt_count) == ((), 0)
    middle = len(data) * 6 // 10
    data[middle : middle + 6000] = bytes(6000)
    ((at, length),) = signs(bytes(data)).hurt
    assert abs(float(at) - 12) < 1  # of twenty seconds
    assert length <= 1


def test_the_ends_do_not_count_for_the_rhythm():
    assert group_lengths([0, 7, 17, 27, 37, 40]) == ((10, 3),)
    assert group_lengths([]) == group_lengths([0, 5]) == ()


def test_writers_are_named_and_cut():
    assert joined(["a" * 999, ""], ["a" * 999, "b"]) == ("a" * MAX_STRING, "b")
    assert len(joined([str(n) for n in range(99)])) == MAX_STRINGS
    found = signs(film("mp4", "libx264"))
    assert any("x264" in text for text in found.untrusted_strings)
    assert "VideoHandler" in found.untrusted_strings
    assert found.groups == ((10, 1),)
    assert found.order == ("video",)


@pytest.mark.parametrize("container", ["matroska", "mp4", "mpegts", "h264"])
def test_parameter_sets_that_change_are_counted(container):
    def count(*sizes):
        pieces = b"".join(film("h264", "libx264", size=size) for size in sizes)
        if container == "h264":
            return signs(pieces).parameter_sets
        return signs(_remuxed(pieces, container)).parameter_sets

    assert count((64, 48), (64, 48)) == 1
    assert count((64, 48), (96, 64)) == 2


def _remuxed(stream: bytes, container: str) -> bytes:
    out = io.BytesIO()
    source = av.open(io.BytesIO(stream), format="h264")
    with av.open(out, "w", format=container) as target:
        video = target.add_stream_from_template(source.streams.video[0])
        number = 0
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream, packet.time_base = video, Fraction(1, 90_000)
                packet.pts = packet.dts = number * 18_000
                number += 1
                target.mux(packet)
    return out.getvalue()


@given(st.binary(max_size=300), st.binary(max_size=60), st.sampled_from(["h264", "hevc", "mjpeg"]))
def test_hostile_key_frames_are_borne(data, extradata, codec):
    marks = KeyFrameSigns(codec, extradata)
    for _ in range(3):
        marks.look(data)
    assert len(marks.sets) <= 1


def test_strings_do_not_pile_up():
    marks = KeyFrameSigns("h264", b"")
    for number in range(500):
        marks.look((b"\0\0\1\x06 version %06d \0" % number) * 40)
    assert len(marks.strings) <= MAX_STRINGS + KEY_HEAD // 8
    assert len(signs(film("avi", "mjpeg")).untrusted_strings) <= MAX_STRINGS


def test_a_header_that_is_cut_short_costs_nothing():
    whole = film("mp4", "libx264")
    at = whole.find(b"avcC")
    broken = whole[: at + 9] + b"\xff\xff\xff" + whole[at + 12 :]
    with opened(broken) as media:
        assert probe(media).facts.kind == "video"
