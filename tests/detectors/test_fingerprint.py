"""Fingerprints: the same however a film was cut, whatever is odd about it."""

import numpy as np
import pytest

from daylight.detectors.base import Finding, Subject
from daylight.detectors.fingerprint import Fingerprint
from daylight.media.prints import Prints, unpack
from daylight.media.probe import probe
from tests.detectors.reels import found
from tests.media.films import film, opened


def finding(data: bytes, cuts: int = 1) -> Finding:
    return found(Fingerprint(), data, cuts)


def printed(data: bytes) -> Prints:
    (blob,) = finding(data).blobs
    return unpack(blob.data)


@pytest.mark.parametrize("kind", [("mp4", "libx264"), ("avi", "mjpeg"), ("h264", "libx264")])
@pytest.mark.parametrize("cuts", [2, 5])
def test_the_same_however_it_was_cut(kind, cuts):
    data = film(*kind, frames=100, gop=5)
    assert finding(data, cuts) == finding(data)


def test_key_frames_have_digests_and_what_lies_between_has_none():
    made = printed(film("matroska", "libx264", frames=100, gop=50, noise=60))
    assert made.duration_us == 20_000_000
    assert len(made) > 4
    held = made.digests.any(axis=1)
    assert list(made.times[held]) == [0, 10_000_000]
    assert (np.diff(made.times) > 0).all()


def test_a_remux_has_the_same_digests():
    one = printed(film("mp4", "libx264", noise=60))
    other = printed(film("mpegts", "libx264", noise=60))
    assert one.digests.any(axis=1).all()
    assert np.array_equal(one.digests, other.digests)
    assert np.array_equal(one.hashes, other.hashes)


@pytest.mark.parametrize("frames", [1, 2])
def test_films_of_hardly_a_picture(frames):
    made = printed(film("mp4", "libx264", frames=frames))
    assert len(made) == 1
    assert finding(film("mp4", "libx264", frames=frames)).facts == {"pictures": 1}


def test_nothing_seen_is_a_fingerprint_of_nothing():
    data = film("mp4", "libx264")
    with opened(data) as descriptor:
        made = probe(descriptor)
    subject = Subject(made.facts, made.index)
    (blob,) = Fingerprint().merge(subject, []).blobs
    assert len(unpack(blob.data)) == 0


def test_tiny_portrait_and_grey_films():
    for data in (
        film("mp4", "libx264", size=(16, 64)),
        film("yuv4mpegpipe", "rawvideo", size=(64, 16)),
        film("gif", "gif"),
    ):
        assert len(printed(data)) >= 1
