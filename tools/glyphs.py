#!/usr/bin/env python3
"""Train the reader of burnt-in clocks (src/daylight/analyses/glyphs.npz) from drawn lines.

    python tools/glyphs.py OUT.npz --fonts FOLDER... --media FOLDER [--lines 30000] [--seed 1]

Draws clock lines in every font found under --fonts, over pictures found under --media, the way video
recorders do (outlined, boxed, shadowed, bare), spoils them as cameras do (small sizes, compression,
rescaling, squeezing), cuts patches at and between the characters, and fits a small two-layer network to
tell the characters. Needs only NumPy, Pillow and PyAV. Same seed, fonts and media: the same file.
"""

import argparse
import io
import itertools
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

CAP, ROWS, COLUMNS = 14, 20, 16  # as in daylight.analyses.glyphs
MIDDLE = ROWS // 2
CLASSES = "0123456789.:/-APM"  # then: another character, none
OTHER, NONE = len(CLASSES), len(CLASSES) + 1
LETTERS = "BCDEFGHIJKLNOQRSTUVWXYZabcdeghnrstuvwxyzБГДЖЗИЙКЛПУФЦЧШЩЫЭЮЯ"
FORMS = ("{d}.{m}.{y} {t}", "{y}-{m}-{d} {t}", "{d}/{m}/{y} {t}", "{m}-{d}-{y} {t} {a}", "{t}",
         "{d}-{m}-{y} {w} {t}", "{y}/{m}/{d} {t}", "{d}.{m}.{s} {t}", "{w} {d}.{m}.{y} {t}",
         "{t} {d}/{m}/{y}", "{m}/{d}/{y} {t} {a}", "{l} {t}")  # fmt: skip
Patch = NDArray[np.float32]


def text_of(r: random.Random) -> str:
    two = lambda: f"{r.randrange(100):02d}"  # noqa: E731  # any digits: the reader knows no dates
    return r.choice(FORMS).format(
        d=two(), m=two(), y=two() + two(), s=two(), t=f"{two()}:{two()}:{two()}",
        a=r.choice(("AM", "PM")), w=r.choice(("Mon", "TUE", "ПТ", "Sunday")),
        l="".join(r.choice(LETTERS) for _ in range(5)))  # fmt: skip


