import io

import numpy as np
from PIL import Image

from daylight.detectors.base import Span, Subject
from daylight.detectors.base import Still as Picture
from daylight.detectors.still import LONGEST, Still
from daylight.domain.media import Kind, MediaFacts, State

SUBJECT = Subject(MediaFacts(Kind.IMAGE, State.OK), None)


def shown(pixels: np.ndarray):
    detector = Still()
    session = detector.start(SUBJECT, Span(0, 0))
    session.push(Picture(pixels))
    return detector.merge(SUBJECT, [session.finish()])


def test_a_large_photo_is_made_smaller_and_shielded_beside():
    pixels = np.zeros((1500, 3000, 3), np.uint8)
    pixels[:, 1500:] = (0, 200, 0)
    finding = shown(pixels)
    clear, dark = (Image.open(io.BytesIO(blob.data)) for blob in finding.blobs)
    assert [blob.name for blob in finding.blobs] == ["still-clear", "still-shielded"]
    assert clear.size == dark.size == (LONGEST, LONGEST // 2)
    assert finding.blobs[0].facts == {"width": LONGEST, "height": LONGEST // 2}
    assert np.asarray(clear)[:, 700:, 1].mean() > 180
    assert dark.mode == "L"
    assert not clear.getexif()


def test_a_small_photo_keeps_its_size():
    finding = shown(np.full((40, 30, 3), 90, np.uint8))
    assert Image.open(io.BytesIO(finding.blobs[0].data)).size == (30, 40)


def test_no_picture_no_still():
    detector = Still()
    partial = detector.start(SUBJECT, Span(0, 0)).finish()
    assert detector.merge(SUBJECT, [partial]).blobs == ()
