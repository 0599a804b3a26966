import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daylight.detectors.base import Samples, Span, Subject
from daylight.detectors.sound import Sound
from daylight.detectors.sound_levels import MOST
from daylight.detectors.sound_slabs import SLAB, STEP, TOLERANCE
from daylight.domain.media import Kind, MediaFacts, State
from tests.detectors.sounds import NO_SPEECH, RATE, coloured, spoken

ABOUT = Subject(MediaFacts(Kind.AUDIO, State.OK, duration=Fraction(1)), None)
READ = [
    "jfk",
    "ru",
    *(f"sense_and_sensibility_01_austen_64kb-{n}" for n in ("0870", "0880", "0930")),
]


def hear(pieces):
    session = Sound().start(ABOUT, Span(0, 0))
    for at, values in pieces:
        session.push(Samples(np.asarray(values, np.float32), RATE, at))
    return Sound().merge(ABOUT, [session.finish()])


def heard(values, block=1024, at=0):
    return hear((at + n, values[n : n + block]) for n in range(0, len(values), block))


def seconds(finding) -> np.ndarray:
    kind = np.dtype([("second", "<u4"), ("level", "i1"), ("peak", "i1")])
    return np.frombuffer(finding.blobs[0].data, kind)


def test_levels_of_a_sine_that_stops():
    values = np.zeros(10 * RATE)
    values[: 4 * RATE] = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4 * RATE) / RATE)
    finding = heard(values)
    table = seconds(finding)
    assert table["second"].tolist() == [*range(10)]
    assert set(table["level"][:4].tolist()) == {-9}
    assert set(table["peak"][:4].tolist()) == {-6}
    assert set(table["level"][4:].tolist()) == {-120}
    assert finding.facts["level_dbfs"]["peak"] == pytest.approx(20 * math.log10(0.5), abs=0.1)
    assert finding.facts["silence"] == {"seconds": 6.0, "count": 1, "spans": [[4000, 10_000]]}
    assert finding.facts["clipping"]["count"] == finding.facts["loud"]["count"] == 0


def test_a_bang_is_an_event_and_a_swell_is_none():
    rng = np.random.default_rng(3)
    values = 0.003 * rng.normal(size=30 * RATE)
    values[12 * RATE : 12 * RATE + 4000] += 0.5 * rng.normal(size=4000)
    values[20 * RATE :] *= np.linspace(1, 8, 10 * RATE)
    facts = heard(values).facts
    (only,) = facts["loud"]["events"]
    assert only[0] == 12_000
    assert 30 < only[1] < 50
    assert only[2] <= 24


def test_clipping_is_counted_over_joints():
    values = 0.5 * np.sin(2 * np.pi * 100 * np.arange(15 * RATE) / RATE)
    values[SLAB - 5 : SLAB + 5] = 1.0  # a run that the end of a slab cuts
    values[3 * RATE : 3 * RATE + 2] = -1.0  # too short
    clipping = heard(values).facts["clipping"]
    assert (clipping["samples"], clipping["count"]) == (10, 1)
    assert clipping["spans"] == [[9900, 10_100]]


def test_real_speech_is_heard_and_other_sound_is_not(shared_media):
    """The score that docs/detectors.md gives."""
    shares = []
    for name in READ:
        values = spoken(shared_media / f"audio/{name}.wav")
        shares.append(heard(values).facts["speech"]["seconds"] / (len(values) / RATE))
    assert min(shares) > 0.85
    rng = np.random.default_rng(20)
    false = {kind: heard(make(rng, 40 * RATE)).facts["speech"] for kind, make in NO_SPEECH.items()}
    assert {kind: one["seconds"] for kind, one in false.items() if one["seconds"] > 2} == {}


