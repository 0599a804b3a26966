"""The fingerprint: what tells whether two recordings show the same, in some hundred bytes a picture.

Of each picture of the key pass: when it is, a digest of its coded slices, hashes of what it shows
without black borders, and a thumb. What follows from them is the business of an analysis.
"""

import hashlib
import struct
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np

from daylight.detectors.base import Blob, Finding, Material, Partial, Session, Span, Subject
from daylight.detectors.registry import Wants
from daylight.media.canvas import CROPS, TILES, canvas, hashes, thumb
from daylight.media.picture import Picture
from daylight.media.prints import DIGEST, Prints, pack
from daylight.media.slices import slice_data

BLOB: Final = "fingerprint"
_NONE: Final = bytes(DIGEST)
_ROW: Final = np.dtype(
    [
        ("time", "<i8"),
        ("digest", "u1", (DIGEST,)),
        ("box", "<u2", (4,)),
        ("hashes", "u1", (len(CROPS), 32)),
        ("thumb", "u1", (TILES[1], TILES[0])),
    ]
)
_TIME: Final = struct.Struct("<q")
_BOX: Final = struct.Struct("<4H")
_MICROSECONDS: Final = 1_000_000
_FARTHEST: Final = 1 << 62


class Fingerprint:
    name = "fingerprint"
    version = 2
    wants = Wants.KEY_FRAMES

    def start(self, subject: Subject, span: Span) -> Session:
        video = subject.facts.video
        return _Rows(span, video.codec if video else "")

    def merge(self, subject: Subject, partials: Sequence[Partial]) -> Finding:
        rows = np.frombuffer(b"".join(one.data for one in partials), _ROW)
        rows = rows[np.argsort(rows["time"], kind="stable")]
        video = subject.facts.video
        prints = Prints(
            _microseconds(subject.facts.duration or Fraction(0)),
            (video.width if video else 0) or 0,
            (video.height if video else 0) or 0,
            rows["time"].astype(np.int64),
            rows["digest"],
            rows["box"],
            rows["hashes"],
            rows["thumb"],
        )
        facts = {"pictures": len(rows)}
        return Finding(facts, (Blob(BLOB, "application/octet-stream", pack(prints), facts),))


class _Rows:
    """A row a picture of one span; that of the next span, which comes last, is the next one's."""

    def __init__(self, span: Span, codec: str) -> None:
        self._span, self._codec = span, codec
        self._rows: list[bytes] = []

    def push(self, material: Material, /) -> None:
        if not isinstance(material, Picture) or material.number >= self._span.last:
            return
        made = canvas(material)
        self._rows += (
            _TIME.pack(_microseconds(material.seconds)),
            self._digest(material),
            _BOX.pack(*made.box),
            hashes(made.grey).tobytes(),
            thumb(made.grey).tobytes(),
        )

    def finish(self) -> Partial:
        return Partial({"pictures": len(self._rows) // 5}, b"".join(self._rows))

    def _digest(self, picture: Picture) -> bytes:
        coded = slice_data(picture.payload(), self._codec)
        return hashlib.blake2b(coded, digest_size=DIGEST).digest() if coded else _NONE


def _microseconds(seconds: Fraction) -> int:
    return max(-_FARTHEST, min(_FARTHEST, int(seconds * _MICROSECONDS)))
