"""How the network is fed, and how spans are made of what it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daylight.detectors.samples import Stretch
from daylight.detectors.sound_slabs import RATE, SLAB
from daylight.detectors.voices import BEFORE, SIGNATURE, WINDOW, Voices, spans
from daylight.domain.models import SPEECH
from daylight.errors import InferenceFailed
from daylight.media.inference.inline import InlineInference
from daylight.storage import models
from tests.detectors.sounds import spoken


class Net:
    """Says how loud a window is; counts what it was shown in its state, as the real one would."""

    def __init__(self):
        self.rows, self.counts = [], []

    def __call__(self, free, inputs):
        rows, h, c = inputs
        self.rows += list(rows)
        self.counts.append(int(h[0, 0, 0]))
        said = np.abs(rows[:, BEFORE:]).max(axis=1)
        return [said.astype(np.float32), h + np.float32(len(rows)), c]


def heard(stretches, net=None):
    voices = Voices(InlineInference(SIGNATURE, net or Net(), i_am_a_test=True))
    for one in stretches:
        voices.push(one)
    return voices.finish(), voices


def cut(values, *places, at=0):
    edges = [0, *places, len(values)]
    return [Stretch(values[a:b], at + a, a > 0) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def sounding(seconds: float, *loud: tuple[float, float]) -> np.ndarray:
    values = np.zeros(int(seconds * RATE), np.float32)
    for first, last in loud:
        values[int(first * RATE) : int(last * RATE)] = 0.9
    return values


def test_each_window_comes_with_the_end_of_the_one_before_it():
    values = np.linspace(-1, 1, 5 * WINDOW, dtype=np.float32)
    net = Net()
    heard(cut(values, 100, 1500), net)
    padded = np.concatenate([np.zeros(BEFORE, np.float32), values])
    assert len(net.rows) == 5
    for number, row in enumerate(net.rows):
        assert np.array_equal(row, padded[number * WINDOW : number * WINDOW + BEFORE + WINDOW])


def test_a_gap_begins_anew():
    values = np.full(3 * WINDOW, 0.9, np.float32)
    net = Net()
    found, voices = heard([*cut(values), Stretch(values[:700], 10 * RATE, follows=False)], net)
    assert net.counts == [0, 0, 1]  # the second piece is a window and, filled up, another
    assert not net.rows[3][:BEFORE].any()
    assert voices.heard == 3 * WINDOW + 700
    assert found == []  # both too short


@given(st.lists(st.integers(1, 40_000), max_size=5).map(sorted))
def test_it_is_the_same_however_it_is_cut(places):
    values = sounding(2.5, (0.4, 0.7), (2.0, 2.4))
    assert heard(cut(values, *places))[0] == heard(cut(values))[0]


def test_spans_join_pauses_and_leave_out_what_is_short():
    found, _ = heard(cut(sounding(9, (1, 1.5), (2.2, 2.6), (5, 5.1), (7, 8)), SLAB // 2))
    assert [(round(a.first / RATE, 1), round(a.last / RATE, 1)) for a in found] == [
        (0.9, 2.7),
        (6.9, 8.1),
    ]
    assert all(0.85 < one.confidence < 0.95 for one in found)


def test_what_never_reaches_half_is_none_and_what_did_goes_on():
    said = np.array([0.4] * 20, np.float32)
    assert spans(said, 0) == []
    said[5] = 0.6
    (one,) = spans(said, 0)
    assert (one.first, one.last) == (5 * WINDOW - RATE // 10, 20 * WINDOW)


@given(st.lists(st.floats(0, 1, width=32), max_size=200), st.integers(0, 1 << 40))
def test_spans_are_in_order_apart_and_within(said, at):
    found = spans(np.array(said, np.float32), at)
    edges = [edge for one in found for edge in (one.first, one.last)]
    assert edges == sorted(edges)
    assert all(at <= edge <= at + len(said) * WINDOW for edge in edges)
    assert all(0.35 <= one.confidence <= 1 for one in found)


@pytest.mark.parametrize("odd", [-0.1, 1.5])
def test_what_is_no_likelihood_is_no_answer(odd):
    def net(free, inputs):
        return [np.full(len(inputs[0]), odd, np.float32), *inputs[1:]]

    with pytest.raises(InferenceFailed, match="likelihood"):
        heard(cut(np.zeros(WINDOW, np.float32)), net)


def test_nothing_gives_nothing():
    assert heard([])[0] == []


def test_the_real_network_hears_a_reader_and_no_noise(real_speech, shared_media):
    from daylight import bootstrap

    voice = spoken(shared_media / "audio/sense_and_sensibility_01_austen_64kb-0870.wav")
    noise = np.random.default_rng(1).normal(0, 0.001, 30 * RATE).astype(np.float32)
    noise[10 * RATE : 10 * RATE + len(voice)] += voice
    with bootstrap.start_inference(models.read(SPEECH), SPEECH.digest, SIGNATURE) as network:
        voices = Voices(network)
        for one in cut(noise, SLAB, 2 * SLAB):
            voices.push(one)
        (found,) = voices.finish()
    assert abs(found.first / RATE - 10) < 0.5
    assert abs(found.last / RATE - 10 - len(voice) / RATE) < 0.5
    assert found.confidence > 0.8
