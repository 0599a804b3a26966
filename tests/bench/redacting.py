"""A draft from end to end beside deface 1.5.0: frames a second by stage, memory, and who is seen afterwards.

    DAYLIGHT_MODELS=… DEFACE=…/bin/python python -m tests.bench.redacting [FILE[:HEIGHT][@FRAMES[+FIRST]] …]

Both make a film of the same file, one after the other, each file in a process of its own. ``times``: how many times deface's time is
ours, by the clock, and ``cpu`` by the time of all processors; ``made`` without the check after, which deface has not. As in the
product, the model's worker is started once for finding and once for the check; that it starts is not counted. Ours is made twice, and not
timed while somebody reads its memory, which takes a tenth of the time. What we made is shown to deface again at its threshold 0.1:
``left`` counts hits that overlap a box which it finds in the original at 0.2, and are not paint for the most part; ``outlines`` those that are (a head without
a face is one to it); ``elsewhere`` all others.
"""

import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

import av
import numpy as np

from daylight import bootstrap
from daylight.detectors import again, centerface
from daylight.detectors.again import Again
from daylight.detectors.centerface import overlaps
from daylight.detectors.looking import looker
from daylight.domain.digest import digest_of
from daylight.domain.models import FACES
from daylight.domain.redaction import drafted
from daylight.domain.redaction_picks import picks
from daylight.media import mask_task
from daylight.media.executor import Task
from daylight.media.mask_again import Wanted
from daylight.services.belt import Belt
from daylight.services.face_finder import FaceFinder
from daylight.storage import models
from tests.bench.face_masks import masks
from tests.bench.faces import SHARED, scaled
from tests.bench.processes import most_memory, processor_seconds

CLIPS = (
    "faces/bedroom.mp4:360@120",
    "faces/bedroom.mp4:720@90",
    "faces/bedroom.mp4:1080@60",
    "cctv/one-by-one-person-detection.mp4@200+1000",  # a fixed camera, and little that changes
    "cctv/vtest.avi@60",  # a fixed camera, and many who walk
    "faces/asl_again.mkv@60",
)
PAINT = 0.85  # of a hit
PEER = r"""
import pickle, sys
import cv2
from deface.centerface import CenterFace
network = CenterFace(backend="onnxrt")
every = []
for film, least in ((sys.argv[1], 0.2), (sys.argv[2], 0.1)):
    found, capture = [], cv2.VideoCapture(film)
    while len(found) < int(sys.argv[3]):
        good, frame = capture.read()
        if not good:
            break
        network.in_shape = None
        found.append(network(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), threshold=least)[0])
    every.append(found)
pickle.dump(every, open(sys.argv[4], "wb"))
"""


def cut(film: Path, folder: Path, most: int, first: int = 0) -> Path:
    """So many pictures of it, as H.264."""
    made = folder / f"{film.stem}-{most}.mp4"
    with av.open(str(film)) as source, av.open(str(made), "w") as out:
        video = source.streams.video[0]
        rate = video.average_rate or 25
        stream = out.add_stream("libx264", rate=rate, options={"crf": "15"})
        stream.width, stream.height = video.width & ~1, video.height & ~1
        stream.pix_fmt, stream.thread_count = "yuv420p", 1  # with more it is another film each time
        for number, frame in enumerate(islice(source.decode(video), first, first + most)):
            plain = frame.reformat(stream.width, stream.height, "yuv420p")
            plain.pict_type, plain.pts, plain.time_base = 0, number, 1 / rate
            out.mux(stream.encode(plain))
        out.mux(stream.encode(None))
    return made


def deface(film: Path, folder: Path) -> tuple[float, float]:
    """Seconds of its own command, and of all processors."""
    command = [Path(os.environ["DEFACE"]).parent / "deface", film, "-o", folder / "peer.mp4"]
    began, before = time.monotonic(), processor_seconds()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - began, processor_seconds() - before


@contextmanager
def ready(model: bytes):
    """The model's worker, once it has run."""
    with bootstrap.start_inference(model, centerface.GRAPH, centerface.SIGNATURE) as network:
        network.run((1, 1, 1), [np.zeros((1, 32, 32, 3), np.uint8)])
        yield network


