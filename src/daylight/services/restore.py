"""A vault out of a backup, or out of a replica alone. No ledger entry: the vault is as it was."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from daylight.crypto.age import HEAD, decrypt_under, decrypt_with, is_age, needs_passphrase
from daylight.domain.progress import Progress
from daylight.errors import BackupRefused, UsageError
from daylight.services import dumps
from daylight.services.repair import Mended, mend, missing
from daylight.services.workspace import Workspace
from daylight.storage.layout import Layout, check_database, in_use
from daylight.storage.remote import Remote
from daylight.storage.replica import Manifest, Replica
from daylight.storage.state_archive import unpack


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """``objects`` came back; ``missing``: the catalogue names them, and the replica gave none."""

    objects: int
    missing: tuple[Mended, ...]


def from_backup(
    file: Path, root: Path, identities: str, passphrase: Callable[[], str], database: str = ""
) -> Layout:
    """Make a vault in ``root``, an empty or new folder, without objects. ``BackupRefused``.

    ``identities``: the text of an age identity file; ``passphrase`` is asked for one only where the
    backup is under one; ``database``: as in :func:`state_from_replica`.
    """
    check_database(database)
    place = functools.partial(_placed, database=database)
    try:
        opened = file.open("rb")
    except OSError as error:
        raise BackupRefused(f"the backup cannot be read: {error.strerror}") from error
    with opened:
        head = opened.read(HEAD)
        opened.seek(0)
        if not is_age(head):
            raise BackupRefused("this is no backup: it does not begin as an age file does")
        if needs_passphrase(head):
            return unpack(decrypt_under(passphrase(), opened), root, place)
        if not identities:
            raise BackupRefused("the backup is for recipients: an identity is needed")
        return unpack(decrypt_with(identities, opened), root, place)


def state_from_replica(
    remote: Remote, key: bytes, root: Path, database: str = ""
) -> tuple[Layout, Manifest]:
    """Make a vault in ``root`` of the newest state of a replica, without objects.

    ``database``: for a catalogue on PostgreSQL, another one than it was in; it must be empty. Raises
    ``VaultExists``, ``DatabaseUnusable``, ``ToolMissing``, ``UsageError``; the folder is as empty then as it was.
    """
    check_database(database)
    replica = Replica(remote, key)
    manifest = replica.newest()
    place = functools.partial(_placed, database=database)
    return unpack(replica.state(manifest), root, place), manifest


def _placed(made: Layout, database: str) -> Layout:
    """With its catalogue in a database, where it was in one."""
    if not made.database:
        if database:
            raise UsageError("its catalogue is a file in the vault, and needs no database")
        return made
    made = replace(made, database=database or made.database)
    dumped = made.root / dumps.NAME
    if not dumped.exists():
        raise BackupRefused("the catalogue is not in it")
    dumps.load(made.database, dumped)
    dumped.unlink()
    return made


def objects_from_replica(
    ws: Workspace, remote: Remote, key: bytes, progress: Progress
) -> RestoreReport:
    """Bring every object that the restored catalogue names; cut short, ``repair`` goes on."""
    count, left = 0, []
    with in_use(ws.layout):
        wanted = missing(ws.store)
        for one in mend(ws.store, ws.layout, Replica(remote, key), wanted, progress):
            if one.left:
                left.append(one)
            else:
                count += 1
    return RestoreReport(count, tuple(left))
