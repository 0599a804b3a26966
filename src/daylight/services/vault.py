"""Making a vault: the checks before, the rows and the first ledger entry."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from django.core.management import call_command
from django.db import transaction

from daylight.catalogue.models import Collection, Vault
from daylight.catalogue.models.ids import new_agent
from daylight.domain.clock import Clock
from daylight.errors import ClockWrong, VaultExists, VaultFull, VaultPlainDisk
from daylight.ledger.leaf import Value
from daylight.services.record import record
from daylight.services.workspace import Workspace
from daylight.storage.volume import Volume

MINIMUM_FREE = 1 << 30  # bytes; below this not even a catalogue is safe
RELEASED = datetime(2026, 11, 1, tzinfo=UTC)  # no honest clock is before this code was written
EVERYTHING = "Everything"  # the collection that material joins unless another is named


def check_volume(volume: Volume, *, plain_disk: bool) -> None:
    if volume.encrypted or plain_disk:
        return
    raise VaultPlainDisk(
        f"the vault would lie on a volume ({volume.filesystem}) that is not known to be encrypted"
    )


def check_space(folder: Path) -> int:
    """Free bytes on the volume of ``folder``, which exists."""
    free = shutil.disk_usage(folder).free
    if free < MINIMUM_FREE:
        raise VaultFull(
            f"{free // 1_000_000} MB are free, a vault needs {MINIMUM_FREE // 10**6} MB"
        )
    return free


def check_clock(clock: Clock) -> None:
    now = clock()
    if now < RELEASED:
        raise ClockWrong(f"the machine's clock says {now:%Y-%m-%d}, before this program was made")


def migrate() -> None:
    """Make or update the catalogue's tables."""
    call_command("migrate", interactive=False, verbosity=0)


def found(ws: Workspace) -> None:
    """The first rows and entry number 0, which names the key that signs. Raises ``VaultExists`` where another vault has its rows."""
    custodian = new_agent()
    with transaction.atomic():
        if Vault.objects.exists():
            raise VaultExists("the database named holds the catalogue of another vault")
        now, key = ws.clock(), ws.keyring.locked.public
        Vault.objects.create(vault_id=ws.layout.vault_id, custodian=custodian, created=now, key=key)
        Collection.objects.create(name=EVERYTHING, created=now)
        details: dict[str, Value] = {"vault": ws.layout.vault_id, "key": key.hex()}
        record(ws, custodian, "vault-created", details=details)
