"""Items named on the command line, and the people who sign there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from daylight.catalogue.queries.items import find
from daylight.catalogue.queries.requests import RequestView
from daylight.cli.session import Session
from daylight.domain.digest import Digest
from daylight.errors import UsageError

Items = Annotated[
    list[str], typer.Argument(help="SHA-256 (or its first 8 digits and more), or id.")
]
As = Annotated[str, typer.Option("--as", help="The user who signs.", show_default=False)]
MAX_FILE = 1 << 16  # bytes of a share, an identity file, a key file
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-passphrase-file",
        help="Its first line opens that user's own key; else it is asked for.",
        show_default=False,
    ),
]


def digests(session: Session, names: Sequence[str]) -> list[Digest]:
    """Each once, in their order. ``UsageError`` for a name that none or several items have."""
    found: dict[Digest, None] = {}
    for name in names:
        items = find(session.principal, name.lower())
        if len(items) != 1:
            said = "no item has this name" if not items else "several items begin like this"
            raise UsageError(said)
        found[items[0].digest] = None
    return list(found)


def request_document(one: RequestView) -> dict[str, object]:
    """The JSON of a request: what it is about, never a leaked name."""
    said = one.statement
    return {
        "id": one.public_id,
        "act": said.act,
        "items": [digest.hex() for digest in one.digests],
        "reason": said.reason,
        "law": said.law or None,
        "about": said.about or None,
        "asked_at": said.at,
        "first": one.first_name,
        "first_agent": one.first,
        "expires": one.expires.isoformat(),
    }


def text_of(file: Path) -> str:
    """A small text file, of words or keys. ``UsageError`` where it is none."""
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_FILE).decode()
    except OSError as error:
        raise UsageError(f"a file named cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise UsageError("a file named is no text") from None
