"""Looking for what must be gone: the raw bytes of a vault's files, whatever wrote them.

Free pages, logs and leftovers count: nothing here knows SQLite.
"""

import base64
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

CHUNK = 4 << 20
LONGEST = 512  # bytes of a needle that are looked for: a longer one may lie on several pages


def spellings(digest: bytes) -> list[bytes]:
    """A digest as it may lie in a file: raw, hexadecimal in both cases, base64 without its end."""
    text = digest.hex()
    return [
        digest,
        text.encode(),
        text.upper().encode(),
        base64.b64encode(digest)[:42],
        base64.urlsafe_b64encode(digest)[:42],
    ]


def traces(root: Path, needles: Sequence[bytes]) -> list[str]:
    """Files of the vault at ``root`` that hold one of ``needles``, or bear it in their name.

    Of ``objects/`` the names alone are looked at: the bytes of other items are theirs.
    """
    wanted = sorted({one[:LONGEST] for one in needles if one})
    if not wanted:
        return []
    pattern = re.compile(b"|".join(re.escape(one) for one in wanted))
    overlap = max(map(len, wanted)) - 1
    return sorted(
        os.fsdecode(name)
        for name, path in _files(os.fsencode(root))
        if pattern.search(name)
        or (not name.startswith(b"objects/") and _in(path, pattern, overlap))
    )


def _files(root: bytes) -> Iterator[tuple[bytes, bytes]]:
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            yield os.path.relpath(path, root), path


def _in(path: bytes, pattern: re.Pattern[bytes], overlap: int) -> bool:
    try:
        with open(path, "rb") as file:
            return _searched(file, pattern, overlap)
    except FileNotFoundError:  # what was in flight has ended
        return False


def _searched(file: IO[bytes], pattern: re.Pattern[bytes], overlap: int) -> bool:
    tail = b""
    while chunk := file.read(CHUNK):
        if pattern.search(tail + chunk):
            return True
        tail = (tail + chunk)[-overlap:] if overlap else b""
    return False
