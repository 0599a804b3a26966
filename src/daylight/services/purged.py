"""What was purged may not come back: recognised by the name that replicas know it under.

A keyed hash: it tells nobody what it was, and needs no digest to take it out of a replica.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.db.models import Max

from daylight.catalogue.models import Item, Media, Purged, Rendition
from daylight.domain.digest import Digest
from daylight.services.workspace import Workspace
from daylight.storage import quarantine
from daylight.storage.replica import object_names

PURGED = "these bytes were purged from this vault"


def blinding(ws: Workspace) -> Callable[[bytes], bytes]:
    """What is kept of a digest, 32 bytes: only who has the vault's storage key can match them."""
    name = object_names(ws.keyring.storage_key)
    return lambda digest: bytes.fromhex(name(digest))


def remember(ws: Workspace, digests: Iterable[bytes], entry: int) -> None:
    """Inside the transaction of the purge: these may not come back."""
    blind, now = blinding(ws), ws.clock()
    rows = [Purged(blind=blind(digest), at=now, entry=entry) for digest in digests]
    Purged.objects.bulk_create(rows, ignore_conflicts=True)


def to_let_go(ws: Workspace) -> frozenset[str]:
    """Names that replicas must not hold: of what was purged, and no row here names again.

    What is still in the store because its purge was cut short is among them.
    """
    names = {bytes(one).hex() for one in Purged.objects.values_list("blind", flat=True)}
    if names:
        name = object_names(ws.keyring.storage_key)
        names -= {name(one) for one in ws.store.digests() if name(one) in names and in_use(one)}
    return frozenset(names)


def newest() -> datetime | None:
    """When something was purged last."""
    found: datetime | None = Purged.objects.aggregate(at=Max("at"))["at"]
    return found


def turn_away(ws: Workspace, digests: Sequence[Digest]) -> frozenset[Digest]:
    """Those that were purged; what an import has put into the store of them is gone again."""
    barred = among(ws, digests)
    for digest in barred:
        remove(ws, digest)
    return barred


def among(ws: Workspace, digests: Sequence[Digest]) -> frozenset[Digest]:
    """Those that were purged."""
    if not digests or not Purged.objects.exists():
        return frozenset()
    blind = blinding(ws)
    named = {blind(digest): digest for digest in digests}
    found = Purged.objects.filter(blind__in=list(named)).values_list("blind", flat=True)
    return frozenset(named[bytes(one)] for one in found)


def remove(ws: Workspace, digest: Digest) -> int:
    """Take an object away unless something still names it; the bytes that went."""
    if in_use(digest):
        return 0
    quarantine.forget(ws.layout, digest)
    try:
        size = ws.store.size(digest)
    except KeyError:
        return 0
    ws.store.remove(digest)
    return size


def in_use(digest: Digest) -> bool:
    """Whether a row of the catalogue names this object."""
    return (
        Item.objects.filter(sha256=digest).exists()
        or Rendition.objects.filter(sha256=digest).exists()
        or Media.objects.filter(key_frames=digest).exists()
    )
