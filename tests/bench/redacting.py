"""A draft from end to end beside deface 1.5.0: frames a second by stage, memory, and who is seen afterwards.

    DAYLIGHT_MODELS=… DEFACE=…/bin/python python -m tests.bench.redacting [FILE[:HEIGHT][@FRAMES] …]

Both make a film of the same file, one after the other. What we made is shown to deface again at its threshold 0.1:
``left`` counts hits that overlap a box which it finds in the original at 0.2; ``elsewhere`` all others.
"""

import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np

from daylight import bootstrap
from daylight.detectors import again, centerface
from daylight.detectors.again import Again
from daylight.detectors.centerface import Look, overlaps
from daylight.detectors.looking import Looker
from daylight.domain.digest import digest_of
from daylight.domain.models import FACES
from daylight.domain.redaction import drafted
from daylight.domain.redaction_picks import picks
from daylight.media import mask_task
from daylight.media.executor import Task
from daylight.media.mask_again import Wanted
from daylight.services.face_finder import FaceFinder
from daylight.storage import models
from tests.bench.faces import SHARED, scaled
from tests.bench.processes import most_memory, processor_seconds

CLIPS = (
    "faces/bedroom.mp4:360@120",
    "faces/bedroom.mp4:720@60",
    "faces/bedroom.mp4:1080@40",
    "cctv/vtest.avi@60",
)
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


def cut(film: Path, folder: Path, most: int) -> Path:
    """The first pictures of it, as H.264."""
    made = folder / f"{film.stem}-{most}.mp4"
    with av.open(str(film)) as source, av.open(str(made), "w") as out:
        video = source.streams.video[0]
        rate = video.average_rate or 25
        stream = out.add_stream("libx264", rate=rate, options={"crf": "15"})
        stream.width, stream.height = video.width & ~1, video.height & ~1
        stream.pix_fmt = "yuv420p"
        for number, frame in enumerate(source.decode(video)):
            if number == most:
                break
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


def draft(executor, network, film: Path, made: Path):
    """What ``redact --auto`` does without a vault: seconds by stage, and what was seen again."""
    finder, spent, busy = FaceFinder(executor, network), {}, {}
    descriptor = os.open(film, os.O_RDONLY)
    began, before = time.monotonic(), processor_seconds()

    def took(name):
        nonlocal began, before
        spent[name], busy[name] = time.monotonic() - began, processor_seconds() - before
        began, before = time.monotonic(), processor_seconds()

    said = executor.run(Task("examine", {"detectors": []}, [descriptor])).messages
    facts = next(m.untrusted_facts for m in said if m.untrusted_kind == "facts")
    began, before = time.monotonic(), processor_seconds()
    found = finder.find(descriptor, facts, film.stat().st_size)
    took("find")
    plan = drafted(digest_of(film.read_bytes()), found.tracks, severity=0, notes=())
    with made.open("w+b") as file:
        rendered = mask_task.render(executor, facts, plan, descriptor, file)
        file.flush()
        took("render")
        looking = Again(Looker(Look(network)), plan, rendered.film.upright)
        view = again.looked_at(rendered.film.picture.width, rendered.film.picture.height)
        wanted = Wanted(*view.sent, again.STEP)
        look = mask_task.Look(wanted, lambda at, pixels: looking.push(at, view.of(pixels)))
        checked = mask_task.check(executor, rendered, plan, picks(plan), file.fileno(), facts, look)
        looking.finish()
        took("check")
    os.close(descriptor)
    return found, looking, checked, spent, busy


def again_by_deface(film: Path, made: Path, most: int) -> tuple[int, int]:
    with tempfile.NamedTemporaryFile(suffix=".pkl") as out:
        words = [os.environ["DEFACE"], "-c", PEER, str(film), str(made), str(most), out.name]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before, after = pickle.loads(Path(out.name).read_bytes())  # noqa: S301
    left = elsewhere = 0
    for old, new in zip(before, after, strict=True):
        for box in new:
            known = len(old) and overlaps(box, np.asarray(old)).max() > 0.2
            left, elsewhere = left + bool(known), elsewhere + (not known)
    return left, elsewhere


def bench(executor, network, spec: str, folder: Path) -> None:
    name, _, most = spec.partition("@")
    name, _, height = name.partition(":")
    film = Path(name) if Path(name).exists() else SHARED / "media" / name
    frames = int(most or 10**6)
    film = cut(film, folder, frames)
    film = scaled(film, folder, int(height)) if height else film
    made = folder / "ours.mp4"
    with most_memory() as memory:
        found, looking, checked, spent, busy = draft(executor, network, film, made)
    peer, peer_busy = deface(film, folder)
    left, elsewhere = again_by_deface(film, made, frames)
    whole, all_busy, many = sum(spent.values()), sum(busy.values()), found.frames
    said = {
        "frames": many,
        "ours_fps": round(many / whole, 1),
        "deface_fps": round(many / peer, 1),
        "times": round(peer / whole, 2),
        "times_cpu": round(peer_busy / all_busy, 2),
        "ms": {key: round(one / many * 1000, 1) for key, one in spent.items()},
        "cpu_ms": {key: round(one / many * 1000, 1) for key, one in busy.items()},
        "deface_cpu_ms": round(peer_busy / many * 1000, 1),
        "mb": round(memory[0]),
        "tracks": len(found.tracks),
        "faults": checked.faults,
        "looks": looking.looks,
        "seen_again": looking.seen,
        "left": left,
        "elsewhere": elsewhere,
    }
    print(f"{film.name}: {json.dumps(said)}", flush=True)
    if os.environ.get("SPOTS"):
        for one in looking.spots:
            print("   ", one.key, round(one.score, 3), round(one.hidden, 2))


def main(specs=()) -> None:
    if "DEFACE" not in os.environ or models.state(FACES) is not models.Installed.YES:
        print("redacting: deface (DEFACE) or the model (DAYLIGHT_MODELS) is not installed")
        return
    model = centerface.graph(models.read(FACES))
    started = bootstrap.start_inference(model, centerface.GRAPH, centerface.SIGNATURE)
    with bootstrap.start_executor(1) as executor, started as network:
        network.run((1, 1, 1), [np.zeros((1, 32, 32, 3), np.uint8)])
        with tempfile.TemporaryDirectory() as folder:
            for spec in specs or CLIPS:
                bench(executor, network, spec, Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
