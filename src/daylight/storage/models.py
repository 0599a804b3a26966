"""Where models lie: one folder for all vaults of a user, or the one that ``DAYLIGHT_MODELS`` names.

A model is no evidence and holds nothing of any, so that it is in no vault, backup or replica.
"""

import os
from enum import StrEnum
from pathlib import Path

from daylight.domain.digest import digest_of
from daylight.domain.models import Pinned
from daylight.errors import ModelMissing, ModelRefused


class Installed(StrEnum):
    YES = "installed"
    NO = "missing"
    DAMAGED = "damaged"


def folder() -> Path:
    named = os.environ.get("DAYLIGHT_MODELS", "")
    if named:
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME", "") or "~/.local/share"
    return Path(data).expanduser() / "daylight" / "models"


def _bytes(model: Pinned) -> bytes | None:
    """As they lie there, at most one byte more than there should be; None where there are none."""
    try:
        with (folder() / model.file).open("rb") as file:
            return file.read(model.size + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None


def state(model: Pinned) -> Installed:
    found = _bytes(model)
    if found is None:
        return Installed.NO
    return Installed.YES if digest_of(found) == model.digest else Installed.DAMAGED


def read(model: Pinned) -> bytes:
    """The bytes that were pinned; raises ``ModelMissing``, or ``ModelRefused`` where others lie there."""
    found = _bytes(model)
    if found is None:
        raise ModelMissing(f"the model {model.name!r} is not installed")
    if digest_of(found) != model.digest:
        raise ModelRefused(f"the model {model.name!r} is not what was installed")
    return found


def put(model: Pinned, data: bytes) -> Path:
    """Whole under its name or not at all, read-only; in place of what was there.

    Raises ``ModelRefused`` unless these are the bytes that were pinned.
    """
    if digest_of(data) != model.digest:
        raise ModelRefused(f"these are not the bytes of the model {model.name!r}")
    place = folder() / model.file
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    try:
        with open(part, "xb", opener=lambda path, flags: os.open(path, flags, 0o444)) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
    return place
