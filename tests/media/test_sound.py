from fractions import Fraction

import numpy as np
import pytest

from daylight.errors import MediaRefused
from daylight.media.probe import probe
from daylight.media.sound import RATE, sound_blocks
from tests.media.films import film, opened, sine


def heard(data: bytes) -> tuple[np.ndarray, list[int]]:
    with opened(data) as descriptor:
        blocks = list(sound_blocks(descriptor, probe(descriptor).facts))
    return np.concatenate([values for values, _ in blocks]), [at for _, at in blocks]


@pytest.mark.parametrize(
    ("container", "codec"),
    [("wav", "pcm_s16le"), ("flac", "flac"), ("mp3", "libmp3lame"), ("ogg", "libopus")],
)
def test_a_tone_is_heard_as_it_is(container, codec):
    values, _ = heard(sine(container, codec, level=0.5))
    assert values.dtype == np.float32
    assert abs(len(values) - 2 * RATE) < RATE // 8
    middle = values[RATE // 2 : RATE * 3 // 2]
    assert abs(np.abs(middle).max() - 0.5) < 0.03
    spectrum = np.abs(np.fft.rfft(middle))
    assert abs(int(spectrum.argmax()) - 440) <= 1


def test_blocks_follow_each_other_and_stay_small():
    data = sine(seconds=30)
    with opened(data) as descriptor:
        at = 0
        for values, start in sound_blocks(descriptor, probe(descriptor).facts):
            assert start == at
            assert values.ndim == 1
            assert len(values) <= RATE * 10
            at += len(values)
    assert at == 30 * RATE


def test_sound_of_a_film():
    values, starts = heard(film("matroska", "libx264", sound=True))
    assert starts[0] < RATE // 10
    assert abs(Fraction(len(values), RATE) - 8) < Fraction(1, 4)


def test_a_film_without_sound_has_none():
    with opened(film("mp4", "libx264")) as descriptor, pytest.raises(MediaRefused):
        list(sound_blocks(descriptor, probe(descriptor).facts))
