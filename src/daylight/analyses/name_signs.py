"""Names that promise another content than there is: a carved file that holds something else, say.

Only the ending is looked at, and only endings that everybody knows: no other part of a leaked name is said.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from daylight.domain.media import Kind
from daylight.domain.observation import Observation

VERSION: Final = 1
_FILM: Final = (
    "3gp 264 265 asf avi dav flv h264 h265 hevc m2ts m4v mkv mov mp4 mpeg mpg mts ts vob webm wmv"
)
_SOUND: Final = "aac amr flac m4a mp3 ogg opus wav wma"
_PICTURE: Final = "bmp gif heic jpeg jpg png tif tiff webp"
_RECORDING: Final = frozenset({Kind.VIDEO, Kind.AUDIO})
# A container of films may hold sound alone, and one of sound a cover picture that passes for a film.
_PROMISED: Final = {
    **dict.fromkeys((_FILM + " " + _SOUND).split(), _RECORDING),
    **dict.fromkeys(_PICTURE.split(), frozenset({Kind.IMAGE})),
}
_LONGEST: Final = 5  # bytes of an ending
_WORDS: Final = {
    Kind.VIDEO: "a recording",
    Kind.AUDIO: "a recording",
    Kind.IMAGE: "a picture",
    Kind.DOCUMENT: "a document",
    Kind.EMPTY: "empty",
    Kind.OTHER: "of no known kind",
}


def name_signs(kind: Kind, names: Iterable[bytes]) -> Iterator[Observation]:
    """At most one, of the first ending in order that says something else than the content does."""
    endings = {_ending(name) for name in names}
    for ending in sorted(endings & _PROMISED.keys()):
        if kind not in _PROMISED[ending]:
            yield Observation(
                "name-differs",
                f"A name of it ends in .{ending}; its content is {_WORDS[kind]}.",
                "It was deleted and other bytes lie in its place, was never written, or was named wrongly or to be hidden.",
                "It does not say who named it so, nor what was there before.",
                (ending, kind.value),
            )
            return


def _ending(name: bytes) -> str:
    last = name.rpartition(b"/")[2]
    stem, _, ending = last.rpartition(b".")
    return ending.lower().decode("ascii", "replace") if stem and len(ending) <= _LONGEST else ""
