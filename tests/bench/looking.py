"""Activity and cuts against the generator's truth.

``python -m tests.bench.looking [ARCHIVE …]`` scores archives that exist (each with its truth file
beside it), or two small ones that it makes.
"""

import importlib.util
import json
import os
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import av
import numpy as np

from daylight.detectors.activity import ACTIVE, Activity
from daylight.detectors.base import Detector, Finding, Span, Subject
from daylight.detectors.examining import _affordable
from daylight.detectors.series import Series, unpack
from daylight.detectors.shots import Shots
from daylight.media.groups import groups
from daylight.media.pictures import Tally, key_pictures
from daylight.media.probe import probe
from tests.bench.common import scratch, shell
from tests.conftest import SHARED

NEAR = 0.25  # seconds that a cut may be off
SMALL_GB = 0.06


def main() -> None:
    named = [Path(one) for one in sys.argv[1:]]
    with scratch() as work:
        for one in named or [made(work, seed) for seed in (7, 23)]:
            score(one)


def made(work: Path, seed: int) -> Path:
    folder = work / f"archive-{seed}"
    if not folder.exists():
        made_by = SHARED / "make_archive.py"
        shell(sys.executable, made_by, folder, "--gb", str(SMALL_GB), "--seed", str(seed))
    return folder


def score(root: Path) -> None:
    truth = json.loads(Path(f"{root}.truth.json").read_text())
    again = beginnings_again(truth)
    moving, still, counts = [], [], np.zeros(3, int)
    for name, told in truth["files"].items():
        if told["kind"] != "recording":
            continue
        with open(os.open(root / name, os.O_RDONLY), "rb") as file:
            activity = found(Activity(), file.fileno())
            cuts = found(Shots(), file.fileno())
        for second, level in levels(blob(activity, "activity"), told["duration"]):
            in_motion = any(a <= second < b for a, b in told["active"])
            (moving if in_motion else still).append(level)
        ends = [end / 1e6 for end in blob(cuts, "cuts").ends]
        counts += compared(ends, told["shots"], again[told["recording"]])
    hits, extra, missed = counts
    print(
        f"{root.name}: activity, area under the curve {area(moving, still):.3f} "
        f"({len(moving)} s of motion, {len(still)} s without; at the limit "
        f"{np.mean(np.array(moving) >= ACTIVE):.0%} and {np.mean(np.array(still) >= ACTIVE):.0%}; goal >= 0.9); "
        f"cuts: {hits} found, {missed} missed, {extra} invented, F1 {2 * hits / max(1, 2 * hits + extra + missed):.3f} (goal >= 0.95)",
        flush=True,
    )


def found(detector: Detector, descriptor: int) -> Finding:
    made = probe(descriptor)
    index = made.index
    subject = Subject(made.facts, index)
    reach = (0, len(index))
    session = detector.start(subject, Span(*reach))
    for one in key_pictures(descriptor, made.facts, index, reach, Tally()):
        session.push(one)
    if hasattr(session, "groups"):
        wanted = sorted(_affordable(session.groups(), subject))
        for one in groups(descriptor, made.facts, index, wanted):
            session.push(one)
    return detector.merge(subject, [session.finish()])


def blob(finding: Finding, name: str) -> Series:
    return unpack(next(one.data for one in finding.blobs if one.name == name))


def levels(series: Series, duration: float) -> list[tuple[float, int]]:
    """The score in the middle of each second."""
    told = []
    for second in np.arange(0.5, duration, 1.0):
        here = (series.starts <= second * 1e6) & (series.ends > second * 1e6)
        told.append((second, int(series.values[here, 0].max(initial=0))))
    return told


def compared(ends: list[float], shots: list[float], again: list[float]) -> tuple[int, int, int]:
    """(found, invented, missed). Where a source clip begins again neither counts."""
    left, hits = list(ends), 0
    for shot in shots:
        near = [end for end in left if abs(end - shot) <= NEAR]
        hits += bool(near)
        left = [end for end in left if end not in near[:1]]
    invented = [end for end in left if all(abs(end - one) > NEAR for one in again)]
    return hits, len(invented), len(shots) - hits


def area(moving: list[int], still: list[int]) -> float:
    """Under the curve: how often a second in motion has the higher score, ties by half."""
    more = np.array(moving)[:, None] - np.array(still)[None, :]
    return float(((more > 0) + 0.5 * (more == 0)).mean())


def beginnings_again(truth: dict) -> dict[str, list[float]]:
    """Seconds at which the source clip of a recording ends and begins anew: the picture jumps, and
    the truth does not count it. Reckoned by the generator's own plan.
    """
    generator = the_generator()
    _, recordings = generator.plan(
        truth["seed"], int(truth["unique_mb"] * 1e6), truth["media"], tuple(truth["seconds"])
    )
    return {one["id"]: _again(one) for one in recordings}


def _again(recording: dict) -> list[float]:
    camera = recording["camera"]
    fps, number, until, clip, left, told = camera["profile"][5], 0, 0.0, None, 0, []
    for length, media, at, moving in recording["scenes"]:
        if clip != media or camera["body"]:
            clip, left = media, pictures_from(media, at) - 1
        until += length
        while number < round(until * fps):
            if moving and left == 0:
                told.append(number / fps)
                left = pictures_from(media, 0)
            left -= moving
            number += 1
    return told


@cache
def pictures_from(media: str, at: float) -> int:
    with av.open(str(SHARED / "media" / media)) as container:
        container.streams.video[0].thread_type = "NONE"
        if at and container.duration:
            container.seek(int(container.duration * at))
        return sum(1 for _ in container.decode(video=0))


def the_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_archive", SHARED / "make_archive.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_archive"] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
