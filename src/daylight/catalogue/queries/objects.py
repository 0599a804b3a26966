"""Which objects the catalogue names: originals, renditions, blobs."""

from collections.abc import Iterator, Sequence

from django.db.models import Model

from daylight.catalogue.models import Item, Media, Rendition
from daylight.domain.digest import Digest

# Every column that holds the digest of an object. A test tells when a new one is missing here.
HOLDING: tuple[tuple[type[Model], str], ...] = (
    (Item, "sha256"),
    (Rendition, "sha256"),
    (Media, "key_frames"),
)


def named() -> Iterator[Digest]:
    """Every object that must be in the store; one that is named twice comes twice."""
    for model, column in HOLDING:
        rows = model._default_manager.exclude(**{column: None}).values_list(column, flat=True)  # noqa: SLF001  # documented
        for value in rows.iterator(chunk_size=2000):
            yield Digest(bytes(value))


def items_among(digests: Sequence[Digest]) -> list[Digest]:
    """Those that are items, in the order given; the others were made here. At most some hundreds."""
    found = Item.objects.filter(sha256__in=digests).values_list("sha256", flat=True)
    items = {bytes(value) for value in found}
    return [one for one in digests if one in items]
