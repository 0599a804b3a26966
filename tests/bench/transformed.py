"""Copies made in ways that the generator of archives has not: which of them are found.

``python -m tests.bench.transformed ARCHIVE [COUNT]``: COUNT of the archive's recordings (4), copied in each way
beside their camera's other recordings. What is found depends on what the copy leaves of the picture.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from tests.bench.common import DAYLIGHT, scratch, shell
from tests.bench.copies_truth import read_truth

Pixels = np.ndarray


def cropped(part: float) -> Callable[[Pixels, int], Pixels]:
    def crop(pixels: Pixels, _: int) -> Pixels:
        height, width = pixels.shape[:2]
        down, across = round(height * part / 2), round(width * part / 2)
        return pixels[down : height - down, across : width - across]

    return crop


def logo(pixels: Pixels, _: int) -> Pixels:
    made, (height, width) = pixels.copy(), pixels.shape[:2]
    made[height * 3 // 4 : height * 7 // 8, width * 3 // 4 : width * 15 // 16] = (200, 30, 30)
    return made


def screen(pixels: Pixels, number: int) -> Pixels:
    """Filmed from a screen: askew, soft, brighter in the middle, shaking, with noise."""
    image = Image.fromarray(pixels)
    width, height = image.size
    shake = np.random.default_rng(number).normal(0, 0.002, 2) * (width, height)
    corners = (
        (0.03 * width, 0.04 * height), (0.01 * width, 0.98 * height),
        (0.98 * width, 0.96 * height), (0.97 * width, 0.02 * height),
    )  # fmt: skip
    quad = [value for x, y in corners for value in (x + shake[0], y + shake[1])]
    image = image.transform((width, height), Image.Transform.QUAD, quad, Image.Resampling.BILINEAR)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = (1.05 - 0.25 * (x**2 + y**2))[..., None]
    noise = np.random.default_rng(number).normal(0, 4, (height, width, 1))
    return np.clip(np.asarray(image) * light + noise + 8, 0, 255).astype(np.uint8)


def same(pixels: Pixels, _: int) -> Pixels:
    return pixels


WAYS: dict[str, tuple[Callable[[Pixels, int], Pixels], float, int]] = {
    "bright": (lambda p, _: np.clip(p * 0.75 + 45, 0, 255).astype(np.uint8), 1.0, 1),
    "mirrored": (lambda p, _: p[:, ::-1], 1.0, 1),
    "speed": (same, 1.05, 1),
    "half the pictures": (same, 1.0, 2),
    "logo": (logo, 1.0, 1),
    "crop 5 %": (cropped(0.05), 1.0, 1),
    "crop 10 %": (cropped(0.10), 1.0, 1),
    "screen": (screen, 1.0, 1),
}  # what is done to a picture, how much faster, one picture in how many


def copied(source: Path, goes: Path, way: str) -> None:
    change, pace, nth = WAYS[way]
    with av.open(str(source)) as comes, av.open(str(goes), "w") as out:
        stream = comes.streams.video[0]
        rate = (stream.average_rate or Fraction(12)) * Fraction(pace).limit_denominator(100) / nth
        made = None
        for number, frame in enumerate(comes.decode(stream)):
            if number % nth:
                continue
            pixels = np.ascontiguousarray(change(frame.to_ndarray(format="rgb24"), number))
            height, width = (size // 2 * 2 for size in pixels.shape[:2])
            if made is None:
                options = {"crf": "28", "preset": "veryfast"}
                made = out.add_stream("libx264", rate=rate, options=options)
                made.width, made.height, made.pix_fmt = width, height, "yuv420p"
            shown = np.ascontiguousarray(pixels[:height, :width])
            coded = av.VideoFrame.from_ndarray(shown, "rgb24").reformat(format="yuv420p")
            coded.pts, coded.time_base = number // nth, 1 / rate
            out.mux(made.encode(coded))
        out.mux(made.encode(None))


def main(archive: Path, count: int) -> None:
    truth = read_truth(archive)
    paths = [path for path, one in truth.items() if one["kind"] == "recording"]
    chosen = [p for p in paths if truth[p]["container"] != "h264"][:count]
    with scratch() as work:
        disk = work / "disk"
        disk.mkdir()
        for number, path in enumerate(paths):
            (disk / f"original {number}").write_bytes((archive / path).read_bytes())
        for path in chosen:
            for way in WAYS:
                copied(archive / path, disk / f"{way} {paths.index(path)}.mp4", way)
        vault = work / "vault"
        quiet = {"stderr": subprocess.DEVNULL}
        shell(DAYLIGHT, "init", vault, "--plain-disk", "--no-passphrase", **quiet)
        shell(DAYLIGHT, "--vault", vault, "import", disk, "--no-ask", "--no-examine", **quiet)
        shell(DAYLIGHT, "--vault", vault, "examine", **quiet)
        told(vault)


def told(vault: Path) -> None:
    def asked(verb: str):
        words = [DAYLIGHT, "--vault", vault, verb, "--json"]
        return json.loads(subprocess.run(words, check=True, capture_output=True).stdout)

    name = {one["item"]: one["occurrences"][0]["path"] for one in asked("items")}
    found, wrong = {}, []
    for pair in asked("duplicates")["pairs"]:
        names = sorted((name[pair["item_a"]], name[pair["item_b"]]))
        ways = [one.rsplit(" ", 1)[0] for one in names]
        numbers = {one.rsplit(" ", 1)[1].removesuffix(".mp4") for one in names}
        if len(numbers) > 1:
            wrong.append(names)
        elif "original" in ways:
            way = next(one for one in ways if one != "original")
            found.setdefault(way, []).append(abs(pair["a_start"] - pair["b_start"]))
    there = [one.rsplit(" ", 1)[0] for one in name.values()]
    for way in WAYS:
        off = found.get(way, [])
        print(
            f"{way}: {len(off)} of {there.count(way)} found, offset off by at most "
            f"{max(off, default=0):.2f} s",
            flush=True,
        )
    print(f"wrong pairs: {len(wrong)} {wrong[:4]}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 4)
