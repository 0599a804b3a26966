"""How many pictures of recordings without an index are recovered, against the truth.

``DAYLIGHT_BENCH_ARCHIVES``: archives of ``make_archive.py``, separated by colons, each with its truth
beside it. Every mp4 recording of them is cut at three places as well, which takes its index away.
"""

import json
import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import av

from daylight.media.rebuilt import open_rebuilt
from daylight.media.salvage import salvage
from daylight.media.salvaged import from_message

CUTS = (0.3, 0.6, 0.9)


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
            request = {"container": container, "trial": False}
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


def decoded(damaged: int, made) -> int:
    count = 0
    with open_rebuilt(damaged, made.recipe, made.demuxer) as container:
        for packet in container.demux(container.streams.video[0]):
            try:
                count += len(packet.decode())
            except av.FFmpegError:
                continue
    return count


def jobs(archive: Path):
    truth = json.loads(Path(f"{archive}.truth.json").read_text())["files"]
    whole = {name: one for name, one in truth.items() if one["kind"] == "recording"}
    for name, one in truth.items():
        if one.get("damage") == "truncated-mp4":
            yield archive / name, one["bytes_kept"], one["of"], whole
        if one.get("damage") == "wiped-header" and not one["of"].endswith((".ts", ".mpg", ".h264")):
            yield archive / name, one["bytes"], one["of"], whole
    for name, one in whole.items():
        if one["container"] == "mp4":
            for share in CUTS:
                yield archive / name, int(one["bytes"] * share), name, whole


def siblings(whole, of: str):
    """Another recording of the camera, if there is one; else of its kind."""
    alike = [
        n for n, one in whole.items() if n != of and one["container"] == whole[of]["container"]
    ]
    key = whole[of]
    return sorted(
        alike,
        key=lambda n: (whole[n]["camera"] != key["camera"], whole[n]["codec"] != key["codec"]),
    )[:6]


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
                got = decoded(file.fileno(), made) if made else 0
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
