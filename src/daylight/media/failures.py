"""Which exceptions of a program mean "this item cannot be read", and which a fault of ours."""

import struct
import traceback
from pathlib import PurePath
from types import TracebackType
from typing import Final

import av

from daylight.errors import DaylightError
from daylight.media.executor import End
from daylight.media.wire import Verdict

EXPECTED: Final[tuple[type[Exception], ...]] = (
    DaylightError,
    av.FFmpegError,
    ValueError,
    ArithmeticError,
    LookupError,
    MemoryError,
    BufferError,
    EOFError,
    OSError,
    RecursionError,
    struct.error,
)


def failed(error: Exception) -> Verdict:
    """The program raised one of ``EXPECTED``."""
    words = str(error)
    name = type(error).__name__
    return Verdict(End.FAILED, words if isinstance(error, DaylightError) else f"{name}: {words}")


def crashed(kind: type[BaseException], where: TracebackType | None) -> Verdict:
    """The program raised anything else: its type and the line of code, no words of the item."""
    frames = traceback.extract_tb(where)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return Verdict(End.CRASHED, f"{kind.__name__}{place}")
