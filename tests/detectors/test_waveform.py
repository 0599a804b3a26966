import io
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from daylight.detectors.base import Samples, Span, Subject
from daylight.detectors.waveform import COLUMNS, HEIGHT, SILENT_DBFS, Waveform
from daylight.domain.media import Kind, MediaFacts, State

RATE = 16_000


def subject(seconds: Fraction | None) -> Subject:
    return Subject(MediaFacts(Kind.AUDIO, State.OK, duration=seconds), None)


def heard(values: np.ndarray, cuts: list[int], seconds: Fraction | None = None):
    detector = Waveform()
    about = subject(seconds or Fraction(max(len(values), 1), RATE))
    partials = []
    bounds = [0, *sorted(cuts), len(values)]
    for first, last in zip(bounds, bounds[1:], strict=False):
        session = detector.start(about, Span(0, 0))
        for at in range(first, last, 1000):
            piece = values[at : min(at + 1000, last)].astype(np.float32)
            session.push(Samples(piece, RATE, at))
        partials.append(session.finish())
    return detector.merge(about, partials)


def test_a_sine_has_the_level_of_a_sine():
    values = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4 * RATE) / RATE)
    finding = heard(values, [])
    assert finding.facts["peak_dbfs"] == pytest.approx(20 * math.log10(0.5), abs=0.02)
    assert finding.facts["rms_dbfs"] == pytest.approx(20 * math.log10(0.5 / 2**0.5), abs=0.02)
    assert finding.facts["samples"] == 4 * RATE


def test_the_picture_shows_where_it_is_loud():
    values = np.zeros(4 * RATE)
    values[RATE : 2 * RATE] = 0.9 * np.sign(np.sin(np.arange(RATE)))
    picture = np.asarray(Image.open(io.BytesIO(heard(values, []).blobs[0].data)))
    assert picture.shape == (HEIGHT, COLUMNS, 4)
    heights = (picture[..., 3] > 0).sum(axis=0)
    assert heights[310:590].min() > 0.85 * HEIGHT
    assert heights[610:].max() <= 2
    assert heights[:290].max() <= 2


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 20_000), st.lists(st.integers(0, 20_000), max_size=5), st.integers(0, 99))
def test_the_same_however_it_was_cut(count, cuts, seed):
    values = np.random.default_rng(seed).uniform(-1, 1, count)
    whole, parts = heard(values, []), heard(values, [cut for cut in cuts if cut < count])
    assert parts.facts == whole.facts
    assert parts.blobs == whole.blobs


def test_silence_and_nothing():
    assert heard(np.zeros(RATE), []).facts["peak_dbfs"] == SILENT_DBFS
    finding = heard(np.zeros(0), [])
    assert (finding.facts, finding.blobs) == ({"samples": 0}, ())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_are_no_numbers(value):
    values = np.full(RATE, 0.1)
    values[100] = value
    facts = heard(values, []).facts
    assert math.isfinite(facts["peak_dbfs"])
    assert math.isfinite(facts["rms_dbfs"])


@pytest.mark.parametrize("seconds", [Fraction(1, 1_000_000), Fraction(1), Fraction(10**9), None])
def test_a_duration_that_lies(seconds):
    finding = heard(np.full(3 * RATE, 0.25), [], seconds)
    assert finding.facts["samples"] == 3 * RATE
    assert len(finding.blobs) == 1
