"""What the burnt-in clock of a stream copy shows: by its pictures, and not by its times.

``make_archive.py`` counts packets where it cuts and joins, in the order in which they are stored. Where
that is another order than the one in which they are shown, its copies begin at a later key frame than
the truth says, and their media times lie some pictures apart from those of the recording. A copy of a
stream holds the recording's pictures as they were, so each of its key frames is looked up among those of
the camera's recordings: the same picture shows the same clock.
"""

import hashlib
from pathlib import Path

import av

COPIED = frozenset({"trimmed", "remuxed"})
_RAW = {"framerate": "12"}


def is_stream_copy(made: dict) -> bool:
    return made["kind"] == "export" or made.get("copy") in COPIED


def key_digests(path: Path, most: int = 1 << 30) -> list[bytes]:
    """A digest of each key frame, decoded, in the order in which they are shown."""
    found: list[bytes] = []
    with av.open(str(path), options=_RAW if path.suffix == ".h264" else {}) as container:
        video = container.streams.video[0]
        video.codec_context.skip_frame = "NONKEY"
        for frame in container.decode(video):
            found.append(hashlib.blake2b(frame.to_ndarray().tobytes(), digest_size=16).digest())
            if len(found) == most:
                break
    return found


class Shown:
    """By camera, what each key frame of its recordings shows, in seconds."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, bytes], float] = {}

    def learn(self, camera: str, pictures: list[bytes], seconds: list[float]) -> None:
        """Raises ``ValueError`` where the two do not match, or one picture would show two seconds."""
        for picture, second in zip(pictures, seconds, strict=True):
            known = self._seconds.setdefault((camera, picture), second)
            if int(known) != int(second):
                raise ValueError("one picture cannot show two times")

    def told(self, camera: str, pictures: list[bytes]) -> list[float]:
        """Raises ``KeyError`` for a picture that no recording of the camera has."""
        return [self._seconds[camera, one] for one in pictures]
