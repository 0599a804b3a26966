"""All detectors, by name. A further one is its own file and one line here.

Names and versions can be read without importing a detector (NumPy and FFmpeg come with them);
``detectors.loading`` imports them all, in the worker. Other packages add theirs through the entry-point group
``daylight.detectors``, whose entries name a ``Listed``; a broken one stops the start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.metadata import entry_points
from typing import Final

from daylight.domain.media import Kind, MediaFacts, State

GROUP: Final = "daylight.detectors"
PROBE_VERSION: Final = 2  # of the facts themselves: a new version examines everything anew


class Wants(StrEnum):
    """What a detector is fed."""

    KEY_FRAMES = "key-frames"  # Picture, of items with moving pictures
    SAMPLES = "samples"  # Samples, of items with sound
    STILL = "still"  # one Still, of images
    CONTAINER = "container"  # ContainerSigns, of what has packets: nothing is decoded for it


@dataclass(frozen=True, slots=True)
class Listed:
    """``target``: ``module:class`` of the detector."""

    version: int
    wants: Wants
    target: str


_OURS: Final[dict[str, Listed]] = {
    "activity": Listed(1, Wants.KEY_FRAMES, "daylight.detectors.activity:Activity"),
    "fingerprint": Listed(2, Wants.KEY_FRAMES, "daylight.detectors.fingerprint:Fingerprint"),
    "background": Listed(1, Wants.KEY_FRAMES, "daylight.detectors.background:Background"),
    "filmstrip": Listed(1, Wants.KEY_FRAMES, "daylight.detectors.filmstrip:Filmstrip"),
    "lens": Listed(1, Wants.KEY_FRAMES, "daylight.detectors.lens:Lens"),
    "shots": Listed(2, Wants.KEY_FRAMES, "daylight.detectors.shots:Shots"),
    "overlay": Listed(1, Wants.KEY_FRAMES, "daylight.detectors.overlay:Overlay"),
    "still": Listed(1, Wants.STILL, "daylight.detectors.still:Still"),
    "sound": Listed(1, Wants.SAMPLES, "daylight.detectors.sound:Sound"),
    "structure": Listed(2, Wants.CONTAINER, "daylight.detectors.structure:Structure"),
    "waveform": Listed(1, Wants.SAMPLES, "daylight.detectors.waveform:Waveform"),
}


@cache
def listed() -> Mapping[str, Listed]:
    """Ours and those of installed packages. Raises what a broken package raises."""
    others = {entry.name: entry.load() for entry in entry_points(group=GROUP)}
    for name, one in others.items():
        if not isinstance(one, Listed) or name in _OURS:
            raise TypeError(f"the entry point {name!r} of {GROUP} names no detector of its own")
    return _OURS | others


def applicable(facts: MediaFacts) -> frozenset[Wants]:
    """What can be fed to detectors from an item with these facts."""
    if facts.state is State.UNREADABLE:
        return frozenset()
    wants = set()
    if facts.kind is Kind.VIDEO and facts.key_frames:
        wants.add(Wants.KEY_FRAMES)
    if facts.kind in (Kind.VIDEO, Kind.AUDIO) and facts.audio is not None:
        wants.add(Wants.SAMPLES)
    if facts.kind in (Kind.VIDEO, Kind.AUDIO) and facts.demuxer:
        wants.add(Wants.CONTAINER)
    if facts.kind is Kind.IMAGE:
        wants.add(Wants.STILL)
    return frozenset(wants)
