"""The program that makes a filmstrip, or a still that was kept, smaller for a thin line.

It runs in the sandboxed child: what it opens came out of one, and is no more believed for that.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from PIL import Image

from daylight.errors import MediaRefused
from daylight.media.program import Emit
from daylight.media.stills import still_pixels

PROGRAM: Final = "smaller"
MESSAGE: Final = "smaller"
HALF: Final = 2
QUALITY: Final = 50
_JPEG: Final = b"\xff\xd8\xff"


def smaller(request: Mapping[str, Any], files: Sequence[int], emit: Emit) -> None:
    """Send one message ``smaller``: a JPEG of half the width and height. ``MediaRefused``."""
    del request
    picture = Image.fromarray(still_pixels(files[0], "", "")).reduce(HALF)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY, optimize=True)
    emit(MESSAGE, {}, file.getvalue())


def checked(data: bytes) -> bytes:
    """``MediaRefused`` for what is no JPEG."""
    if not data.startswith(_JPEG):
        raise MediaRefused("what came back is no picture")
    return data