def test_speech_in_noise_is_found_where_it_is(shared_media):
    values = coloured(np.random.default_rng(5), 60 * RATE, 0.8) * 0.1
    voice = spoken(shared_media / "audio/jfk.wav")
    values[30 * RATE : 30 * RATE + len(voice)] += voice
    found = heard(values).facts["speech"]["spans"]
    assert found
    assert all(28_500 <= first < last <= 42_500 for first, last, _ in found)
    assert sum(last - first for first, last, _ in found) > 9000
    assert all(0.5 <= confidence <= 1 for _, _, confidence in found)


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 400_000),
    st.lists(st.integers(0, 400_000), max_size=9),
    st.integers(0, 99),
    st.integers(0, 10**9),
)
def test_the_same_however_the_blocks_are_cut(count, cuts, seed, at):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=count) * np.repeat(rng.uniform(0, 1, count // 3000 + 1), 3000)[:count]
    bounds = [0, *sorted(cut for cut in cuts if cut < count), count]
    pieces = ((at + a, values[a:b]) for a, b in zip(bounds, bounds[1:], strict=False))
    whole, cut = heard(values, count, at), hear(pieces)
    assert cut == whole


def test_a_gap_is_no_silence_and_what_runs_back_follows():
    values = np.full(4 * RATE, 0.1)
    gap = hear([(0, values), (100 * RATE, values)])
    assert gap.facts["gaps"] == 1
    assert gap.facts["silence"]["count"] == 0
    assert gap.facts["seconds"] == 8.0
    assert seconds(gap)["second"].tolist() == [0, 1, 2, 3, 100, 101, 102, 103]
    back = hear([(0, values), (RATE, values), (5 * RATE, values)])
    assert (back.facts["ran_back"], back.facts["gaps"]) == (1, 0)
    assert seconds(back)["second"].tolist() == [*range(12)]


def test_rounding_of_times_is_no_gap():
    values = np.full(30 * RATE, 0.1)
    pieces = [
        (n + (n // 1000) % TOLERANCE // 2, values[n : n + 1000])
        for n in range(0, len(values), 1000)
    ]
    assert hear(pieces).facts["gaps"] == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_are_no_numbers(value):
    values = np.full(RATE, 0.1)
    values[100] = value
    facts = heard(values).facts
    assert math.isfinite(facts["level_dbfs"]["peak"])


@pytest.mark.parametrize("at", [0, 1 << 40, (1 << 62) - 1])
def test_times_that_cannot_be(at):
    facts = hear([(0, np.zeros(STEP)), (at, np.full(3 * STEP, 0.1))]).facts
    assert facts["seconds"] <= 0.5


def test_nothing_gives_nothing():
    assert hear([]).facts == {"seconds": 0}
    assert Sound().merge(ABOUT, []).facts == {"seconds": 0}
    assert heard(np.zeros(1)).facts["seconds"] == 0.1


def test_another_rate_is_refused():
    session = Sound().start(ABOUT, Span(0, 0))
    with pytest.raises(ValueError, match="rate"):
        session.push(Samples(np.zeros(10, np.float32), 8000, 0))


def test_a_restless_sound_cannot_flood_its_finding():
    one = np.concatenate((np.full(2 * STEP, 1.0), np.zeros(25 * STEP)))
    facts = heard(np.tile(one, MOST + 40).astype(np.float32), 1 << 20).facts
    assert facts["silence"]["count"] == facts["clipping"]["count"] == MOST + 40
    assert len(facts["silence"]["spans"]) == len(facts["clipping"]["spans"]) == MOST


def test_memory_does_not_grow_with_the_length():
    """Ten hours, of which a minute is heard: what the session keeps is bounded by its slabs."""
    session = Sound().start(ABOUT, Span(0, 0))
    minute = 0.1 * np.random.default_rng(1).normal(size=60 * RATE).astype(np.float32)
    for at in (0, 5 * 3600 * RATE, 10 * 3600 * RATE):
        session.push(Samples(minute, RATE, at))
        assert len(session._speech._rows) < 700
    partial = session.finish()
    assert len(partial.data) < 6 * 190
