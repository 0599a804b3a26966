"""The program for photos and stills: covered, and encoded anew from pixels.

``redact-still``  request {container, demuxer, form}, files [picture, plan]. Sends ``still`` {size, upright,
worst} with a JPEG or PNG as payload. ``size``, ``upright``: [width, height] of it, and of the original. ``worst``: how far pixels inside masks are from the paint, in what was
encoded and decoded again.

Nothing but pixels comes out: no EXIF, no thumbnail, no profile. ``check_still`` walks what came, outside.
"""

import io
import os
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from daylight.domain.digest import Digest
from daylight.domain.redaction import Plan
from daylight.domain.redaction_json import decode, encode
from daylight.errors import MediaRefused
from daylight.media.mask_paint import Bits, letters, paint_of, patch_of
from daylight.media.mask_regions import Cover
from daylight.media.program import Emit, Json, Request
from daylight.media.reading import size_of
from daylight.media.stills import still_pixels

PROGRAM: Final = "redact-still"
FORMS: Final = ("JPEG", "PNG")
FAR: Final = {"JPEG": 24, "PNG": 0}  # of 255: what the codec may leave, some pixels from the edge
_EDGE: Final = 8
_QUALITY: Final = 92
# JPEG: quantisation, Huffman tables, baseline frame, restart interval, scan; JFIF's own header.
_SEGMENTS: Final = frozenset({0xDB, 0xC4, 0xC0, 0xDD, 0xDA, 0xE0})
_CHUNKS: Final = frozenset({b"IHDR", b"IDAT", b"IEND"})
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def redact_still(request: Request, files: Sequence[int], emit: Emit) -> None:
    """Raises ``MediaRefused``, ``PlanRefused``: then nothing goes out."""
    plan = decode(os.pread(files[1], size_of(files[1]), 0))
    form = str(request["form"])
    pixels = still_pixels(files[0], str(request["container"]), str(request["demuxer"]))
    covered = bits_of(plan, *pixels.shape[:2])
    made = np.where(covered[..., None], np.array(plan.fill, np.uint8), pixels)
    out = cropped(lettered(made, plan), plan)
    data = encoded(out, form)
    facts: dict[str, Json] = {"size": _size(out), "upright": _size(made)}
    bare = covered & ~bits_of(plan, *pixels.shape[:2], texts=True)
    emit("still", {**facts, "worst": worst(data, bare, plan)}, data)


def _size(pixels: NDArray[Any]) -> list[Json]:
    return [pixels.shape[1], pixels.shape[0]]


def lettered(pixels: NDArray[Any], plan: Plan) -> NDArray[Any]:
    """With the texts that labels are replaced by, in the grey that is read best on the paint."""
    height, width = pixels.shape[:2]
    colour = paint_of(plan.fill, full=True, high=False)
    for place in Cover(plan, width, height).at(0).places:
        if place.text:
            plane = np.full((height, width), colour.luma, np.uint8)
            letters(plane, place, colour)
            written = plane != colour.luma
            pixels[written] = plane[written][:, None]
    return pixels


def bits_of(plan: Plan, height: int, width: int, *, texts: bool = False) -> Bits:
    """Which pixels are covered; of a picture, the moment 0 of the plan. ``texts``: where a text is written."""
    covered = Cover(plan, width, height).at(0)
    rows, columns = -(-height // 2), -(-width // 2)
    every = np.full((rows, columns), covered.whole and not texts)
    for place in (one for one in covered.places if one.text or not texts):
        patch = patch_of(place, rows, columns)
        spot = every[patch.top : patch.top + patch.bits.shape[0]]
        spot[:, patch.left : patch.left + patch.bits.shape[1]] |= patch.bits
    return every.repeat(2, 0).repeat(2, 1)[:height, :width]


def cropped(pixels: NDArray[Any], plan: Plan) -> NDArray[Any]:
    if plan.output.crop is None:
        return pixels
    left, top, wide, tall = plan.output.crop
    height, width = pixels.shape[:2]
    rows = slice(
        top * height // 10_000, max(top * height // 10_000 + 1, (top + tall) * height // 10_000)
    )
    columns = slice(
        left * width // 10_000, max(left * width // 10_000 + 1, (left + wide) * width // 10_000)
    )
    return pixels[rows, columns]


def encoded(pixels: NDArray[np.uint8], form: str) -> bytes:
    file = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    if form == "JPEG":
        picture.save(file, "JPEG", quality=_QUALITY)
    elif form == "PNG":
        picture.save(file, "PNG")
    else:
        raise MediaRefused("a picture goes out as JPEG or PNG")
    return file.getvalue()


def worst(data: bytes, covered: Bits, plan: Plan) -> int:
    """The check after: what was encoded, decoded, away from the edges of masks."""
    shown = np.asarray(Image.open(io.BytesIO(data), formats=FORMS).convert("RGB")).astype(np.int16)
    inner = cropped(_inner(covered), plan)
    away = np.abs(shown - np.array(plan.fill, np.int16))[inner]
    return int(away.max()) if away.size else 0


def _inner(bits: Bits) -> Bits:
    made = bits
    for axis in (0, 1):
        for step in (-_EDGE, -1, 1, _EDGE):
            made = made & np.roll(bits, step, axis)
    return made


def check_still(data: bytes, form: str) -> None:
    """``ValueError`` unless it holds what a picture needs and nothing else, to its last byte."""
    (_walk_jpeg if form == "JPEG" else _walk_png)(data)


def _walk_jpeg(data: bytes) -> None:
    if data[:2] != b"\xff\xd8" or data[-2:] != b"\xff\xd9":
        raise ValueError("no JPEG, or bytes behind it")
    at = 2
    while True:
        if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] not in _SEGMENTS:
            raise ValueError("a segment that is not on the list")
        kind, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if kind == 0xE0 and (size != 16 or data[at + 4 : at + 9] != b"JFIF\0"):
            raise ValueError("a header with a thumbnail")
        at += 2 + size
        if kind == 0xDA:
            break
    # In a scan, 0xFF stands before 0 and before restart markers alone, until the end.
    scan = np.frombuffer(data, np.uint8)[at:-2]
    after = scan[1:][scan[:-1] == 0xFF]
    if scan.size and (
        scan[-1] == 0xFF or bool(np.any((after != 0) & ((after < 0xD0) | (after > 0xD7))))
    ):
        raise ValueError("something between the scan and the end")


def _walk_png(data: bytes) -> None:
    if data[:8] != _SIGNATURE:
        raise ValueError("no PNG")
    at, last = 8, b""
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind not in _CHUNKS or last == b"IEND" or at + 12 + size > len(data):
            raise ValueError("a chunk that is not on the list")
        at, last = at + 12 + size, kind
    if last != b"IEND":
        raise ValueError("no end")


def warm_up() -> None:
    """Go the whole way once, before the sandbox closes."""
    for form in FORMS:
        picture = encoded(np.full((48, 64, 3), 90, np.uint8), form)
        files = [os.memfd_create("warm-up", os.MFD_CLOEXEC) for _ in range(2)]
        try:
            for descriptor, data in zip(
                files, (picture, encode(Plan(Digest(bytes(32))))), strict=True
            ):
                os.write(descriptor, data)
            request = {"container": form.lower(), "demuxer": "", "form": form}
            redact_still(request, files, _ignore)
        finally:
            for descriptor in files:
                os.close(descriptor)


def _ignore(kind: str, facts: Json, payload: bytes = b"") -> None:
    del kind, facts, payload
