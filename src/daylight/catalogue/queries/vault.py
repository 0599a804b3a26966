"""The vault's own row."""

from dataclasses import dataclass

from daylight.catalogue.models import Vault
from daylight.domain.principal import Principal, custodian
from daylight.errors import VaultMissing


@dataclass(frozen=True, slots=True)
class Agents:
    """The ledger ids of whoever has the shell, and of Daylight's own detectors."""

    custodian: str
    software: str


def agents() -> Agents:
    row = Vault.objects.values_list("custodian", "software").first()
    if row is None:
        raise VaultMissing("the vault's catalogue is empty: `daylight init` was interrupted")
    return Agents(*row)


def custodian_here() -> Principal:
    """Whoever has the shell is the custodian of the vault it opens."""
    return custodian(agents().custodian)
