import numpy as np
import pytest

from daylight.detectors.background import Background, _halved
from daylight.detectors.base import Finding, Partial
from daylight.domain.background import HEIGHT, LENGTH, WIDTH, unpack
from tests.detectors.reels import found
from tests.media.films import film


def background(data: bytes, cuts: int = 1) -> Finding:
    return found(Background(), data, cuts)


@pytest.mark.parametrize("kind", [("mp4", "libx264"), ("avi", "mjpeg"), ("h264", "libx264")])
@pytest.mark.parametrize("cuts", [2, 3, 7])
def test_the_same_however_it_was_cut(kind, cuts):
    data = film(*kind, frames=100, gop=5)
    assert background(data, cuts) == background(data)


def test_it_is_a_compact_blob_that_reads_back():
    finding = background(film("matroska", "libx264", frames=100, gop=5))
    (blob,) = finding.blobs
    assert (blob.name, len(blob.data)) == ("background", LENGTH)
    read = unpack(blob.data)
    assert read.pictures == finding.facts["pictures"] == 20
    assert len(read.median) == WIDTH * HEIGHT


def looks(*pictures: np.ndarray) -> list[Partial]:
    return [Partial({"pictures": 1}, one.astype(np.uint8).tobytes()) for one in pictures]


def test_what_stays_remains_and_what_passes_goes_out():
    scene = np.tile(np.linspace(20, 220, WIDTH), (HEIGHT, 1))
    seen = []
    for n in range(9):
        picture = scene.copy()
        picture[20:40, 8 * n : 8 * n + 8] = 255  # somebody walks through
        seen.append(picture)
    read = unpack(Background().merge(None, looks(*seen)).blobs[0].data)
    median = np.frombuffer(read.median, np.uint8).reshape(HEIGHT, WIDTH)
    assert np.abs(median.astype(int) - scene.astype(np.uint8)).max() == 0
    assert not any(read.spread)


def test_what_flickers_is_told_by_the_spread():
    dark, light = np.full((HEIGHT, WIDTH), 10), np.full((HEIGHT, WIDTH), 10)
    light[:, : WIDTH // 2] = 200
    read = unpack(Background().merge(None, looks(dark, light, dark, light)).blobs[0].data)
    spread = np.frombuffer(read.spread, np.uint8).reshape(HEIGHT // 2, WIDTH // 2)
    assert spread[:, : WIDTH // 4].min() == 190
    assert spread[:, WIDTH // 4 :].max() == 0


def test_nothing_decoded_gives_no_background():
    finding = Background().merge(None, [Partial({"pictures": 0})])
    assert (finding.facts, finding.blobs) == ({"pictures": 0}, ())
    assert Background().merge(None, []).blobs == ()


def test_a_partial_that_is_cut_is_refused():
    with pytest.raises(ValueError):
        Background().merge(None, [Partial({}, b"\0" * (WIDTH * HEIGHT + 1))])


def test_halving_takes_means():
    grey = np.zeros((120, 160), np.uint8)
    grey[:2, :2] = [[10, 20], [30, 40]]
    small = _halved(grey)
    assert small.shape == (HEIGHT, WIDTH)
    assert small[0, 0] == 25
