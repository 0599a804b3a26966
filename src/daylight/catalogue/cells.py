"""What stands in a cell, where whoever changed the database may have put anything into it."""

import json
from typing import Any


def as_bytes(value: object) -> bytes | None:
    """The bytes of a binary cell; None where it is NULL; nothing where it holds text or a number.

    SQLite keeps what it is given, whatever the column says.
    """
    if value is None:
        return None
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


def as_size(value: object) -> int:
    """A size in bytes; -1 where the cell holds none."""
    return value if isinstance(value, int) and value >= 0 else -1


def as_object(value: object) -> dict[str, Any]:
    """A JSON object; an empty one for anything else, which the re-check of the ledger tells of."""
    try:
        said = json.loads(as_bytes(value) or b"{}")
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
