"""Fingerprints without films: cameras that do not move, clocks in a corner, somebody who walks by."""

from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from daylight.analyses.stretches import Recording
from daylight.media.canvas import hashes
from daylight.media.prints import Prints

STEP = 2_000_000  # microseconds from picture to picture
DIGITS = np.random.default_rng(5).integers(0, 2, (10, 5, 3)).astype(np.float32) * 200 + 20


@dataclass(frozen=True)
class Camera:
    """``wall``: what it always sees, 120 by 160."""

    wall: np.ndarray

    def at(self, second: int) -> np.ndarray:
        """What it shows then: the wall, a clock of ten digits, somebody at some times."""
        grey = self.wall.copy()
        for place, digit in enumerate(f"{second:010d}"):
            left = 4 + place * 12
            grey[6:16, left : left + 9] = DIGITS[int(digit)].repeat(2, 0).repeat(3, 1)
        if second // 20 % 3 == 0:
            left = second * 7 % 130
            grey[50:100, left : left + 20] = 30 + second % 60
        return grey


def camera(seed: int) -> Camera:
    draw = np.random.default_rng(seed)
    wall = draw.integers(40, 220, (12, 16)).repeat(10, 0).repeat(10, 1).astype(np.float32)
    return Camera(wall)


def prints(
    seen: Camera,
    start: int,
    length: int,
    *,
    coded: str = "",
    noise: float = 1.0,
    phase: int = 0,
    mirrored: bool = False,
    size=(704, 576),
) -> Prints:
    """``length`` seconds from second ``start`` on, with a picture every two seconds from ``phase``
    microseconds. ``coded`` names the encoding: of the same, the same seconds have the same digest.
    """
    times = np.arange(phase, length * 1_000_000, STEP)
    draw = np.random.default_rng(start + len(coded))
    greys = [seen.at(start + int(at // 1_000_000)) for at in times]
    greys = [g + draw.normal(0, noise, g.shape) for g in greys]
    greys = [np.clip(g[:, ::-1] if mirrored else g, 0, 255).astype(np.uint8) for g in greys]
    digests = np.zeros((len(times), 16), np.uint8)
    for row, at in enumerate(times):
        if coded:
            said = f"{coded} {start * 1_000_000 + at}".encode()
            digests[row] = np.frombuffer(blake2b(said, digest_size=16).digest(), np.uint8)
    return Prints(
        length * 1_000_000,
        *size,
        times.astype(np.int64),
        digests,
        np.tile(np.array([0, 0, 10_000, 10_000], np.uint16), (len(times), 1)),
        np.stack([hashes(grey) for grey in greys]),
        np.stack([g.reshape(24, 5, 32, 5).mean(axis=(1, 3)).astype(np.uint8) for g in greys]),
    )


def recording(name: str, made: Prints) -> Recording:
    return Recording(name.encode(), made)


def joined(*parts: Prints) -> Prints:
    """One after the other, as an export."""
    starts = np.cumsum([0, *(part.duration_us for part in parts)])
    return replace(
        parts[0],
        duration_us=int(starts[-1]),
        times=np.concatenate([p.times + s for p, s in zip(parts, starts, strict=False)]),
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("digests", "boxes", "hashes", "thumbs")
        },
    )


def cut(made: Prints, start: int, end: int) -> Prints:
    """Pictures from ``start`` to ``end`` seconds, on a picture."""
    held = (made.times >= start * 1_000_000) & (made.times < end * 1_000_000)
    return replace(
        made,
        duration_us=(end - start) * 1_000_000,
        times=made.times[held] - start * 1_000_000,
        **{name: getattr(made, name)[held] for name in ("digests", "boxes", "hashes", "thumbs")},
    )
