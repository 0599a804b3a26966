"""Finding faces beside deface 1.5.0: what it finds that we do not cover, and how long both take.

    DAYLIGHT_MODELS=… DEFACE=…/bin/python python -m tests.bench.faces [FILE[:HEIGHT][@FRAMES] …]

``DEFACE`` is the Python of an environment with ``deface==1.5.0``, ``onnx`` and ``onnxruntime<1.29``. Both look at the same
frames, one after the other, on the same machine; times are wall clock, and processor time of all processes.

The careful reference is made of deface's network, shown every frame at two scales: boxes of 0.4, and of
0.15 where they overlap one in the frame before or after, and so on. A box is covered by masks that are 1.3 times
as large as the track (as deface's own), at least four pixels on every side. What they cover beyond the reference
(``excess``: all that they cover by its area) is told apart: ``sure`` is around faces that had the score of the reference once,
``weak`` of tracks that had 0.2 and never 0.4 (deface covers them too), ``kept`` of those who are lost, and stay covered until a
person ends it; ``excess_but_kept`` is all without these last. ``covered`` is of all boxes of 0.2, most of whose misses are
hits of one frame; ``covered_confirmed`` of those that the reference has too. Of the reference's faces all that we miss was looked at by eye;
what is none (``face_heads.NO_FACES``) is left out. The reference has faces alone, and people turn
away: of some clips heads were drawn by eye in a few frames (``face_heads``), and what is covered is held against these as well.
"""

import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import av
import numpy as np

from daylight import bootstrap
from daylight.detectors import centerface
from daylight.detectors.centerface import overlaps
from daylight.detectors.pictures import _timed
from daylight.domain.models import FACES
from daylight.media.executor import Task
from daylight.media.facts_json import from_json
from daylight.services.face_finder import FaceFinder
from daylight.storage import models
from tests.bench.face_heads import HEADS, by_eye, without_no_faces
from tests.bench.face_masks import apart, masks, reference
from tests.bench.processes import most_memory, processor_seconds

SHARED = Path(__file__).parents[2].parent / "shared"
CLIPS = (
    "faces/asl_again.mkv",
    "faces/head-pose-face-detection-female-and-male.gif@56",
    "faces/bedroom.mp4@120",
    "cctv/one-by-one-person-detection.mp4@250",
    "cctv/vtest.avi@100",
    "faces/bedroom.mp4:720@40",
    "faces/bedroom.mp4:1080@20",
    "faces/bedroom.mp4:360@80",
)
THRESHOLD = 0.2  # deface's default
COVERED = 0.999
SAME_BOX = 0.3  # of two boxes, their common part by both together
GAP = 0.5  # of a box: what is covered less is seen
PEER = r"""
import os, pickle, resource, sys, time
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import cv2, numpy as np
from deface.centerface import CenterFace
network = CenterFace(backend="onnxrt")
film, most, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
found, took, capture = [], 0.0, cv2.VideoCapture(film)
cpu = time.process_time()
while len(found) < most:
    began = time.monotonic()
    good, frame = capture.read()
    if not good:
        break
    frame = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
    network.in_shape = None
    boxes, _ = network(frame, threshold=0.05)
    took += time.monotonic() - began
    found.append(boxes)
cpu = time.process_time() - cpu
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
width, height = int(capture.get(3)), int(capture.get(4))
other, capture = [], cv2.VideoCapture(film)
scale = 1.5 if width <= 800 else 0.6
network.in_shape = (int(width * scale), int(height * scale))
while len(other) < len(found):
    other.append(network(cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2RGB), threshold=0.05)[0])
with open(out, "wb") as file:
    pickle.dump({"size": (width, height), "found": found, "other": other, "took": took, "cpu": cpu, "mb": memory}, file)
"""


def by_deface(film: Path, most: int):
    with tempfile.NamedTemporaryFile(suffix=".pkl") as out:
        words = [os.environ["DEFACE"], "-c", PEER, str(film), str(most), out.name]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return pickle.loads(Path(out.name).read_bytes())  # noqa: S301 (written by the line above)


def by_us(finder: FaceFinder, executor, film: Path):
    """What was found, the times of all frames, seconds, and seconds of all processors."""
    descriptor = os.open(film, os.O_RDONLY)
    try:
        said = executor.run(Task("examine", {"detectors": []}, [descriptor])).messages
        facts = next(m.untrusted_facts for m in said if m.untrusted_kind == "facts")
        began, before = time.monotonic(), processor_seconds()
        found = finder.find(descriptor, facts, film.stat().st_size)
        took, busy = time.monotonic() - began, processor_seconds() - before
        times = [at for at, _ in _timed(descriptor, from_json(facts))]
    finally:
        os.close(descriptor)
    return found, times, took, busy


