"""The program that renders what may be seen of an item: decoded once, covered, encoded anew.

``redact``  request {facts}, files [media, plan]. Sends ``film`` {width, height, scale, first_us, full} with
the parameter sets as payload, ``pictures`` {at, key, sizes} with coded pictures end to end, ``sound``
{channels, rate} with the decoder's configuration, ``sounds`` {sizes}, and at last ``end`` with counts. Nothing
of the original's container comes out: the file is made outside, of these parts alone (``media.mp4_write``).

A picture that is missing, corrupt or built on a corrupt one is covered whole, and counted.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream

from daylight.domain.digest import Digest
from daylight.domain.marks import MAX_US, WHOLE, Key, Span
from daylight.domain.media import MediaFacts
from daylight.domain.redaction import (
    Choice,
    Codec,
    Label,
    Output,
    Plan,
    Region,
    Shape,
    Sounding,
    SoundSpan,
    Word,
)
from daylight.domain.redaction_json import decode, encode
from daylight.domain.tracks import Sort
from daylight.errors import MediaRefused
from daylight.media.ahead import ahead
from daylight.media.facts_json import from_json
from daylight.media.mask_decode import MICRO, PictureReader, Shown, packets, seek
from daylight.media.mask_encode import RATE, Coded
from daylight.media.mask_encode_vp9 import encoder_of
from daylight.media.mask_frames import Cropped, Finish, Planes, Upright, frame_of, is_high
from daylight.media.mask_paint import Paint, paint, paint_of
from daylight.media.mask_regions import Cover, Covered
from daylight.media.mask_sound import SoundTrack
from daylight.media.packet import MediaPacket
from daylight.media.program import Emit, Json, Request
from daylight.media.reading import open_media, size_of

PROGRAM: Final = "redact"
_AHEAD: Final = 2  # pictures that are decoded while one is covered and encoded
_BATCH: Final = 1 << 20  # bytes of coded pictures a message
_HELD: Final = 4_000  # packets of sound that wait for the first picture
MOST_DAMAGED: Final = 500  # spans that are told one by one
_MOST_SCALE: Final = 1 << 30  # ticks a second
_NOTHING: Final = Covered(whole=True, places=())


def redact(request: Request, files: Sequence[int], emit: Emit) -> None:
    """Raises ``MediaRefused``, ``PlanRefused`` and ``FFmpegError``: then nothing goes out."""
    facts = from_json(request["facts"])
    plan = decode(os.pread(files[1], size_of(files[1]), 0))
    if plan.output.codec is Codec.AV1:
        raise MediaRefused("this version writes H.264 and VP9, and no AV1")
    with open_media(files[0], facts.demuxer) as container:
        _Rendering(container, facts, plan, emit).run()


class _Rendering:
    def __init__(
        self, container: InputContainer, facts: MediaFacts, plan: Plan, emit: Emit
    ) -> None:
        self._container, self._facts, self._plan, self._emit = container, facts, plan, emit
        self._zero = facts.start or Fraction(0)
        self._pictures = (
            _Pictures(PictureReader(container, facts), facts, plan, emit)
            if container.streams.video
            else None
        )
        sound = container.streams.audio[0] if container.streams.audio and plan.sound else None
        self._source: AudioStream | None = sound
        self._sound: SoundTrack | None = None
        self._held: list[MediaPacket] = []
        if self._pictures is None and sound is None:
            raise MediaRefused("it has no pictures, and its sound was left out")

    def run(self) -> None:
        streams: list[Stream] = []
        if self._pictures is not None:
            streams.append(self._pictures.reader.stream)
        if self._source is not None:
            streams.append(self._source)
        self._seek()
        with closing(ahead(self._read(streams), _AHEAD)) as coming:
            for one in coming:
                if not isinstance(one, list):
                    self._hear(one)
                elif self._pictures is not None:
                    self._pictures.show(one)
        if self._pictures is not None:
            self._pictures.finish()
        self._end_sound()
        self._emit("end", self._counts())

    def _read(self, streams: list[Stream]) -> Iterator[list[Shown] | MediaPacket]:
        """Decoded pictures and coded sound, as they come; in a thread, while pictures before them are encoded."""
        for packet in packets(self._container, streams):
            if self._pictures is None or packet.stream is not self._pictures.reader.stream:
                yield packet
                continue
            yield self._pictures.decoded(packet)
            if self._pictures.done and self._source is None:
                return

    def _seek(self) -> None:
        if self._plan.span is not None and self._pictures is not None:
            seek(self._container, self._pictures.reader, self._facts, self._plan.span.start_us)

    def _hear(self, packet: MediaPacket) -> None:
        """Sound waits until it is known where the film begins."""
        if self._sound is None and not self._start_sound():
            self._held.append(packet)
            if len(self._held) > _HELD:
                raise MediaRefused("no picture comes for a long time after the sound began")
            return
        if self._sound is not None:
            _say_sounds(self._sound.push(packet), self._emit)

    def _start_sound(self) -> bool:
        if self._source is None:
            return False
        first = self._first()
        if first is None:
            return False
        self._sound = SoundTrack(self._source, self._plan, self._zero, first)
        said: dict[str, Json] = {"channels": self._sound.channels, "rate": RATE}
        self._emit("sound", said, self._sound.config)
        for packet in self._held:
            _say_sounds(self._sound.push(packet), self._emit)
        self._held = []
        return True

    def _first(self) -> Fraction | None:
        if self._pictures is not None:
            return self._pictures.first
        span = self._plan.span
        return Fraction(0) if span is None else Fraction(span.start_us, MICRO)

    def _end_sound(self) -> None:
        if self._sound is None and self._source is not None:
            self._start_sound()
        if self._sound is not None:
            _say_sounds(self._sound.finish(), self._emit)

    def _counts(self) -> dict[str, Json]:
        sound = self._sound
        counts: dict[str, Json] = {
            "samples": 0 if sound is None else sound.samples,
            "sound_errors": 0 if sound is None else sound.errors,
        }
        if self._pictures is not None:
            counts |= self._pictures.counts
        return counts


class _Pictures:
    """From packets to messages. ``first``: seconds of the first picture that goes out.

    ``decoded`` runs in a thread beside the others, with ``reader`` and ``done``.
    """

    def __init__(self, reader: PictureReader, facts: MediaFacts, plan: Plan, emit: Emit) -> None:
        self.reader, self._plan, self._emit = reader, plan, emit
        self._rotation = facts.video.rotation if facts.video else 0
        self._out: _Out | None = None
        self._early: list[Shown] = []
        self.first: Fraction | None = None
        self.done = False
        self.counts: dict[str, Json] = {}
        self._tally = {"frames": 0, "missing": 0, "untrusted": 0, "whole": 0}
        self._spent = {"decode": 0.0, "mask": 0.0, "encode": 0.0}

    def decoded(self, packet: MediaPacket) -> list[Shown]:
        """Nothing from the end of the span on: then it is ``done``."""
        if self.done:
            return []
        clock = time.perf_counter()
        shown = list(self.reader.push(packet))
        self._spent["decode"] += time.perf_counter() - clock
        span = self._plan.span
        for number, one in enumerate(shown):
            if span is not None and self._at_us(one) >= span.end_us:
                self.done = True
                return shown[:number]
        return shown

    def _at_us(self, shown: Shown) -> int:
        return int(self.reader.seconds(shown.at) * MICRO)

    def show(self, many: Sequence[Shown]) -> None:
        for one in many:
            self._show(one)

    def _show(self, shown: Shown) -> None:
        at_us = self._at_us(shown)
        span = self._plan.span
        if span is not None and at_us < span.start_us:
            return
        if self._out is None:
            if shown.frame is None:
                return  # nothing is known of the size yet; the film begins with what comes
            upright = Upright(shown.frame, self._rotation, self.reader.aspect)
            self.first = self.reader.seconds(shown.at)
            self._out = _Out(upright, self.reader, self._plan, self._emit, shown.at)
        self._count(shown)
        self._tally["whole"] += self._out.put(shown, at_us, self._spent)

    def _count(self, shown: Shown) -> None:
        self._tally["frames"] += 1
        self._tally["missing"] += shown.frame is None
        self._tally["untrusted"] += shown.frame is not None and not shown.trusted

    def finish(self) -> None:
        if self._out is None:
            raise MediaRefused("no picture of it can be decoded in that span")
        self._out.finish(self._spent)
        self.reader.close()
        spent: dict[str, Json] = {name: round(one, 3) for name, one in self._spent.items()}
        written = {"written": self._out.written, "errors": self.reader.errors}
        self.counts = {**self._tally, **written, "spent": spent, "damaged": self._damaged()}

    def _damaged(self) -> list[Json]:
        """In microseconds, from the key frame before the damage to the one after it."""
        every = self.reader.damaged
        every = every if len(every) <= MOST_DAMAGED else [(every[0][0], None)]
        return [
            [
                max(0, int(self.reader.seconds(start) * MICRO)),
                MAX_US if end is None else int(self.reader.seconds(end) * MICRO),
            ]
            for start, end in every
        ]


class _Out:
    """Covers, encodes and sends. ``written``: pictures that went out."""

    def __init__(
        self, upright: Upright, reader: PictureReader, plan: Plan, emit: Emit, first: int
    ) -> None:
        self._upright, self._emit, self._first = upright, emit, first
        self._reader = reader
        self._cropped = Cropped(upright.width, upright.height, plan.output)
        self._finish = Finish(self._cropped, plan.output)
        self._cover = Cover(plan, upright.width, upright.height)
        high = is_high(upright.height)
        self._colour: Paint = paint_of(plan.fill, full=upright.full, high=high)
        self._pace = _Pace(plan.output.rate, reader.base)
        size = (self._cropped.out_width, self._cropped.out_height)
        quality = plan.output.quality
        codec = plan.output.codec
        self._encoder = encoder_of(codec, size, self._pace.scale, quality, upright.look)
        self._batch = _Batch(emit)
        self.written = 0
        said: dict[str, Json] = {
            "width": size[0],
            "height": size[1],
            "scale": self._pace.scale,
            "step": self._pace.ticks(max(1, round(reader.step / reader.base))),
            "first_us": int(reader.seconds(first) * MICRO),
            "full": upright.full,
            "aspect": [upright.look.aspect.numerator, upright.look.aspect.denominator],
            "upright": [upright.width, upright.height],
            "sets": [len(one) for one in self._encoder.header],
        }
        emit("film", said, b"".join(self._encoder.header))

    def put(self, shown: Shown, at_us: int, spent: dict[str, float]) -> bool:
        """Whether it was covered whole."""
        clock = time.perf_counter()
        covered = self._cover.at(at_us) if shown.trusted else _NOTHING
        planes = self._planes(shown, covered)
        paint(planes, covered, self._colour)
        spent["mask"] += time.perf_counter() - clock
        clock = time.perf_counter()
        at = self._pace.time(shown.at - self._first)
        if at is not None:
            frame = self._finish.apply(frame_of(self._cropped.cut(planes)))
            self._batch.add(self._encoder.push(frame, at))
            self.written += 1
        spent["encode"] += time.perf_counter() - clock
        return covered.whole

    def _planes(self, shown: Shown, covered: Covered) -> Planes:
        if shown.frame is None or covered.whole:
            return self._upright.black()
        return self._upright.planes(shown.frame)

    def finish(self, spent: dict[str, float]) -> None:
        clock = time.perf_counter()
        self._batch.add(self._encoder.finish())
        self._batch.flush()
        spent["encode"] += time.perf_counter() - clock


class _Pace:
    """Times of the film: those the pictures had, or an even rate where one was chosen."""

    def __init__(self, rate: tuple[int, int] | None, base: Fraction) -> None:
        self._rate, self._base = rate, base
        self.scale = base.denominator if rate is None else rate[0]
        if self.scale > _MOST_SCALE:
            raise MediaRefused("its clock ticks finer than a film can say")
        self._next = 0  # of the pictures at an even rate

    def ticks(self, at: int) -> int:
        if self._rate is None:
            return at * self._base.numerator
        return self._rate[1]

    def time(self, at: int) -> int | None:
        """When a picture that comes ``at`` ticks after the first is shown; None where it is left out."""
        if self._rate is None:
            return self.ticks(at)
        due = int(at * self._base * Fraction(*self._rate))
        if due < self._next:
            return None
        self._next = due + 1
        return due * self._rate[1]


class _Batch:
    """Coded pictures until there are enough for a message."""

    def __init__(self, emit: Emit) -> None:
        self._emit, self._coded, self._size = emit, list[Coded](), 0

    def add(self, coded: Sequence[Coded]) -> None:
        self._coded += coded
        self._size += sum(len(one.data) for one in coded)
        if self._size >= _BATCH:
            self.flush()

    def flush(self) -> None:
        if not self._coded:
            return
        facts: dict[str, Any] = {
            "at": [one.at for one in self._coded],
            "key": [int(one.key) for one in self._coded],
            "sizes": [len(one.data) for one in self._coded],
        }
        self._emit("pictures", facts, b"".join(one.data for one in self._coded))
        self._coded, self._size = [], 0


def warm_up(media: int, facts: Json) -> None:
    """Go the whole way once, before the sandbox closes. ``media``: a film with sound."""
    box = Key(0, 1_000, 1_000, 5_000, 5_000)
    corners = ((0, 0), (WHOLE, 0), (0, WHOLE))
    plan = Plan(
        Digest(bytes(32)),
        regions=tuple(
            Region(shape, Sort.HAND, (box,), shape=shape, corners=corners[:more])
            for shape, more in ((Shape.BOX, 0), (Shape.ELLIPSE, 0), (Shape.POLYGON, 3))
        ),
        labels=(Label("clock", box, Choice.REPLACE, "0"),),
        sound=(SoundSpan(Span(0, MAX_US), Sounding.TONE, Word("nobody", "warm-up")),),
    )
    for output in (Output(), Output(width=32, rate=(5, 1), denoise=1), Output(codec=Codec.VP9)):
        said = encode(replace(plan, output=output))
        descriptor = os.memfd_create("warm-up", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, said)
            redact({"facts": facts}, [media, descriptor], _ignore)
        finally:
            os.close(descriptor)


def _ignore(kind: str, facts: Json, payload: bytes = b"") -> None:
    del kind, facts, payload


def _say_sounds(grains: Sequence[bytes], emit: Emit) -> None:
    if grains:
        emit("sounds", {"sizes": [len(one) for one in grains]}, b"".join(grains))
