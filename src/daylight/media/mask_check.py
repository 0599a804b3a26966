"""The program that looks at a finished film: whether it is covered where the plan says, and nothing else is in it.

``redaction-check``  request {first_us, picks, look}, files [film, plan]. Sends ``sheet`` {at} with a JPEG for each 40
of the moments asked for, ``frame`` {at} with a picture as RGB for each that is to be looked at again
(``media.mask_again``), and at last ``checked`` {faults, tracks, frames, times, places, worst, mean}.

It decodes what the renderer wrote, and asks the plan, not the renderer, what must be covered. Inside a mask, some
pixels from its edge, every pixel must have the colour of the paint within what the codec leaves.
"""

import array
import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from daylight.domain.digest import Digest
from daylight.domain.marks import Key
from daylight.domain.redaction import Plan, Region, Shape
from daylight.domain.redaction_json import decode, encode
from daylight.domain.tracks import Sort
from daylight.media import mp4_walk
from daylight.media.mask_again import HandedOut, wanted_of
from daylight.media.mask_decode import MICRO
from daylight.media.mask_frames import Cropped, Upright, is_high
from daylight.media.mask_paint import Bits, Patch, Plane, edges, paint_of, patch_of
from daylight.media.mask_regions import Cover, Covered, Place
from daylight.media.program import Emit, Json, Request
from daylight.media.reading import open_media, size_of

PROGRAM: Final = "redaction-check"
FAR: Final = 24  # of 255: no pixel inside a mask may be further from the paint
MEAN: Final = 2.0  # on the average of a mask,
# and where hardly more than a block of the codec is left, one step of it may be more: below so many samples
# of luma and chroma.
MEAN_OF_FEW: Final = 3.0
FEW: Final = 300
EDGE: Final = 3  # blocks of two pixels at the edge, which the codec blends with what is outside
MOST_FAULTS: Final = 20
_SHEET: Final = (8, 5)
_THUMB: Final = 200  # pixels
_JITTER: Final = 2  # microseconds by which a time may have been rounded


def check(request: Request, files: Sequence[int], emit: Emit) -> None:
    """Raises ``FFmpegError`` and its like: then the film is nothing that may go out."""
    plan = decode(os.pread(files[1], size_of(files[1]), 0))
    size, first, picks = request["size"], request["first_us"], request["picks"]
    if not isinstance(first, int) or not isinstance(picks, list) or not isinstance(size, list):
        raise TypeError("a check begins somewhere")
    walked = mp4_walk.walk(files[0])
    seen = _Seen(plan, (int(size[0]), int(size[1])), first, [int(one) for one in picks], emit)
    seen.again = HandedOut(wanted_of(request.get("look")), emit)
    heard = 0
    with open_media(files[0], "mov") as container:
        if container.streams.video:
            for frame in container.decode(video=0):
                seen.push(frame)
    with open_media(files[0], "mov") as container:
        if container.streams.audio:
            heard = sum(frame.samples for frame in container.decode(audio=0))
        facts = _extras(container)
    seen.finish()
    faults = [*walked.faults, *facts, *seen.faults]
    if walked.pictures != seen.frames:
        faults.append("pictures that do not decode")
    said: dict[str, Json] = {"faults": faults[:MOST_FAULTS], "tracks": list(walked.tracks)}
    emit("checked", {**said, **seen.facts(), "samples": heard})


def _extras(container: Any) -> list[str]:
    """What FFmpeg finds in a container beyond what players need; it adds brand and language itself."""
    own = {"major_brand", "minor_version", "compatible_brands"}
    found = [f"metadata: {key}" for key in container.metadata if key not in own]
    for stream in container.streams:
        named = {"language", "handler_name", "vendor_id"}
        found += [
            f"metadata: {key}"
            for key, value in stream.metadata.items()
            if key not in named or (key == "handler_name" and value)
        ]
    if container.chapters():
        found.append("chapters")
    return found


@dataclass(slots=True)
class _Worst:
    """How far pixels inside masks are from the paint."""

    places: int = 0
    far: int = 0
    total: float = 0.0
    pixels: int = 0


