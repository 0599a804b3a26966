"""Hours of footage examined in an hour, against bare key-frame decoding and other tools.

``python -m tests.bench.hours [--no-peers] [ARCHIVE]``: an archive that exists, or a small one that is made. All have
the same files, each content once: what came in twice is examined once. Peers, one after another, are those on PATH or
in the folder DAYLIGHT_BENCH_PEERS (which may hold a ``python`` that has ``vpdq``); one that is missing is left out,
which favours the peers.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.common import DAYLIGHT, peak_memory, scratch, settle_disk, shell, timed
from tests.bench.recognise import BARE, vault
from tests.conftest import SHARED

SMALL_GB = 0.06
VIDEO = (".mp4", ".mkv", ".avi", ".ts", ".mpg", ".h264", ".dav")
VPDQ = "import sys,vpdq; vpdq.computeHash(sys.argv[1], seconds_per_hash=1)"


def main() -> None:
    words = [one for one in sys.argv[1:] if one != "--no-peers"]
    with scratch() as work:
        archive = Path(words[0]).resolve() if words else made(work)
        folder = each_once(work, archive)
        ours = examined(vault(work, "vault", folder))
        bare = timed(lambda: shell(sys.executable, BARE, folder))
        print(
            f"  bare key frames, two processes: {bare:.1f} s: we have {bare / ours:.2f} of its speed (goal >= 0.25)"
        )
        if "--no-peers" not in sys.argv:
            against(peers(work), folder, ours)


def made(work: Path) -> Path:
    folder = work / "archive"
    shell(sys.executable, SHARED / "make_archive.py", folder, "--gb", str(SMALL_GB), "--seed", "5")
    return folder


def each_once(work: Path, archive: Path) -> Path:
    """A folder of hard links, one for each content; names are told apart by number."""
    folder, seen = work / "once", set()
    folder.mkdir()
    for path in sorted(p for p in archive.rglob("*") if p.is_file() and not p.is_symlink()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        if digest not in seen:
            os.link(path, folder / f"{len(seen):05}{path.suffix.lower()}")
        seen.add(digest)
    return folder


def examined(root: Path) -> float:
    settle_disk()
    began = time.perf_counter()
    peak = peak_memory([DAYLIGHT, "--vault", root, "examine"]) / 2**20
    took = time.perf_counter() - began
    words = [DAYLIGHT, "--vault", root, "items", "--json"]
    told = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    hours = sum(one["duration"] or 0 for one in told if one["kind"] == "video") / 3600
    gigabytes = sum(one["bytes"] for one in told) / 1e9
    print(
        f"examine of {gigabytes:.1f} GB, {len(told)} items, {hours:.2f} h of footage: {took:.1f} s: "
        f"{hours / took * 3600:.0f} h in an hour (goal >= 130), largest process {peak:.0f} MB (goal <= 500)",
        flush=True,
    )
    return took


def against(peers: dict[str, list[str]], folder: Path, ours: float) -> None:
    videos = sorted(p for p in folder.iterdir() if p.suffix in VIDEO)
    total = 0.0
    for name, command in peers.items():
        took = timed(lambda command=command: one_by_one(command, videos))
        total += took
        print(f"  {name}: {took:.1f} s", flush=True)
    print(f"  peers together {total:.1f} s: we are {total / ours:.1f} x as fast (goal >= 10)")


def one_by_one(command: list[str], videos: list[Path]) -> None:
    for video in videos:
        subprocess.run(
            [part.replace("VIDEO", str(video)) for part in command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            check=False,  # they fail at what is damaged
        )


def peers(work: Path) -> dict[str, list[str]]:
    out = str(work / "peer")
    commands = {
        "scenedetect": ["-i", "VIDEO", "-q", "-o", out, "detect-content", "list-scenes", "-n"],
        "dvr-scan": ["-i", "VIDEO", "-q", "-so"],
        "ffmpeg": [
            "-v",
            "error",
            "-y",
            "-i",
            "VIDEO",
            "-vf",
            "fps=1,scale=160:-2,tile=10x12",
            f"{out}-%d.jpg",
        ],
    }
    folder = os.environ.get("DAYLIGHT_BENCH_PEERS", "")
    found = {name: shutil.which(name, path=f"{folder}:{os.environ['PATH']}") for name in commands}
    python = Path(folder) / "python"
    if folder and subprocess.run([python, "-c", "import vpdq"], check=False).returncode == 0:
        commands["vpdq"], found["vpdq"] = ["-c", VPDQ, "VIDEO"], str(python)
    return {name: [path, *commands[name]] for name, path in found.items() if path}


if __name__ == "__main__":
    main()
