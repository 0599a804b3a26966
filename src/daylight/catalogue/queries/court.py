"""What a court package is gathered from: openings, transfers, findings, agents."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from daylight.catalogue.models import (
    Entry,
    Finding,
    Media,
    Occurrence,
    Opening,
    ReleaseOpening,
    Statement,
    User,
)
from daylight.catalogue.queries.access import accessions_seen_by
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal
from daylight.ledger.leaf import commit


@dataclass(frozen=True, slots=True)
class ObjectView:
    """One of an entry's objects. ``salt`` and ``digest`` are None once a purge has closed it.

    ``commitment``: what the entry holds of it; None where that cannot be told any more.
    """

    position: int
    digest: Digest | None
    salt: bytes | None
    commitment: bytes | None


@dataclass(frozen=True, slots=True)
class EntryOpening:
    """What opens an entry's details; both None where a purge has closed them."""

    details: bytes | None
    salt: bytes | None


@dataclass(frozen=True, slots=True)
class TransferView:
    """An accession: ``items`` of those asked for that it brought; ``stated``: entry, topic, text."""

    public_id: str
    name: str
    items: frozenset[Digest]
    received: tuple[int, ...]
    stated: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    """``read_from``: the salvage that was read in place of the original, or None."""

    detector: str
    version: int
    failed: str
    read_from: Digest | None


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A release that holds an item: all its commitments in order, and what opens this one."""

    entry: int
    root: bytes
    position: int
    salt: bytes
    commitments: tuple[bytes, ...]


def objects_of(entry: int) -> list[ObjectView]:
    """All objects of an entry, in their order."""
    for model in (Opening, Occurrence):
        rows = model.objects.filter(entry=entry).select_related("item").order_by("position")
        found = [_object(row) for row in rows]
        if found:
            return found
    return []


def _object(row: Opening | Occurrence) -> ObjectView:
    digest = None if row.item is None else Digest(bytes(row.item.sha256))
    salt = _bytes(row.salt)
    opened = None if salt is None or digest is None else commit(salt, digest)
    return ObjectView(row.position, digest, salt, opened or _bytes(row.commitment))


def details_of(indices: Iterable[int]) -> dict[int, EntryOpening]:
    """By the entry's index."""
    rows = Entry.objects.filter(index__in=sorted(set(indices)))
    return {row.index: EntryOpening(_bytes(row.details), _bytes(row.details_salt)) for row in rows}


def transfers(principal: Principal, digests: Sequence[Digest]) -> list[TransferView]:
    """The accessions that brought these items, in the order they were opened."""
    rows = Occurrence.objects.filter(
        item__sha256__in=list(digests), accession__in=accessions_seen_by(principal)
    ).values_list("accession_id", "entry", "item__sha256")
    met: dict[int, list[tuple[int, Digest]]] = {}
    for accession, entry, digest in rows:
        met.setdefault(accession, []).append((entry, Digest(bytes(digest))))
    found = accessions_seen_by(principal).filter(pk__in=list(met)).order_by("pk")
    return [
        TransferView(
            row.public_id,
            row.name,
            frozenset(digest for _, digest in met[row.pk]),
            tuple(sorted({entry for entry, _ in met[row.pk]})),
            tuple(
                Statement.objects.filter(accession=row)
                .order_by("entry", "pk")
                .values_list("entry", "topic", "value")
            ),
        )
        for row in found
    ]


def findings(digest: Digest) -> list[FindingView]:
    rows = (
        Finding.objects.filter(item__sha256=digest)
        .exclude(detector="grab")
        .order_by("detector", "version")
    )
    return [FindingView(row.detector, row.version, row.failed, _read_from(row)) for row in rows]


def _read_from(row: Finding) -> Digest | None:
    return None if row.read_from is None else Digest(bytes(row.read_from))


def probe_version(digest: Digest) -> int | None:
    """The version of the probe that examined the item."""
    return Media.objects.filter(item__sha256=digest).values_list("probe_version", flat=True).first()


def usernames() -> Mapping[str, str]:
    """Agent id to the name a user signs in with."""
    return dict(User.objects.values_list("agent", "username"))


def releases_of(digest: Digest) -> list[ReleaseView]:
    """The releases that hold an item, those aside that a purge has closed."""
    rows = (
        ReleaseOpening.objects.filter(item__sha256=digest)
        .exclude(salt=None)
        .select_related("release")
        .order_by("release__entry")
    )
    return [
        ReleaseView(
            row.release.entry,
            bytes(row.release.root),
            row.position,
            bytes(row.salt or b""),
            tuple(
                bytes(commitment)
                for commitment in row.release.openings.order_by("position").values_list(
                    "commitment", flat=True
                )
            ),
        )
        for row in rows
    ]


def _bytes(value: bytes | memoryview | None) -> bytes | None:
    return None if value is None else bytes(value)
