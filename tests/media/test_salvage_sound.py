"""Sound between the pictures of an mp4 without its index: byte for byte what it was, or left out."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daylight.media.failures import EXPECTED
from daylight.media.rebuilt import open_rebuilt
from tests.media.films import opened
from tests.media.test_salvage import (
    PLAIN,
    originals,
    pictures,
    put_together,
    recording,
    without_index,
)

RATE, PIECE = 10, 1600
WORDS = PLAIN["libx264"]
ALIKE = ["pcm_alaw", "pcm_mulaw", "pcm_s16le", "pcm_s16be", "pcm_u8"]


def film(
    codec: str, seed: int, *, frames: int = 40, rate: int = 16_000, loud: float = 0.2
) -> bytes:
    """Pictures and sound, a piece of it behind each picture, the last of it a shorter one."""
    file = io.BytesIO()
    with av.open(file, "w", format="mov") as out:
        video = out.add_stream("libx264", rate=RATE, options={"x264-params": WORDS})
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        video.gop_size, video.thread_count = 12, 1
        tone = out.add_stream(codec, rate=rate, layout="mono")
        draw = np.random.default_rng(seed)
        base = draw.integers(0, 256, (96, 160, 3), np.uint8)
        fits = av.AudioResampler(tone.codec_context.format.name, "mono", rate)
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.roll(base, number * 3, axis=1), "rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(video.encode(frame))
            for piece in fits.resample(_noise(draw, number, rate, loud)):
                out.mux(tone.encode(piece))
        out.mux([*video.encode(None), *tone.encode(None)])
    return file.getvalue()


def _noise(draw, number: int, rate: int, loud: float) -> av.AudioFrame:
    count = rate // RATE
    values = draw.normal(0, loud, (1, count)).clip(-1, 1).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(values, "fltp", "mono")
    frame.sample_rate, frame.pts, frame.time_base = rate, number * count, Fraction(1, rate)
    return frame


def sound_of(container) -> list[tuple[Fraction, bytes]]:
    """Of each packet when it is heard, and its bytes."""
    stream = container.streams.audio[0]
    return [(one.pts * one.time_base, bytes(one)) for one in container.demux(stream) if one.size]


def original(data: bytes) -> tuple[list[tuple[Fraction, bytes]], int]:
    """Its sound, from its first packet on, and the codec's rate."""
    with av.open(io.BytesIO(data)) as container:
        found = sound_of(container)
        rate = container.streams.audio[0].rate
    return [(at - found[0][0], data) for at, data in found], rate


def rebuilt(damaged: bytes, made) -> tuple[list[tuple[Fraction, bytes]], int]:
    with opened(damaged) as one, open_rebuilt(one, made.recipe, "mov") as container:
        return sound_of(container), container.streams.audio[0].rate


def joined(heard) -> bytes:
    return b"".join(data for _, data in heard)


@pytest.mark.parametrize("codec", ALIKE)
def test_sound_of_samples_of_one_length_comes_back_as_it_was(codec):
    lost = without_index(film(codec, 1))
    made, proof = put_together("mp4", lost, film(codec, 2))
    assert proof.clean
    heard, rate = rebuilt(lost, made)
    wanted, right = original(film(codec, 1))
    assert rate == right
    assert joined(heard) == joined(wanted)
    assert (made.sound_bytes, made.sound_left_out, made.holes) == (len(joined(wanted)), False, 0)
    assert made.pictures == 40


@pytest.mark.parametrize("loud", [0.0005, 0.00005, 0.0])
def test_quiet_sound_full_of_zeros_comes_back_too(loud):
    data = film("pcm_s16be", 1, loud=loud)
    made, _ = put_together("mp4", without_index(data), film("pcm_s16be", 2))
    assert joined(rebuilt(without_index(data), made)[0]) == joined(original(data)[0])
    assert made.pictures == 40


def test_sound_that_looks_like_a_picture_is_sound_where_pieces_are_known():
    """A key frame's head (length, type, slice, parameter set) in the midst of a piece."""
    data = bytearray(film("pcm_alaw", 1))
    with av.open(io.BytesIO(data)) as container:
        (at,) = [one.pos for number, one in enumerate(container.demux(audio=0)) if number == 20]
    data[at + 200 : at + 207] = b"\0\0\1\0\x65\x88\x80"
    made, _ = put_together("mp4", without_index(bytes(data)), film("pcm_alaw", 2))
    assert made.pictures == 40
    assert joined(rebuilt(without_index(bytes(data)), made)[0]) == joined(original(bytes(data))[0])


