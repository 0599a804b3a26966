"""How well speech is told from other sound, and at how many times real time sound is heard."""

import time

import numpy as np

from daylight import bootstrap
from daylight.detectors.base import Samples, Span, Subject
from daylight.detectors.samples import Stretch
from daylight.detectors.sound import Sound
from daylight.detectors.sound_slabs import SLAB
from daylight.detectors.voices import SIGNATURE, Voices
from daylight.domain.media import Kind, MediaFacts, State
from daylight.domain.models import SPEECH
from daylight.storage import models
from tests.conftest import SHARED
from tests.detectors.sounds import NO_SPEECH, RATE, coloured, spoken

# Nothing was fitted to these: another voice and language, and other sentences of one of the voices.
READ = (
    "ru",
    "sense_and_sensibility_01_austen_64kb-0880",
    "sense_and_sensibility_01_austen_64kb-0930",
)
ABOUT = Subject(MediaFacts(Kind.AUDIO, State.OK), None)


def heard(values):
    session = Sound().start(ABOUT, Span(0, 0))
    for at in range(0, len(values), 1024):
        session.push(Samples(values[at : at + 1024].astype(np.float32), RATE, at))
    return Sound().merge(ABOUT, [session.finish()]).facts


def plain(values):
    return [span[:2] for span in heard(values)["speech"]["spans"]]


def by_model(network, values):
    """Spans in milliseconds, as the service makes them."""
    voices = Voices(network)
    for at in range(0, len(values), SLAB):
        voices.push(Stretch(values[at : at + SLAB].clip(-1, 1).astype(np.float32), at, at > 0))
    return [[one.first * 1000 // RATE, one.last * 1000 // RATE] for one in voices.finish()]


def talking(voice):
    """Tenths of a second, within 30 dB of the loudest of a voice that was recorded clean."""
    step = RATE // 10
    steps = voice[: len(voice) // step * step].reshape(-1, step)
    level = np.sqrt((steps**2).mean(axis=1))
    return level > level.max() * 10 ** (-30 / 20)


def covered(spans, steps: int, low: int) -> np.ndarray:
    marks = np.zeros(steps, bool)
    for first, last in spans:
        marks[max(0, round((first - low) / 100)) : max(0, round((last - low) / 100))] = True
    return marks


def read_in_noise(name, spans_of) -> None:
    """``talking``: of the tenths in which the reader is heard; ``pauses``: of the others, his breaks."""
    rng = np.random.default_rng(8)
    for ratio in (40, 20, 10, 5, 0):
        found = total = said = breaks = outside = 0
        for reader in READ:
            voice = spoken(SHARED / f"media/audio/{reader}.wav")
            noise = coloured(rng, len(voice) + 60 * RATE, 0.5)
            noise *= voice.std() / noise.std() * 10 ** (-ratio / 20)
            noise[30 * RATE : 30 * RATE + len(voice)] += voice
            spans = spans_of(noise)
            talks = talking(voice)
            marks = covered(spans, len(talks), 30_000)
            low, high = 30_000, 30_000 + len(voice) * 1000 // RATE
            outside += sum(max(0, low - 1500 - a) + max(0, b - high - 1500) for a, b in spans)
            found, total = found + (marks & talks).sum(), total + talks.sum()
            said, breaks = said + (marks & ~talks).sum(), breaks + (~talks).sum()
        print(
            f"{name}: speech {ratio} dB above pink noise: {found / total:.0%} of talking found,"
            f" {said / breaks:.0%} of pauses within it, {outside} ms false"
        )


def no_speech(name, spans_of) -> None:
    rng = np.random.default_rng(9)
    for kind, make in NO_SPEECH.items():
        seconds = sum(b - a for a, b in spans_of(make(rng, 300 * RATE))) / 1000
        print(f"{name}: {kind}: {seconds:.1f} of 300 s taken for speech")


def with_the_model(values) -> None:
    if models.state(SPEECH) is not models.Installed.YES:
        print("model: not installed (DAYLIGHT_MODELS)")
        return
    with bootstrap.start_inference(models.read(SPEECH), SPEECH.digest, SIGNATURE) as network:
        by_model(network, values[:RATE])
        read_in_noise("model", lambda heard: by_model(network, heard))
        no_speech("model", lambda heard: by_model(network, heard))
        began = time.monotonic()
        by_model(network, values)
        took = time.monotonic() - began
    print(f"model: heard at {len(values) / RATE / took:.0f} x real time, one worker")


def main() -> None:
    read_in_noise("plain", plain)
    no_speech("plain", plain)
    rng = np.random.default_rng(8)
    values = np.tile(coloured(rng, 60 * RATE, 0.5), 30)
    began = time.process_time()
    heard(values)
    print(
        f"plain: heard at {len(values) / RATE / (time.process_time() - began):.0f} x real time a core"
    )
    with_the_model(values)


if __name__ == "__main__":
    main()
