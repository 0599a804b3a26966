"""How well speech is told from other sound, and at how many times real time sound is heard."""

import time

import numpy as np

from daylight.detectors.base import Samples, Span, Subject
from daylight.detectors.sound import Sound
from daylight.domain.media import Kind, MediaFacts, State
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


def main() -> None:
    rng = np.random.default_rng(8)
    for ratio in (40, 20, 10, 5, 0):
        found = total = outside = 0
        for name in READ:
            voice = spoken(SHARED / f"media/audio/{name}.wav")
            noise = coloured(rng, len(voice) + 60 * RATE, 0.5)
            noise *= voice.std() / noise.std() * 10 ** (-ratio / 20)
            noise[30 * RATE : 30 * RATE + len(voice)] += voice
            spans = heard(noise)["speech"]["spans"]
            low, high = 30_000, 30_000 + len(voice) * 1000 // RATE
            found += sum(max(0, min(b, high) - max(a, low)) for a, b, _ in spans)
            outside += sum(max(0, low - 1500 - a) + max(0, b - high - 1500) for a, b, _ in spans)
            total += high - low
        print(f"speech {ratio} dB above pink noise: {found / total:.0%} found, {outside} ms false")
    for kind, make in NO_SPEECH.items():
        seconds = heard(make(rng, 300 * RATE))["speech"]["seconds"]
        print(f"{kind}: {seconds:.1f} of 300 s taken for speech")
    values = np.tile(coloured(rng, 60 * RATE, 0.5), 30)
    began = time.process_time()
    heard(values)
    print(f"heard at {len(values) / RATE / (time.process_time() - began):.0f} x real time a core")


if __name__ == "__main__":
    main()
