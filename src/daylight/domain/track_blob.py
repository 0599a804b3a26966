"""Tracks as bytes, for the store.

After the magic, numbers of LEB128: how many tracks; of each its name's length and name, its sort, its
score in ten-thousandths, how many keys; of each key the microseconds since the one before, left, top,
width, height, and its basis.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from daylight.domain.marks import MAX_US, WHOLE, Key
from daylight.domain.tracks import Basis, Sort, Track
from daylight.errors import MediaRefused

MAGIC: Final = b"daylight tracks/1\n"
MOST_TRACKS: Final = 100_000
MOST_KEYS: Final = 10_000_000
_MOST_NAME: Final = 80
_SCORE: Final = 10_000
_SORTS: Final = (Sort.FACE, Sort.PERSON, Sort.TEXT, Sort.HAND)
_BASES: Final = (Basis.SEEN, Basis.FOLLOWED, Basis.CLOSED, Basis.KEPT)


def pack(tracks: Sequence[Track]) -> bytes:
    made = bytearray(MAGIC)
    _put(made, len(tracks))
    for track in tracks:
        name = track.name.encode()
        _put(made, len(name))
        made += name
        _put(made, _SORTS.index(track.sort), round(track.score * _SCORE), len(track.keys))
        before = 0
        for key, basis in zip(track.keys, track.bases, strict=True):
            _put(made, key.at_us - before, key.left, key.top, key.width, key.height)
            _put(made, _BASES.index(basis))
            before = key.at_us
    return bytes(made)


def _put(made: bytearray, *values: int) -> None:
    for value in values:
        rest = value
        while rest > 0x7F:
            made.append(rest & 0x7F | 0x80)
            rest >>= 7
        made.append(rest)


def unpack(data: bytes) -> tuple[Track, ...]:
    """The tracks of a blob. Raises ``MediaRefused`` for anything that is not one."""
    if not data.startswith(MAGIC):
        raise MediaRefused("the tracks are none")
    reader = _Reader(data, len(MAGIC))
    tracks = tuple(_track(reader) for _ in range(reader.number(MOST_TRACKS)))
    if reader.at != len(data) or len({track.name for track in tracks}) != len(tracks):
        raise MediaRefused("the tracks contradict themselves")
    return tracks


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self._data, self.at = data, at

    def number(self, most: int) -> int:
        """At most ``most``."""
        value = shift = 0
        while self.at < len(self._data) and shift < 64:
            one = self._data[self.at]
            self.at += 1
            value |= (one & 0x7F) << shift
            shift += 7
            if one <= 0x7F:
                if value <= most:
                    return value
                break
        raise MediaRefused("the tracks contradict themselves")

    def text(self) -> str:
        size = self.number(_MOST_NAME)
        data = self._data[self.at : self.at + size]
        self.at += size
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise MediaRefused("the tracks contradict themselves") from None


def _track(reader: _Reader) -> Track:
    name, sort = reader.text(), _SORTS[reader.number(len(_SORTS) - 1)]
    score, count = reader.number(_SCORE) / _SCORE, reader.number(MOST_KEYS)
    pairs = list(_keys(reader, count))
    if not pairs or not name:
        raise MediaRefused("the tracks contradict themselves")
    keys, bases = zip(*pairs, strict=True)
    return Track(name, sort, keys, bases, score)


def _keys(reader: _Reader, count: int) -> Iterator[tuple[Key, Basis]]:
    at = 0
    for number in range(count):
        step = reader.number(MAX_US)
        at += step
        left, top, width, height = (reader.number(WHOLE) for _ in range(4))
        inside = width > 0 and height > 0 and left + width <= WHOLE and top + height <= WHOLE
        if at > MAX_US or not inside or (number and not step):
            raise MediaRefused("the tracks contradict themselves")
        yield Key(at, left, top, width, height), _BASES[reader.number(len(_BASES) - 1)]
