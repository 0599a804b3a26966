"""Pictures of a finished film on their way to be looked at once more: some of those that the check decodes."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from daylight.errors import RedactionFailed
from daylight.media.executor import Message
from daylight.media.program import Emit, Json

KIND: Final = "frame"


@dataclass(frozen=True, slots=True)
class Wanted:
    """``width``, ``height``: pixels that pictures are handed out in; ``step_us``: one each so many microseconds."""

    width: int
    height: int
    step_us: int

    def to_json(self) -> dict[str, Json]:
        return {"width": self.width, "height": self.height, "step_us": self.step_us}

    def taken(self, message: Message) -> tuple[int, NDArray[np.uint8]]:
        """When it is shown in the original, and its pixels. ``RedactionFailed`` for what the check does not send."""
        facts, data = message.untrusted_facts, message.untrusted_payload
        at = facts.get("at") if isinstance(facts, dict) else None
        if type(at) is not int or len(data) != self.width * self.height * 3:
            raise RedactionFailed("the check makes no sense: a picture")
        return at, np.frombuffer(data, np.uint8).reshape(self.height, self.width, 3)


def wanted_of(said: object) -> Wanted | None:
    """Of a request; None where nobody looks again."""
    if said is None:
        return None
    if not isinstance(said, dict):
        raise TypeError("what is looked at has a size")
    return Wanted(int(said["width"]), int(said["height"]), int(said["step_us"]))


class HandedOut:
    """Sends the first picture, and then the first of each step."""

    def __init__(self, wanted: Wanted | None, emit: Emit) -> None:
        self._wanted, self._emit = wanted, emit
        self._due: int | None = None

    def push(self, frame: VideoFrame, at: int) -> None:
        wanted = self._wanted
        if wanted is None or (self._due is not None and at < self._due):
            return
        self._due = at + wanted.step_us
        shown = frame.reformat(wanted.width, wanted.height, "rgb24", interpolation="BILINEAR")
        self._emit(KIND, {"at": at}, shown.to_ndarray().tobytes())