def scaled(film: Path, folder: Path, height: int) -> Path:
    """The same film in another size, as H.264."""
    made = folder / f"{film.stem}-{height}.mp4"
    with av.open(str(film)) as source, av.open(str(made), "w") as out:
        video = source.streams.video[0]
        width = round(video.width * height / video.height / 2) * 2
        stream = out.add_stream("libx264", rate=video.average_rate, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.thread_count = 1  # with more it is another film each time
        for frame in source.decode(video):
            smaller = frame.reformat(width, height, "yuv420p")
            smaller.pict_type = 0
            out.mux(stream.encode(smaller))
        out.mux(stream.encode(None))
    return made


def score(found, times, peer, stem) -> dict[str, float]:
    """``stem``: of the film, by which is known what was seen of it by eye."""
    width, height = peer["size"]
    true = reference(list(zip(peer["found"], peer["other"], strict=True)))
    true, heads = without_no_faces(true, stem), HEADS.get(stem, {})
    whole, confirmed, gaps, seen = [], [], 0, []
    cover, area, why = 0, 0, Counter()
    for number, boxes in enumerate(peer["found"]):
        mask = masks(found.tracks, times[number], width, height)
        for box in boxes[boxes[:, 4] >= THRESHOLD]:
            share = _share(mask, box)
            if share is not None:
                whole.append(share)
                confirmed += [share] if _is_confirmed(box, true[number]) else []
        truth = np.zeros_like(mask)
        for box in true[number]:
            share = _share(mask, box)
            if share is not None:
                seen.append(share >= 0.95)
                truth[_slice(box)] = True
        gaps += sum(_is_gap(found.tracks, times, number, box, peer["size"]) for box in true[number])
        cover, area = cover + int(mask.sum()), area + int(truth.sum())
        why.update(_reasons(found.tracks, times[number], ~truth))
    kept = why["kept"]
    return {
        "boxes": len(whole),
        "covered": _whole(whole),
        "of_their_area": float(np.mean(whole)) if whole else 1.0,
        "confirmed": len(confirmed),
        "covered_confirmed": _whole(confirmed),
        "gaps": gaps,
        "face_frames": len(seen),
        "recall": float(np.mean(seen)) if seen else 1.0,
        "excess": cover / max(1, area),
        "excess_but_kept": (cover - kept) / max(1, area),
        **{f"excess_{name}": many / max(1, area) for name, many in why.items()},
        **by_eye(heads, lambda number: masks(found.tracks, times[number], width, height)),
    }


def _whole(shares) -> float:
    return float(np.mean([one >= COVERED for one in shares])) if shares else 1.0


def _is_confirmed(box, true) -> bool:
    return bool(len(true)) and bool(overlaps(box, true).max() > SAME_BOX)


def _reasons(tracks, at, left) -> Counter[str]:
    """Pixels that are covered of what is ``left``, each for the first reason there is."""
    height, width = left.shape
    why: Counter[str] = Counter()
    for name, some in apart(tracks, at).items():
        more = masks(some, at, width, height) & left
        why[name] += int(more.sum())
        left = left & ~more
    return why


def _slice(box):
    left, top, right, bottom = (max(0, round(float(one))) for one in box[:4])
    return slice(top, bottom), slice(left, right)


def _share(mask, box):
    part = mask[_slice(box)]
    return float(part.mean()) if part.size else None


def _is_gap(tracks, times, number, box, size) -> bool:
    """Covered in the frame before and the one after, and not in this one."""
    if not 0 < number < len(times) - 1:
        return False
    before, now, after = (
        _share(masks(tracks, times[number + n], *size), box) or 0 for n in (-1, 0, 1)
    )
    return now < GAP <= min(before, after)


def bench(finder: FaceFinder, executor, spec: str, folder: Path) -> None:
    name, _, most = spec.partition("@")
    name, _, height = name.partition(":")
    film = Path(name) if Path(name).exists() else SHARED / "media" / name
    if height:
        film = scaled(film, folder, int(height))
    peer = by_deface(film, int(most or 10**6))
    with most_memory() as memory:
        found, times, took, busy = by_us(finder, executor, film)
    ours, theirs = found.frames / took, len(peer["found"]) / peer["took"]
    said = {
        **{key: round(value, 4) for key, value in score(found, times, peer, film.stem).items()},
        "size": peer["size"],
        "ours_fps": round(ours, 1),
        "deface_fps": round(theirs, 1),
        "times": round(ours / theirs, 1),
        "ours_cpu_ms": round(busy / found.frames * 1000, 1),
        "deface_cpu_ms": round(peer["cpu"] / len(peer["found"]) * 1000, 1),
        "ours_mb": round(memory[0]),
        "deface_mb": peer["mb"],
        "looks": found.looks,
        "tracks": len(found.tracks),
    }
    print(f"{film.name}: {json.dumps(said)}", flush=True)


def main(specs=()) -> None:
    if "DEFACE" not in os.environ or models.state(FACES) is not models.Installed.YES:
        print("faces: deface (DEFACE) or the model (DAYLIGHT_MODELS) is not installed")
        return
    model = centerface.graph(models.read(FACES))
    started = bootstrap.start_inference(model, centerface.GRAPH, centerface.SIGNATURE)
    with bootstrap.start_executor(1) as executor, started as network:
        network.run((1, 1, 1), [np.zeros((1, 32, 32, 3), np.uint8)])
        finder = FaceFinder(executor, network)
        with tempfile.TemporaryDirectory() as folder:
            for spec in specs or CLIPS:
                bench(finder, executor, spec, Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
