"""What a person names as the place of a replica: a folder, or ``s3://bucket/prefix``."""

import os
from pathlib import Path

from daylight.errors import UsageError
from daylight.storage.remote import Remote
from daylight.storage.remote_folder import FolderRemote
from daylight.storage.remote_objects import s3


def open_remote(place: str, vault: Path | None = None) -> Remote:
    """``UsageError`` for a place inside ``vault``: what lies on its disk is lost with it."""
    if "://" in place:
        return s3(place)
    root = os.path.realpath(place)
    if vault is not None and (root + "/").startswith(os.path.realpath(vault) + "/"):
        raise UsageError("the replica would lie inside the vault: name another disk")
    return FolderRemote(Path(root))
