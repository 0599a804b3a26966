"""The ledger's heads: the one that stands, and the files that lie outside the catalogue.

A head's file is what tells that a catalogue was rolled back, and what is handed to people outside.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from daylight.catalogue.ledger_rows import head_at, newest_head
from daylight.errors import HeadRefused, VaultError
from daylight.ledger import card
from daylight.ledger.head import MAX_FILE, SignedHead, parse
from daylight.services.workspace import Workspace
from daylight.storage.layout import Layout, replace_file


def current() -> SignedHead:
    """The head over all entries there are. ``VaultError`` where the catalogue holds none."""
    found = newest_head()
    if found is None:
        raise VaultError("the ledger has no head")
    return found


def at(size: int) -> SignedHead | None:
    """The head that was signed when the ledger had ``size`` entries."""
    return head_at(size)


def keep(ws: Workspace) -> SignedHead:
    """Write the current head's file, durable, unless it lies there already."""
    head = current()
    path = ws.layout.heads / f"{head.head.size}.json"
    if not path.exists():
        replace_file(path, to_file(head))
    return head


def to_file(head: SignedHead) -> bytes:
    """What is handed out: pretty enough to be read, and the same bytes each time."""
    return json.dumps(head.document(), indent=1).encode() + b"\n"


def from_file(path: Path) -> SignedHead:
    """A head's file or a card's. ``HeadRefused`` for what is none, or whose signature does not hold."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE)
    except OSError as error:
        raise HeadRefused(f"the head's file cannot be read: {error.strerror}") from error
    head = card.find_text(data) or parse(data)
    if not head.is_signed():
        raise HeadRefused("the head's signature does not hold: the file was changed")
    return head


def files(layout: Layout) -> Iterator[Path]:
    """The heads' files, smallest ledger first."""
    names = [one for one in os.listdir(layout.heads) if one.endswith(".json")]
    return iter([layout.heads / one for one in sorted(names, key=lambda n: (len(n), n))])
