"""One encrypted file of everything but the objects: catalogue, ledger, keys."""

import errno
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from django.db import transaction

from daylight.crypto.age import encrypt_to, encrypt_under
from daylight.domain.principal import Principal, Right
from daylight.errors import ReplicaFull, ReplicaUnreachable, UsageError
from daylight.services import heads
from daylight.services.record import record
from daylight.services.snapshot import snapshot
from daylight.services.workspace import Workspace
from daylight.storage.direct import sync_directory
from daylight.storage.layout import in_use
from daylight.storage.state_archive import pack


def backup(
    ws: Workspace,
    principal: Principal,
    file: Path,
    *,
    recipients: Sequence[str] = (),
    passphrase: str = "",
) -> int:
    """Write ``file``, whole or not at all, for ``recipients`` (age) or under ``passphrase``; bytes.

    ``UsageError`` where it exists already. The ledger says that a backup was made, not where.
    """
    principal.require(Right.PRESERVE)
    if bool(recipients) == bool(passphrase):
        raise UsageError("a backup is for recipients, or under a passphrase")
    if os.path.lexists(file):
        raise UsageError("there is a file of this name already; a backup overwrites nothing")
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}.part")
    with in_use(ws.layout):  # a purge names the backups that were made before it: all of them
        size = _write_whole(ws, draft, file, recipients, passphrase)
        _record(ws, principal, len(recipients))
    heads.keep(ws)
    return size


def _write_whole(
    ws: Workspace, draft: Path, file: Path, recipients: Sequence[str], passphrase: str
) -> int:
    try:
        size = _write(ws, draft, recipients, passphrase)
        draft.rename(file)
        sync_directory(os.fspath(file.absolute().parent))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise ReplicaFull("the backup's disk is full") from error
        raise ReplicaUnreachable(f"the backup's disk refuses: {error.strerror}") from error
    finally:
        with suppress(OSError):
            draft.unlink()
    return size


def _write(ws: Workspace, draft: Path, recipients: Sequence[str], passphrase: str) -> int:
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as out, snapshot(ws.layout) as members:
        if recipients:
            encrypt_to(recipients, pack(members), out)
        else:
            encrypt_under(passphrase, pack(members), out)
        out.flush()
        os.fsync(fd)
        return out.tell()


def _record(ws: Workspace, principal: Principal, recipients: int) -> None:
    with transaction.atomic():
        record(ws, principal.agent, "backed-up", details={"recipients": recipients})