@pytest.mark.parametrize("loud", [0.2, 0.0005, 0.0])
def test_every_frame_of_aac_comes_back_as_it_was_and_in_time(loud):
    data = film("aac", 1, loud=loud)
    made, proof = put_together("mp4", without_index(data), film("aac", 2))
    assert proof.clean
    assert rebuilt(without_index(data), made) == original(data)
    assert (made.holes, made.sound_left_out, made.pictures) == (0, False, 40)
    assert made.used + made.skipped == len(without_index(data))


@pytest.mark.parametrize("codec", ["aac", "pcm_alaw"])
@pytest.mark.parametrize("share", [0.3, 0.61, 0.97])
def test_a_cut_recording_gives_the_sound_there_is_and_none_that_never_was(codec, share):
    cut = without_index(film(codec, 3), share)
    made, _ = put_together("mp4", cut, film(codec, 4))
    heard, wanted = joined(rebuilt(cut, made)[0]), joined(original(film(codec, 3))[0])
    assert wanted.startswith(heard)
    assert len(heard) > len(wanted) * share * 0.7


def test_where_a_piece_is_damaged_the_rest_is_heard_in_its_place():
    data = film("aac", 5)
    wanted, _ = original(data)
    lost = bytearray(without_index(data))
    hit = wanted[30][1]
    at = lost.find(hit)
    lost[at : at + len(hit)] = b"\xff" * len(hit)
    made, _ = put_together("mp4", bytes(lost), film("aac", 6))
    heard, _ = rebuilt(bytes(lost), made)
    told = {bytes_: when for when, bytes_ in wanted}
    assert hit not in [bytes_ for _, bytes_ in heard]
    assert len(wanted) - 4 <= len(heard) < len(wanted)
    assert made.holes == 1
    assert all(abs(told[bytes_] - when) < Fraction(1, 4) for when, bytes_ in heard)


def test_a_stranger_between_the_pictures_is_not_taken_for_sound():
    """The sibling has sound of another kind: its decoder or its pieces do not fit."""
    for own, lent in (("aac", "pcm_alaw"), ("pcm_alaw", "aac")):
        lost_whole = film(own, 7)
        lost = without_index(lost_whole)
        made, proof = put_together("mp4", lost, film(lent, 8))
        assert proof.clean
        assert (made.sound_bytes, made.pictures, made.sound_left_out) == (0, 40, True)
        assert pictures(lost, made) == originals(lost_whole)


def test_a_sibling_without_sound_rebuilds_none():
    lost = without_index(recording("libx264", 1, words=WORDS, sound=True))
    made, _ = put_together("mp4", lost, recording("libx264", 2, words=WORDS))
    assert (made.sound_bytes, made.sound_left_out) == (0, False)
    sibling = recording("libx264", 2, words=WORDS, sound=True, container="matroska")
    made, _ = put_together("mp4", lost, sibling, lender="matroska")
    assert (made.sound_bytes, made.sound_left_out) == (0, True)


LOST, LENT = without_index(film("aac", 11, frames=14)), film("aac", 12, frames=14)


@settings(max_examples=60)
@given(st.integers(0, len(LOST) - 1), st.binary(min_size=1, max_size=300))
def test_hostile_remains_give_a_named_failure_at_most(at, junk):
    damaged = LOST[:at] + junk + LOST[at + len(junk) :]
    try:
        made, _ = put_together("mp4", damaged, LENT)
    except EXPECTED:
        return
    assert made.used <= len(damaged)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, len(LENT) - 1), st.integers(0, 255)), min_size=1, max_size=8)
)
def test_a_hostile_sibling_gives_a_named_failure_at_most(changes):
    hostile = bytearray(LENT)
    moov = hostile.rfind(b"moov")
    for at, value in changes:
        hostile[moov + at % (len(hostile) - moov)] = value
    try:
        put_together("mp4", LOST, bytes(hostile))
    except EXPECTED:
        pass
