import io

import numpy as np
import pytest
from PIL import Image

from daylight.detectors.base import Finding, Subject
from daylight.detectors.filmstrip import COLUMNS, TILES, Filmstrip
from daylight.media.probe import probe
from tests.detectors.reels import found
from tests.media.films import film, opened


def strip(data: bytes, cuts: int) -> Finding:
    return found(Filmstrip(), data, cuts)


def sheet(finding: Finding, name: str) -> np.ndarray:
    (blob,) = (one for one in finding.blobs if one.name == name)
    return np.asarray(Image.open(io.BytesIO(blob.data)))


@pytest.mark.parametrize("kind", [("mp4", "libx264"), ("avi", "mjpeg"), ("h264", "libx264")])
@pytest.mark.parametrize("cuts", [2, 3, 7])
def test_the_same_however_it_was_cut(kind, cuts):
    data = film(*kind, frames=100, gop=5)
    assert strip(data, cuts) == strip(data, 1)


def test_tiles_are_spread_evenly_and_told_with_their_times():
    finding = strip(film("matroska", "libx264", frames=100, gop=5), 1)
    facts = finding.blobs[0].facts
    assert [blob.name for blob in finding.blobs] == ["filmstrip-clear", "filmstrip-shielded"]
    assert (facts["tile_width"], facts["tile_height"], facts["columns"]) == (160, 120, COLUMNS)
    assert facts["count"] == len(facts["times_us"]) == 20
    assert facts["times_us"] == [n * 1_000_000 for n in range(20)]
    clear = sheet(finding, "filmstrip-clear")
    assert clear.shape == (240, 1600, 3)
    greys = [
        int(clear[row * 120 : row * 120 + 120, c * 160 : c * 160 + 160].mean())
        for row in range(2)
        for c in range(10)
    ]
    expected = [20 + n * 5 * 4 % 200 for n in range(20)]
    assert all(abs(one - other) <= 6 for one, other in zip(greys, expected, strict=True))


def test_a_long_film_has_so_many_tiles_and_no_more():
    finding = strip(film("matroska", "libx264", frames=1000, gop=5), 1)
    facts = finding.blobs[0].facts
    assert facts["count"] == TILES
    gaps = np.diff(facts["times_us"])
    assert gaps.min() >= 1_000_000
    assert gaps.max() <= 3_000_000


def test_a_film_of_one_picture():
    facts = strip(film("mp4", "libx264", frames=1), 1).blobs[0].facts
    assert (facts["count"], facts["columns"], facts["times_us"]) == (1, 1, [0])


def test_nothing_decoded_gives_no_sheet():
    with opened(film("mp4", "libx264")) as descriptor:
        made = probe(descriptor)
    finding = Filmstrip().merge(Subject(made.facts, made.index), [])
    assert (finding.facts, finding.blobs) == ({"tiles": 0}, ())
