"""What the detectors say of one item, and where the same is to be seen; for whoever may see the item."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daylight.catalogue.models import Finding, Item
from daylight.catalogue.queries.access import items_seen_by
from daylight.catalogue.queries.relations import RelationView, relations_of
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal


@dataclass(frozen=True, slots=True)
class FindingView:
    """``failed``: why there is none, else empty. ``facts`` as docs/detectors.md tells them.

    ``read_from``: of the salvage that was read in place of the original, the digest in hexadecimal;
    else empty.
    """

    detector: str
    version: int
    failed: str
    facts: Mapping[str, Any]
    read_from: str = ""


@dataclass(frozen=True, slots=True)
class Same:
    """Another item that shows the same: ``here_us`` of this one is ``there_us`` of ``other``."""

    kind: str
    other: str
    other_digest: Digest
    here_us: int
    there_us: int
    length_us: int | None
    score: float
    analysis: str


def findings_of(principal: Principal, public_id: str) -> tuple[FindingView, ...]:
    """The newest version of each detector, by name."""
    seen = items_seen_by(principal).filter(public_id=public_id).values("pk")
    rows = Finding.objects.filter(item__in=seen).order_by("version")
    newest = {row.detector: row for row in rows}
    return tuple(
        FindingView(row.detector, row.version, row.failed, dict(row.facts), _hex(row.read_from))
        for _, row in sorted(newest.items())
    )


def _hex(digest: bytes | memoryview | None) -> str:
    return "" if digest is None else bytes(digest).hex()


def same_as(principal: Principal, public_id: str, digest: Digest) -> tuple[Same, ...]:
    """``digest``: of the item itself, whose other side is told."""
    told = relations_of(principal, public_id)
    others = {one.b if one.a == digest else one.a for one in told}
    rows = Item.objects.filter(sha256__in=[bytes(one) for one in others])
    ids = {bytes(digest): public for digest, public in rows.values_list("sha256", "public_id")}
    return tuple(_same(one, digest, ids) for one in told)


def _same(one: RelationView, digest: Digest, ids: Mapping[bytes, str]) -> Same:
    first = one.a == digest
    other = one.b if first else one.a
    here, there = (one.a_start_us, one.b_start_us) if first else (one.b_start_us, one.a_start_us)
    return Same(
        one.kind, ids[bytes(other)], other, here, there, one.length_us, one.score, one.analysis
    )