def draft(executor, model: bytes, film: Path, made: Path):
    """What ``redact --auto`` does without a vault: seconds by stage, and what was seen again."""
    spent, busy = {}, {}
    descriptor = os.open(film, os.O_RDONLY)
    began, before = time.monotonic(), processor_seconds()

    def took(name):
        nonlocal began, before
        spent[name], busy[name] = time.monotonic() - began, processor_seconds() - before
        began, before = time.monotonic(), processor_seconds()

    said = executor.run(Task("examine", {"detectors": []}, [descriptor])).messages
    facts = next(m.untrusted_facts for m in said if m.untrusted_kind == "facts")
    with ready(model) as network:
        began, before = time.monotonic(), processor_seconds()
        found = FaceFinder(executor, network).find(descriptor, facts, film.stat().st_size)
        took("find")
    plan = drafted(digest_of(film.read_bytes()), found.tracks, severity=0, notes=())
    with made.open("w+b") as file, ExitStack() as held:
        began, before = time.monotonic(), processor_seconds()
        rendered = mask_task.render(executor, facts, plan, descriptor, file)
        file.flush()
        took("render")
        looking = Again(looker(held.enter_context(ready(model))), plan, rendered.film.upright)
        view = again.looked_at(rendered.film.picture.width, rendered.film.picture.height)
        wanted = Wanted(*view.sent, again.STEP)
        pool = held.enter_context(ThreadPoolExecutor(1))
        began, before = time.monotonic(), processor_seconds()
        belt = Belt(pool, lambda one: looking.push(*one))
        look = mask_task.Look(wanted, lambda at, pixels: belt.put((at, view.of(pixels))))
        checked = mask_task.check(executor, rendered, plan, picks(plan), file.fileno(), facts, look)
        belt.stop(whole=True)
        looking.finish()
        took("check")
    os.close(descriptor)
    return found, looking, checked, spent, busy


def again_by_deface(film: Path, made: Path, most: int, tracks) -> Counter[str]:
    with tempfile.NamedTemporaryFile(suffix=".pkl") as out:
        words = [os.environ["DEFACE"], "-c", PEER, str(film), str(made), str(most), out.name]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before, after = pickle.loads(Path(out.name).read_bytes())  # noqa: S301
    told: Counter[str] = Counter(left=0, outlines=0, elsewhere=0)
    with av.open(str(film)) as source:
        for frame, old, new in zip(source.decode(video=0), before, after, strict=True):
            at = round(frame.pts * frame.time_base * 1_000_000)
            told.update(
                _kind(box, old, masks(tracks, at, frame.width, frame.height)) for box in new
            )
    return told


def _kind(box, before, mask) -> str:
    if not len(before) or overlaps(box, np.asarray(before)).max() <= 0.2:
        return "elsewhere"
    left, top, right, bottom = (max(0, round(float(one))) for one in box[:4])
    return "outlines" if mask[top:bottom, left:right].mean() >= PAINT else "left"


def bench(executor, model: bytes, spec: str, folder: Path) -> None:
    name, _, most = spec.partition("@")
    name, _, height = name.partition(":")
    film = Path(name) if Path(name).exists() else SHARED / "media" / name
    most, _, first = most.partition("+")
    frames = int(most or 10**6)
    film = cut(film, folder, frames, int(first or 0))
    film = scaled(film, folder, int(height)) if height else film
    made = folder / "ours.mp4"
    with most_memory() as memory:
        draft(executor, model, film, made)
    found, looking, checked, spent, busy = draft(executor, model, film, made)
    peer, peer_busy = deface(film, folder)
    told = again_by_deface(film, made, frames, found.tracks)
    whole, all_busy, many = sum(spent.values()), sum(busy.values()), found.frames
    said = {
        "frames": many,
        "ours_fps": round(many / whole, 1),
        "deface_fps": round(many / peer, 1),
        "times": round(peer / whole, 2),
        "times_cpu": round(peer_busy / all_busy, 2),
        "made_times": round(peer / (whole - spent["check"]), 2),
        "made_times_cpu": round(peer_busy / (all_busy - busy["check"]), 2),
        "ms": {key: round(one / many * 1000, 1) for key, one in spent.items()},
        "cpu_ms": {key: round(one / many * 1000, 1) for key, one in busy.items()},
        "deface_cpu_ms": round(peer_busy / many * 1000, 1),
        "mb": round(memory[0]),
        "tracks": len(found.tracks),
        "faults": checked.faults,
        "looks": looking.looks,
        "seen_again": looking.seen,
        **told,
    }
    print(f"{film.name}: {json.dumps(said)}", flush=True)
    if os.environ.get("SPOTS"):
        for one in looking.spots:
            print("   ", one.key, round(one.score, 3), round(one.hidden, 2))


def main(specs=()) -> None:
    if "DEFACE" not in os.environ or models.state(FACES) is not models.Installed.YES:
        print("redacting: deface (DEFACE) or the model (DAYLIGHT_MODELS) is not installed")
        return
    chosen = specs or CLIPS
    if len(chosen) > 1:
        for spec in chosen:
            subprocess.run([sys.executable, "-m", __spec__.name, spec], check=True)
        return
    model = centerface.graph(models.read(FACES))
    with bootstrap.start_executor(1) as executor, tempfile.TemporaryDirectory() as folder:
        bench(executor, model, chosen[0], Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
