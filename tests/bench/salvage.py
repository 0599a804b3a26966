"""How many pictures of recordings without an index are recovered, against the truth.

``DAYLIGHT_BENCH_ARCHIVES``: archives of ``make_archive.py``, separated by colons, each with its truth
beside it. A picture is recovered if it is the recording's own, pixel for pixel. Every mp4 recording of them is cut at three places as well, which takes its index away.
``DAYLIGHT_BENCH_STRANGERS=1``: as if the archive had nothing else of the same camera.
"""

import hashlib
import json
import os
import tempfile
import time
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import av

from daylight.media.rebuilt import open_rebuilt
from daylight.media.salvage import salvage
from daylight.media.salvaged import from_message

CUTS = (0.3, 0.6, 0.9)
MOST = 24  # siblings that are tried, as the service has it
STRANGERS = os.environ.get("DAYLIGHT_BENCH_STRANGERS", "") == "1"
CONTAINERS = {
    ".mp4": "mp4", ".mkv": "matroska", ".avi": "avi", ".ts": "mpegts", ".mpg": "mpeg", ".h264": "h264",
}  # fmt: skip


def pictures_within(path: Path, end: int) -> int:
    """How many pictures of a whole recording lie before byte ``end``."""
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.video[0])
        return sum(1 for one in packets if one.size and one.pos + one.size <= end)


def salvaged(damaged: int, size: int, container: str, siblings: list[Path]):
    """As the service does it: what needs no sibling first, then each sibling until one fits."""
    best = None
    for sibling in (None, *siblings):
        files = [damaged] + ([os.open(sibling, os.O_RDONLY)] if sibling else [])
        said = []
        try:
            lender = CONTAINERS.get(sibling.suffix.lower(), "") if sibling else ""
            request = {"container": container, "trial": False, "lender": lender}
            salvage(request, files, lambda kind, facts, data=b"": said.append((facts, data)))
        except Exception:  # noqa: BLE001  # it counts as nothing recovered
            continue
        finally:
            for other in files[1:]:
                os.close(other)
        made, proof = from_message(*said[0], size)
        if best is None or proof.clean:
            best = made
        if proof.clean:
            break
    return best


def shown(container) -> Counter[bytes]:
    """A digest of every picture that decodes."""
    found: Counter[bytes] = Counter()
    video = container.streams.video[0]
    for packet in container.demux(video):
        try:
            frames = packet.decode()
        except av.FFmpegError:
            continue
        for frame in frames:
            found[hashlib.blake2b(frame.to_ndarray().tobytes(), digest_size=16).digest()] += 1
    return found


@cache
def originals(path: Path) -> Counter[bytes]:
    with av.open(str(path)) as container:
        return shown(container)


def recovered(damaged: int, made, whole: Path) -> int:
    """How many pictures are, pixel for pixel, those of the whole recording."""
    with open_rebuilt(damaged, made.recipe, made.demuxer) as container:
        return (shown(container) & originals(whole)).total()


def jobs(archive: Path):
    truth = json.loads(Path(f"{archive}.truth.json").read_text())["files"]
    whole = {name: one for name, one in truth.items() if one["kind"] == "recording"}
    for name, one in truth.items():
        if one.get("damage") == "truncated-mp4":
            yield archive / name, one["bytes_kept"], one["of"], truth
        if one.get("damage") == "wiped-header" and not one["of"].endswith((".ts", ".mpg", ".h264")):
            yield archive / name, one["bytes"], one["of"], truth
    for name, one in whole.items():
        if one["container"] == "mp4":
            for share in CUTS:
                yield archive / name, int(one["bytes"] * share), name, truth


def siblings(truth, of: str) -> list[str]:
    """What the vault has of the camera, then of its codec, in its own container first; then the rest.

    Never the recording itself, nor a copy of all its bytes. ``STRANGERS``: nothing of the camera.
    """
    key = truth[of]
    alike = [
        name
        for name, one in truth.items()
        if one["kind"] in ("recording", "export", "copy") and name != of
        if not (one.get("original") == of and one["copy"] == "identical")
        if key["container"] == "mp4" or CONTAINERS[_suffix(name)] == key["container"]
        if not (STRANGERS and one["camera"] == key["camera"])
    ]

    def apart(name: str) -> tuple[bool, bool, bool]:
        one = truth[name]
        codec = one.get("codec") or truth[one["original"]]["codec"]
        again = one.get("copy") in ("re-encoded", "re-scaled", "letterboxed")
        same = CONTAINERS[_suffix(name)] == key["container"]
        return again or one["camera"] != key["camera"], codec != key["codec"], not same

    return sorted(alike, key=apart)[:MOST]


def _suffix(name: str) -> str:
    return Path(name).suffix.lower()


def main() -> None:
    archives = os.environ.get("DAYLIGHT_BENCH_ARCHIVES", "")
    score: dict[str, list[float]] = defaultdict(lambda: [0, 0, 0, 0.0])
    for archive in map(Path, filter(None, archives.split(":"))):
        for path, kept, of, whole in jobs(archive):
            one = whole[of]
            with tempfile.TemporaryFile() as file:
                file.write(path.read_bytes()[:kept])
                file.flush()
                began = time.perf_counter()
                others = [archive / name for name in siblings(whole, of)]
                made = salvaged(file.fileno(), kept, one["container"], others)
                spent = time.perf_counter() - began
                got = recovered(file.fileno(), made, archive / of) if made else 0
            kind = "cut" if path == archive / of else "of the truth"
            method = made.method if made else "nothing"
            row = score[
                f"{one['codec']} {one['width']}x{one['height']} {one['container']}, {kind}, {method}"
            ]
            row[0] += 1
            row[1] += min(got, pictures_within(archive / of, kept))
            row[2] += pictures_within(archive / of, kept)
            row[3] += spent
    for kind, (files, got, all_, spent) in sorted(score.items()):
        print(f"{kind}: {files} files, {got} of {all_} pictures ({got / all_:.1%}), {spent:.1f} s")


if __name__ == "__main__":
    main()
