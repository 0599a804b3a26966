"""Sounds made for tests: what is no speech, of many kinds. Others than the weights were fitted to."""

import wave
from pathlib import Path

import numpy as np

RATE = 16_000


def spoken(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        data = file.readframes(file.getnframes())
    return np.frombuffer(data, "<i2").astype(np.float32) / 32768


def coloured(rng, count: int, slope: float) -> np.ndarray:
    spectrum = np.fft.rfft(rng.normal(size=count))
    values = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 1) ** slope, count)
    return 0.05 * values / values.std()


def passing(rng, count: int) -> np.ndarray:
    """Cars that pass: rumble that swells and ebbs."""
    time = np.arange(count) / RATE
    swell = sum(np.exp(-(((time - at) / 1.5) ** 2)) for at in np.arange(2, count / RATE, 7))
    return coloured(rng, count, 0.8) * (0.2 + swell)


def hum(rng, count: int) -> np.ndarray:
    time = np.arange(count) / RATE
    rich = sum(np.sin(2 * np.pi * 50 * k * time) / k for k in range(1, 12))
    return 0.05 * rich + 0.002 * rng.normal(size=count)


def siren(rng, count: int) -> np.ndarray:
    pitch = 800 + 250 * np.sin(2 * np.pi * 0.5 * np.arange(count) / RATE)
    return 0.2 * np.sin(2 * np.pi * np.cumsum(pitch) / RATE) + 0.003 * rng.normal(size=count)


def knocks(rng, count: int) -> np.ndarray:
    values = 0.002 * rng.normal(size=count)
    for at in range(3000, count - 2000, 7777):
        values[at : at + 1500] += rng.normal(size=1500) * np.exp(-np.arange(1500) / 250) * 0.3
    return values


def chords(rng, count: int) -> np.ndarray:
    values = np.zeros(count)
    for at in range(0, count - 32_000, 12_000):
        time = np.arange(32_000) / RATE
        for note in rng.choice([220, 247, 277, 330, 370, 440], 3, replace=False):
            values[at : at + 32_000] += np.exp(-2 * time) * np.sin(2 * np.pi * note * time)
    return 0.1 * values + 0.001 * rng.normal(size=count)


NO_SPEECH = {
    "white": lambda rng, n: coloured(rng, n, 0),
    "pink": lambda rng, n: coloured(rng, n, 0.5),
    "brown": lambda rng, n: coloured(rng, n, 1),
    "silence": lambda rng, n: np.zeros(n),
    "traffic": passing,
    "hum": hum,
    "siren": siren,
    "knocks": knocks,
    "chords": chords,
}