class _Seen:
    def __init__(
        self, plan: Plan, size: tuple[int, int], first: int, picks: list[int], emit: Emit
    ) -> None:
        self._plan, self._size, self._first = plan, size, first
        self._emit = emit
        self._picks = sorted(picks)
        self._thumbs: list[tuple[int, Image.Image]] = []
        self._ticks = array.array("q")
        self._worst = _Worst()
        self._geometry: _Geometry | None = None
        self.again = HandedOut(None, emit)
        self.faults: list[str] = []

    @property
    def frames(self) -> int:
        return len(self._ticks)

    def facts(self) -> dict[str, Json]:
        worst = self._worst
        return {
            "frames": len(self._ticks),
            "times": hashlib.sha256(self._ticks.tobytes()).hexdigest(),
            "places": worst.places,
            "worst": worst.far,
            "mean": round(worst.total / max(1, worst.pixels), 3),
        }

    def push(self, frame: VideoFrame) -> None:
        if frame.pts is None or frame.time_base is None or frame.is_corrupt:
            self.faults.append("a picture that is corrupt or has no time")
            return
        if self._geometry is None:
            self._geometry = _Geometry(self._plan, self._size, frame)
        self._ticks.append(frame.pts)
        at = self._first + int(frame.pts * frame.time_base * MICRO)
        for name, far, mean, pixels in self._geometry.asked(frame, at):
            self._note(name, at, far, mean, pixels)
        self.again.push(frame, at)
        if self._picks and at >= self._picks[0]:
            while self._picks and at >= self._picks[0]:
                self._picks.pop(0)
            self._thumb(frame, at)

    def _note(self, name: str, at: int, far: int, mean: float, pixels: int) -> None:
        worst = self._worst
        worst.places += 1
        worst.far = max(worst.far, far)
        worst.total += mean * pixels
        worst.pixels += pixels
        most = MEAN_OF_FEW if pixels < FEW else MEAN
        if (far > FAR or mean > most) and len(self.faults) < MOST_FAULTS:
            self.faults.append(f"not covered: {name[:40]} at {at / MICRO:.3f} s")

    def _thumb(self, frame: VideoFrame, at: int) -> None:
        height = max(2, round(_THUMB * frame.height / frame.width))
        small = frame.reformat(_THUMB, height, "rgb24").to_ndarray()
        self._thumbs.append((at, Image.fromarray(small)))
        if len(self._thumbs) == _SHEET[0] * _SHEET[1]:
            self.finish()

    def finish(self) -> None:
        """Send the pictures of the strip that were gathered."""
        if not self._thumbs:
            return
        columns = min(_SHEET[0], len(self._thumbs))
        rows = -(-len(self._thumbs) // columns)
        height = self._thumbs[0][1].height
        sheet = Image.new("RGB", (columns * _THUMB, rows * height), (60, 60, 60))
        for number, (_, one) in enumerate(self._thumbs):
            sheet.paste(one, (number % columns * _THUMB, number // columns * height))
        file = io.BytesIO()
        sheet.save(file, "JPEG", quality=80)
        self._emit("sheet", {"at": [at for at, _ in self._thumbs]}, file.getvalue())
        self._thumbs = []


class _Geometry:
    """Where in the film the plan's places are. ``size``: of the upright original."""

    def __init__(self, plan: Plan, size: tuple[int, int], frame: VideoFrame) -> None:
        self._cover = Cover(plan, *size)
        self._cropped = Cropped(*size, plan.output)
        self._rows, self._columns = -(-size[1] // 2), -(-size[0] // 2)
        self._upright = Upright(frame, 0)
        full = self._upright.full
        self._colour = paint_of(plan.fill, full=full, high=is_high(size[1]))
        rate = plan.output.rate
        later = 0 if rate is None else MICRO * rate[1] // rate[0]
        # At an even rate a picture stands for any moment until the next one.
        self._scaled = self._shape != (self._cropped.height // 2, self._cropped.width // 2)
        self._moments = (-_JITTER, _JITTER) if not later else (-later, -later // 2, 0, _JITTER)

    def asked(self, frame: VideoFrame, at: int) -> Iterator[tuple[str, int, float, int]]:
        """Name, furthest, mean and number of pixels of each place that must be covered."""
        planes = self._upright.planes(frame)
        covers = [self._cover.at(at + more) for more in self._moments]
        lettered = any(place.text for place in covers[0].places)
        if not (lettered or self._scaled or any(one.whole for one in covers)):
            boxes, covers = self._boxes(covers)
            for name, (rows, columns) in boxes:
                luma = planes[0][_twice(rows), _twice(columns)]
                parts = (luma, planes[1][rows, columns], planes[2][rows, columns])
                if parts[1].size:
                    yield name, *self._away(parts)
        for name, bits in self._places(covers):
            inner = bits & self._plain(covers[0])
            if not inner.any():
                continue
            fine = inner.repeat(2, 0).repeat(2, 1)
            yield name, *self._away((planes[0][fine], planes[1][inner], planes[2][inner]))

    def _away(self, parts: Sequence[Plane]) -> tuple[int, float, int]:
        """How far pixels are from the paint: the furthest, the mean, of how many."""
        colour, furthest, total, size = self._colour, 0, 0.0, 0
        wanted = (colour.luma, colour.blue, colour.red)
        for part, value in zip(parts, wanted, strict=True):
            high, low = int(part.max()), int(part.min())
            furthest = max(furthest, high - value, value - low)
            total += float(np.abs(part.astype(np.int16) - value).sum())
            size += part.size
        return furthest, total / size, size

    def _boxes(
        self, covers: Sequence[Covered]
    ) -> tuple[list[tuple[str, tuple[slice, slice]]], list[Covered]]:
        """Places that are plain boxes, as blocks of the film without the edge; and all the others."""
        named = [{place.name: place for place in one.places} for one in covers]
        found: list[tuple[str, tuple[slice, slice]]] = []
        for name in named[0]:
            places = [one[name] for one in named if name in one]
            if len(places) == len(named) and places[0].shape is Shape.BOX:
                found.append((name, self._window(places)))
        plain = {name for name, _ in found}
        left = [
            Covered(one.whole, tuple(place for place in one.places if place.name not in plain))
            for one in covers
        ]
        return found, left

    def _window(self, places: Sequence[Place]) -> tuple[slice, slice]:
        """The blocks that all these boxes have in common."""
        made = []
        every = [edges(place, self._rows, self._columns) for place in places]
        for low, offset, length in (
            (1, self._cropped.top // 2, self._shape[0]),
            (0, self._cropped.left // 2, self._shape[1]),
        ):
            start = max(0, max(one[low] for one in every) - offset)
            end = min(length, min(one[low + 2] for one in every) - offset)
            start += EDGE if start > 0 else 0
            end -= EDGE if end < length else 0
            made.append(slice(start, max(start, end)))
        return made[0], made[1]

    def _places(self, covers: Sequence[Covered]) -> Iterator[tuple[str, Bits]]:
        """Blocks of the film that are inside at all of these moments, without the edge."""
        if all(one.whole for one in covers):
            yield "everything", np.ones(self._shape, np.bool_)
            return
        if any(one.whole for one in covers):
            return
        named = [{place.name: place for place in one.places} for one in covers]
        for name, place in named[0].items():
            if not place.text and all(name in one for one in named):
                patches = [self._bits(one[name]) for one in named]
                yield name, _inner(np.logical_and.reduce(patches))

    @property
    def _shape(self) -> tuple[int, int]:
        return self._cropped.out_height // 2, self._cropped.out_width // 2

    def _bits(self, place: Place) -> Bits:
        patch: Patch = patch_of(place, self._rows, self._columns)
        every = np.zeros((self._rows, self._columns), np.bool_)
        rows, columns = patch.bits.shape
        every[patch.top : patch.top + rows, patch.left : patch.left + columns] = patch.bits
        top, left = self._cropped.top // 2, self._cropped.left // 2
        cut = every[top : top + self._cropped.height // 2, left : left + self._cropped.width // 2]
        if cut.shape == self._shape:
            return cut
        wanted = (self._shape[1], self._shape[0])
        small = Image.fromarray(cut.astype(np.uint8) * 255).resize(wanted, Image.Resampling.BOX)
        found: Bits = np.asarray(small) == 255
        return found

    def _plain(self, covered: Covered) -> Bits:
        """Where no text was drawn."""
        made = np.ones(self._shape, np.bool_)
        for place in covered.places:
            if place.text:
                made &= ~self._bits(place)
        return made


def _twice(one: slice) -> slice:
    return slice(2 * one.start, 2 * one.stop)


def _inner(bits: Bits) -> Bits:
    """Without ``EDGE`` blocks all around; at the edge of the picture nothing blends in."""
    rows, columns = np.flatnonzero(bits.any(1)), np.flatnonzero(bits.any(0))
    made: NDArray[np.bool_] = np.zeros_like(bits)
    if not rows.size:
        return made
    window = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    before = (rows[0] == 0, columns[0] == 0)
    after = (rows[-1] == bits.shape[0] - 1, columns[-1] == bits.shape[1] - 1)
    sides = [
        (EDGE if one else 0, EDGE if two else 0) for one, two in zip(before, after, strict=True)
    ]
    room = np.pad(bits[window], sides, constant_values=True)
    room = np.pad(room, EDGE)
    small = Image.fromarray(room.astype(np.uint8) * 255).filter(ImageFilter.MinFilter(2 * EDGE + 1))
    cut = np.equal(np.asarray(small)[EDGE:-EDGE, EDGE:-EDGE], 255)
    (up, _), (aside, _) = sides
    height, width = bits[window].shape
    made[window] = cut[up : up + height, aside : aside + width]
    return made


def warm_up(film: int) -> None:
    """Go the whole way once, before the sandbox closes. ``film``: any in a container that can be opened as one."""
    descriptor = os.memfd_create("warm-up", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, encode(Plan(Digest(bytes(32)), regions=(_ANYTHING,))))
        look: Json = {"width": 64, "height": 32, "step_us": 1}
        request: dict[str, Json] = {"first_us": 0, "size": [64, 48], "picks": [0], "look": look}
        check(request, [film, descriptor], _ignore)
    finally:
        os.close(descriptor)


_ANYTHING: Final = Region("any", Sort.HAND, (Key(0, 0, 0, 5_000, 5_000),), shape=Shape.ELLIPSE)


def _ignore(kind: str, facts: Json, payload: bytes = b"") -> None:
    del kind, facts, payload