def backgrounds(folder: Path, r: random.Random) -> list[Image.Image]:
    """Grey frames of the clips, and plain noise."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".mp4", ".mkv", ".avi"):
            continue
        with av.open(str(path)) as clip:
            for number, frame in enumerate(clip.decode(video=0)):
                if number % 40 == 0:
                    found.append(Image.fromarray(frame.to_ndarray(format="gray")))
                if number > 400:
                    break
    q = np.random.default_rng(r.randrange(1 << 30))
    found += [Image.fromarray(np.clip(q.normal(q.integers(0, 255), 8, (360, 640)), 0, 255).astype(np.uint8))
              for _ in range(len(found) // 3)]  # fmt: skip
    return found


def draw(
    r: random.Random, fonts: list[Path], behind: list[Image.Image]
) -> tuple[Image.Image, str, list[float], float, float] | None:
    """(picture, text, edges of the advance boxes, top of the digits, their height), spoilt."""
    path = r.choice(fonts)
    pixel = any(name in path.name for name in ("spleen", "terminus", "unifont", "Proggy"))
    size = r.choice((12, 16, 24, 32)) if pixel else round(9 * 6 ** r.random())
    try:
        font = ImageFont.truetype(str(path), size)
        text = text_of(r)
        box, digits = font.getbbox(text), font.getbbox("0123456789")
    except (OSError, ValueError):
        return None
    edges = [font.getlength(text[:n]) for n in range(len(text) + 1)]
    height = digits[3] - digits[1]
    if height < 5 or edges[-1] < 20 or min(font.getlength(c) for c in "0189") < 2:
        return None
    pad = size
    width, tall = int(edges[-1]) + 2 * pad, box[3] + 2 * pad
    scene = r.choice(behind)
    cut = 0.2 + r.random() * 0.8
    w, h = min(scene.width, max(8, int(width * cut))), min(scene.height, max(8, int(tall * cut)))
    x, y = r.randint(0, scene.width - w), r.randint(0, scene.height - h)
    picture = scene.crop((x, y, x + w, y + h)).resize((width, tall))
    pen = ImageDraw.Draw(picture)
    ink = r.choice((235, 255, 200, 180))
    style = r.random()
    if style < 0.4:
        stroke = r.choice((1, 2, 2, max(1, size // 14)))
        dark, reach = r.choice((0, 16, 30)), range(-stroke, stroke + 1)
        for dx, dy in ((dx, dy) for dx in reach for dy in reach):
            pen.text((pad + dx, pad + dy), text, font=font, fill=dark)
    elif style < 0.6:
        pen.rectangle(
            (pad - 3, pad + box[1] - 3, pad + edges[-1] + 3, pad + box[3] + 3),
            fill=r.choice((0, 16, 60)),
        )
    elif style < 0.75:
        pen.text((pad + 1 + size // 24, pad + 1 + size // 24), text, font=font, fill=10)
    else:
        table = np.arange(256) * r.uniform(0.1, 0.6)
        picture = picture.point([int(v) for v in table])
        pen = ImageDraw.Draw(picture)
    pen.text((pad, pad), text, font=font, fill=ink)
    scale = 1.0
    if pixel and r.random() < 0.5:
        scale = 2.0
        picture = picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.NEAREST)
    top = (pad + digits[1]) * scale
    return picture, text, [(pad + e) * scale for e in edges], top, height * scale


def spoil(
    picture: Image.Image, height: float, r: random.Random
) -> tuple[Image.Image, float, float]:
    """Compressed, perhaps after a rescale; and how much it shrank across and down."""
    across = down = 1.0
    if height > 14 and r.random() < 0.35:
        across = down = r.uniform(max(0.4, 7 / height), 0.9)
    if r.random() < 0.25:
        down *= r.uniform(0.72, 1.0)
        across *= r.uniform(0.8, 1.0)
    if height * down < 5.5:
        across, down = across * 5.5 / (height * down), 5.5 / height
    if (across, down) != (1.0, 1.0):
        kind = r.choice((Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.BOX))
        size = (max(8, round(picture.width * across)), max(8, round(picture.height * down)))
        across, down = size[0] / picture.width, size[1] / picture.height
        picture = picture.resize(size, kind)
    noise = np.random.default_rng(r.randrange(1 << 30)).normal(
        0, r.uniform(0, 7), (picture.height, picture.width)
    )
    picture = Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))
    for _ in range(r.choice((0, 1, 1, 2))):
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=r.randint(18, 85))
        picture = Image.open(file).convert("L")
    return picture, across, down


def patches(
    r: random.Random, fonts: list[Path], behind: list[Image.Image]
) -> Iterator[tuple[Patch, int]]:
    made = draw(r, fonts, behind)
    if made is None:
        return
    picture, text, edges, top, height = made
    picture, across, down = spoil(picture, height, r)
    edges, top, height = [e * across for e in edges], top * down, height * down
    k = CAP / (height * r.uniform(0.88, 1.12))
    aspect = k * r.uniform(0.92, 1.08)
    line = np.asarray(
        picture.resize(
            (max(COLUMNS, round(picture.width * aspect)), max(ROWS, round(picture.height * k))),
            Image.Resampling.BILINEAR,
        ),
        np.float32,
    )
    kx, ky = line.shape[1] / picture.width, line.shape[0] / picture.height
    middle = (top + height / 2) * ky
    centres = [(a + b) / 2 * kx for a, b in itertools.pairwise(edges)]
    for n, char in enumerate(text):
        advance = (edges[n + 1] - edges[n]) * kx
        label = NONE if char == " " else CLASSES.find(char) if char in CLASSES else OTHER
        off = r.uniform(-0.16, 0.16) * advance
        yield from patch(line, centres[n] + off, middle + r.uniform(-1.2, 1.2), label)
        if r.random() < 0.6 and char != " ":
            yield from patch(
                line,
                edges[n] * kx + r.uniform(-0.15, 0.15) * advance,
                middle + r.uniform(-1.2, 1.2),
                NONE,
            )
    for _ in range(3):
        away = r.choice((edges[0] * kx - r.uniform(3, 12), edges[-1] * kx + r.uniform(3, 12)))
        yield from patch(line, away, middle, NONE)


def patch(line: Patch, x: float, y: float, label: int) -> Iterator[tuple[Patch, int]]:
    left, top = round(x - COLUMNS / 2), round(y - MIDDLE)
    if left < 0 or top < 0 or left + COLUMNS > line.shape[1] or top + ROWS > line.shape[0]:
        return
    yield line[top : top + ROWS, left : left + COLUMNS], label


def normal(values: Patch) -> Patch:
    """As ``daylight.analyses.glyphs.normal``."""
    flat = values.reshape(len(values), -1)
    middle = flat.mean(axis=1, keepdims=True)
    return (flat - middle) / (flat.std(axis=1, keepdims=True) + 8.0)


def train(
    x: Patch, y: NDArray[np.int64], hidden: tuple[int, int], epochs: int, seed: int, held: int
) -> list[NDArray[np.float32]]:
    q = np.random.default_rng(seed)
    sizes = (x.shape[1], *hidden, NONE + 1)
    w = [
        q.normal(0, (2 / a) ** 0.5, (a, b)).astype(np.float32) for a, b in itertools.pairwise(sizes)
    ]
    w += [np.zeros(b, np.float32) for b in sizes[1:]]
    m, v, step = [np.zeros_like(a) for a in w], [np.zeros_like(a) for a in w], 0
    order = np.arange(held, len(x))
    total = epochs * (len(order) // 256)
    for epoch in range(epochs):
        q.shuffle(order)
        loss = 0.0
        for at in range(0, len(order) - 255, 256):
            chosen = order[at : at + 256]
            a0, t = x[chosen], y[chosen]
            a1 = np.maximum(a0 @ w[0] + w[3], 0)
            a2 = np.maximum(a1 @ w[1] + w[4], 0)
            z = a2 @ w[2] + w[5]
            z -= z.max(axis=1, keepdims=True)
            p = np.exp(z)
            p /= p.sum(axis=1, keepdims=True)
            loss -= float(np.log(p[np.arange(256), t] + 1e-9).mean())
            p[np.arange(256), t] -= 1
            p /= 256
            d2 = (p @ w[2].T) * (a2 > 0)
            d1 = (d2 @ w[1].T) * (a1 > 0)
            grads = [a0.T @ d1, a1.T @ d2, a2.T @ p, d1.sum(0), d2.sum(0), p.sum(0)]
            step += 1
            rate = 1.5e-3 * 0.5 * (1 + np.cos(np.pi * step / total))
            for n, g in enumerate(grads):
                m[n] = 0.9 * m[n] + 0.1 * g
                v[n] = 0.999 * v[n] + 0.001 * g * g
                w[n] -= (
                    rate * m[n] / (1 - 0.9**step) / (np.sqrt(v[n] / (1 - 0.999**step)) + 1e-8)
                    + (1e-5 * w[n] if n < 3 else 0)
                ).astype(np.float32)
        a = np.maximum(np.maximum(x[:held] @ w[0] + w[3], 0) @ w[1] + w[4], 0) @ w[2] + w[5]
        right = a.argmax(1) == y[:held]
        print(
            epoch,
            round(loss * 256 / len(order), 4),
            "held out:",
            round(float(right.mean()), 4),
            "digits:",
            round(float(right[y[:held] < 10].mean()), 4),
            flush=True,
        )
    return w


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("out", type=Path)
    p.add_argument("--fonts", type=Path, nargs="+", required=True)
    p.add_argument("--media", type=Path, required=True)
    p.add_argument("--lines", type=int, default=30_000)
    p.add_argument("--epochs", type=int, default=14)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    r = random.Random(a.seed)  # noqa: S311  # drawings, no secrets
    fonts = sorted(
        f
        for d in a.fonts
        for f in d.rglob("*")
        if f.suffix in (".ttf", ".otf", ".otb")
        and not any(s in f.name for s in ("Italic", "Oblique", "oblique"))
    )
    print(len(fonts), "fonts", file=sys.stderr)
    behind = backgrounds(a.media, r)
    x, y = [], []
    for _ in range(a.lines):
        for values, label in patches(r, fonts, behind):
            x.append(values.astype(np.uint8))
            y.append(label)
    values = normal(np.stack(x).astype(np.float32))
    print(values.shape, np.bincount(y), file=sys.stderr)
    w = train(values, np.array(y), (192, 96), a.epochs, a.seed, len(y) // 20)
    with a.out.open("wb") as file:
        np.savez_compressed(file, **{f"w{n}": one.astype(np.float16) for n, one in enumerate(w)})


if __name__ == "__main__":
    main()
