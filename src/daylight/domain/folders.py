"""Which folder of a path is a camera's: pure, and for two readers.

The analysis weighs folders without showing them; whoever may see leaked names is shown what they
propose. Recorders keep a folder a camera, and folders of days or hours below it.
"""

import re
from collections.abc import Sequence
from typing import Final

Pieces = tuple[str, ...]

_YEAR: Final = re.compile(r"(?:19|20)\d\d")
# words of folders that hold what came from anywhere
_ANYTHING: Final = (
    "backup", "copy", "copies", "dcim", "desktop", "download", "export", "found", "lost", "new folder",
    "recover", "tmp", "temp", "trash", "recycle", "usb", "video", "videos", "movies", "resctvdata",
    "копия", "копии", "резерв", "новая папка", "разное", "видео", "архив", "загрузк", "корзина",
)  # fmt: skip
_MOST: Final = 40  # pieces of a path that are looked at


def split(untrusted_path: bytes) -> Pieces:
    """The parts of a path, outermost first. Bytes that are no UTF-8 become lone surrogates."""
    text = untrusted_path.decode("utf-8", "surrogateescape").replace("\\", "/")
    return tuple(part.strip() for part in text.split("/") if part.strip())[-_MOST:]


def camera_folder(folders: Sequence[str]) -> Pieces:
    """The camera's folder and the one around it, without those of days; empty where there is none.

    ``folders``: of a file, outermost first, without its own name.
    """
    kept = _without_dates(folders)
    if not kept or any(word in kept[-1].casefold() for word in _ANYTHING):
        return ()
    return kept[-2:]


def camera_and_facility(untrusted_path: bytes) -> tuple[str, str] | None:
    """What the folders of a file call its camera and, if they tell it, its facility."""
    kept = camera_folder(split(untrusted_path)[:-1])
    if not kept:
        return None
    facility, camera = kept if len(kept) == 2 else ("", kept[0])
    return camera.replace("_", " ").strip(), facility.replace("_", " ").strip()


def _without_dates(folders: Sequence[str]) -> Pieces:
    kept: list[str] = []
    dated = False
    for folder in folders:
        digits = re.sub(r"\D", "", folder)
        letters = sum(char.isalpha() for char in folder)
        date = letters <= 1 and (len(digits) >= 6 or bool(_YEAR.fullmatch(digits)))
        dated = dated or date
        if not date and not (dated and letters <= 1 and digits):
            kept.append(folder)
    return tuple(kept)
