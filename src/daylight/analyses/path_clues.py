"""What the names of files tell of cameras: folders, and parts of file names. For weighing only.

Leaked names are evidence and a danger: what comes out of here goes into the analysis, never into a
name that is shown. Recorders keep a folder a camera and folders of days below it; whoever copies
keeps the file's name and loses the folders.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from daylight.domain.folders import Pieces, camera_folder, split

_TOKEN: Final = re.compile(r"[^\W\d_]+[ -]?\d{1,4}(?!\d)", re.UNICODE)
_CAMERA: Final = re.compile(
    r"(?:cam|camera|ch|chan|channel|кам|камера|кан|канал)[ _.-]*0*(\d{1,3})"
)


def pieces(untrusted_path: bytes) -> Pieces:
    """The parts of a path, outermost first, in one spelling. Bytes that are no text stay apart."""
    return tuple(unicodedata.normalize("NFC", part).casefold() for part in split(untrusted_path))


def folder_of(path: Pieces) -> Pieces:
    return camera_folder(path[:-1])


def channel_of(path: Pieces) -> str:
    """The number of the camera that the file's own name tells, empty where it tells none."""
    found = _CAMERA.search(path[-1]) if path else None
    return found[1] if found else ""


def tokens_of(path: Pieces) -> frozenset[str]:
    """Parts of the file's own name that are letters and a number, such as ``cam03``."""
    if not path:
        return frozenset()
    stem = path[-1].rsplit(".", 1)[0]
    return frozenset(re.sub(r"[ -]", "", one) for one in _TOKEN.findall(stem))


def camera_folders(paths: Mapping[int, Sequence[Pieces]]) -> dict[int, Pieces]:
    """Item to the folder that stands for its camera, with the channel where one folder has several."""
    found: dict[int, tuple[Pieces, str]] = {}
    for item, names in paths.items():
        told = next(
            ((folder_of(name), channel_of(name)) for name in names if folder_of(name)), None
        )
        if told is not None:
            found[item] = told
    channels: dict[Pieces, set[str]] = {}
    for folder, channel in found.values():
        channels.setdefault(folder, set()).update({channel} - {""})
    several = {folder for folder, told in channels.items() if len(told) > 1}
    return {
        item: (*folder, channel) if folder in several else folder
        for item, (folder, channel) in found.items()
        if channel or folder not in several
    }


def telling_tokens(
    tokens: Mapping[int, frozenset[str]], group_of: Mapping[int, int], share: float = 0.9
) -> dict[str, int]:
    """Token to the one group whose items bear it; tokens of several groups tell nothing."""
    seen: dict[str, Counter[int]] = {}
    for item, group in group_of.items():
        for token in tokens.get(item, frozenset()):
            seen.setdefault(token, Counter())[group] += 1
    return {
        token: groups.most_common(1)[0][0]
        for token, groups in seen.items()
        if groups.most_common(1)[0][1] >= share * groups.total()
    }


def shared(values: Iterable[str]) -> str:
    """The commonest value that is not empty."""
    told = Counter(value for value in values if value)
    return min(told, key=lambda one: (-told[one], one), default="")
