"""What was purged may not come back: recognised by a keyed hash that tells nobody what it was."""

from collections.abc import Sequence

from daylight.catalogue.models import Item, Media, Purged, Rendition
from daylight.crypto.blind import blind
from daylight.domain.digest import Digest
from daylight.services.workspace import Workspace
from daylight.storage import quarantine

PURGED = "these bytes were purged from this vault"


def blinds() -> frozenset[bytes]:
    """All of them: what replicas must let go (unless the store holds it again). 32 bytes each."""
    return frozenset(bytes(one) for one in Purged.objects.values_list("blind", flat=True))


def turn_away(ws: Workspace, digests: Sequence[Digest]) -> frozenset[Digest]:
    """Those that were purged; what an import has put into the store of them is gone again."""
    if not digests or not Purged.objects.exists():
        return frozenset()
    named = {blind(ws.keyring.storage_key, digest): digest for digest in digests}
    found = Purged.objects.filter(blind__in=list(named)).values_list("blind", flat=True)
    barred = frozenset(named[bytes(one)] for one in found)
    for digest in barred:
        remove(ws, digest)
    return barred


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
