"""Gathers what a court package says: entries and their openings, items, transfers, agents.

Only acts are opened whose details name nothing but the act: see ``OPENED``. Everything else stays
closed, since one commitment covers all details of an entry and nothing can be taken out of it.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from daylight.catalogue.ledger_rows import (
    EntryView,
    entries_about,
    entries_at,
    key_entries,
    nodes,
)
from daylight.catalogue.queries import court as rows
from daylight.catalogue.queries.items import Filter, ItemView, OccurrenceView, count, media_facts
from daylight.catalogue.queries.vault import agents
from daylight.domain.clock import coarse
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal
from daylight.exports.court.records import (
    Court,
    CourtItem,
    Found,
    HeldHead,
    Met,
    OpenedEntry,
    Opening,
    ReleaseLink,
    Selection,
    Transfer,
)
from daylight.ledger.head import SignedHead
from daylight.ledger.proofs import inclusion
from daylight.ledger.release import path_among
from daylight.media.facts_json import from_json
from daylight.services.court_marks import against, searched
from daylight.services.court_times import burnt_in, neighbours, real_time
from daylight.services.workspace import Workspace

# Their details hold ids, sums, versions, hashes, keys: nothing on the source, no leaked name. Not what two
# people sign: a reason in free words, and to whom originals went before, is not for the next reader.
OPENED: Final = frozenset(
    {
        "vault-created",
        "key-rotated",
        "key-replaced",
        "received",
        "examined",
        "analysed",
        "release-tree",
    }
)
# What is known of a transfer: device, place, who handed it over. It concerns the source.
CUSTODY: Final = frozenset({"accession-opened", "custody-stated"})
_CLOSED_CUSTODY: Final = "what was stated on a transfer is withheld to protect the source"
_CLOSED_OTHER: Final = "this kind of entry is not opened in packages"
_PURGED: Final = "closed for good by a purge"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What whoever exports asks for. ``selection``: how the items were chosen, in words;
    ``search``: the words that were searched for, where they were found so.
    """

    selection: str = ""
    search: str = ""
    with_paths: bool = False
    with_custody: bool = False
    with_names: bool = False
    old_hashes: bool = False
    working_copies: bool = True


@dataclass
class _Entries:
    """The indices that the package holds, and which of the items each is about."""

    about: dict[int, list[int]] = field(default_factory=dict)
    others: set[int] = field(default_factory=set)

    def all(self) -> list[int]:
        return sorted({*self.about, *self.others})


def gather(
    ws: Workspace,
    principal: Principal,
    views: Sequence[ItemView],
    wanted: Wanted,
    head: SignedHead,
    heads: tuple[HeldHead, ...],
) -> Court:
    """Everything as it stands under ``head``; later entries are left out."""
    held = _Entries(others=set(key_entries()))
    for number, view in enumerate(views, 1):
        for index in _about(view):
            held.about.setdefault(index, []).append(number)
    brought = rows.transfers(principal, [view.digest for view in views])
    for one in brought:
        held.others.update(_on_transfer(one))
    links = [link for n, view in enumerate(views, 1) for link in _releases(n, view.digest)]
    held.others.update(link.entry for link in links)
    entries = _opened(held, views, wanted, head.head.size)
    there = count(principal, Filter())
    inside = frozenset(bytes(view.digest) for view in views)
    return Court(
        vault=ws.layout.vault_id,
        made=coarse(ws.clock()),
        version=version("daylight"),
        head=head,
        heads=heads,
        entries=entries,
        items=tuple(
            _item(principal, n, view, held, wanted, inside) for n, view in enumerate(views, 1)
        ),
        transfers=tuple(_transfer(one, views, wanted) for one in brought),
        selection=Selection(
            wanted.selection,
            there,
            there - len(views),
            _search(principal, views, wanted),
        ),
        agents=_labels({one.agent for one in entries}, wanted),
        releases=tuple(link for link in links if link.entry < head.head.size),
        with_paths=wanted.with_paths,
        with_custody=wanted.with_custody,
        with_names=wanted.with_names,
        old_hashes=wanted.old_hashes,
    )


def _search(principal: Principal, views: Sequence[ItemView], wanted: Wanted) -> str:
    if not wanted.search:
        return ""
    return searched(principal, wanted.search, [view.public_id for view in views])


def _about(view: ItemView) -> list[int]:
    """Entries on an item; of its receipts those alone that the principal may see."""
    seen = {met.entry for met in view.occurrences}
    found = entries_at(entries_about(view.digest))
    return [one.index for one in found if one.action != "received" or one.index in seen]


def _on_transfer(one: rows.TransferView) -> set[int]:
    """The entries on what was stated; the first comes right after the one that opens the transfer."""
    stated = {entry for entry, _, _ in one.stated}
    opened = {min(stated) - 1} if stated else set()
    return stated | opened


def _opened(
    held: _Entries, views: Sequence[ItemView], wanted: Wanted, size: int
) -> tuple[OpenedEntry, ...]:
    indices = [index for index in held.all() if index < size]
    bodies = rows.details_of(indices)
    return tuple(
        _entry(one, bodies[one.index], _openings(one, held, views), wanted, size)
        for one in entries_at(indices)
    )


def _entry(
    one: EntryView,
    body: rows.EntryOpening,
    openings: tuple[Opening, ...],
    wanted: Wanted,
    size: int,
) -> OpenedEntry:
    withheld = _withheld(one.action, body, wanted)
    return OpenedEntry(
        index=one.index,
        at=one.at,
        action=one.action,
        agent=one.agent,
        leaf=one.leaf,
        path=tuple(inclusion(one.index, size, nodes)),
        details=None if withheld else body.details,
        salt=None if withheld else body.salt,
        withheld=withheld,
        openings=openings,
    )


def _withheld(action: str, body: rows.EntryOpening, wanted: Wanted) -> str:
    """Why an entry's details stay closed; "" where they are opened."""
    if body.details is None or body.salt is None:
        return _PURGED
    if action in CUSTODY:
        return "" if wanted.with_custody else _CLOSED_CUSTODY
    return "" if action in OPENED else _CLOSED_OTHER


def _openings(one: EntryView, held: _Entries, views: Sequence[ItemView]) -> tuple[Opening, ...]:
    """For each place that an item has among the entry's objects: its salt, and the way to the root.

    The others show as hashes of commitments on that way, of which nothing can be learnt.
    """
    numbers = {views[n - 1].digest: n for n in held.about.get(one.index, ())}
    if not numbers:
        return ()
    objects = rows.objects_of(one.index)
    bare = [there.commitment for there in objects]
    leaves = [commitment for commitment in bare if commitment is not None]
    if len(leaves) != len(objects):
        return ()
    return tuple(
        Opening(
            numbers[there.digest], there.position, there.salt, path_among(leaves, there.position)
        )
        for there in objects
        if there.digest in numbers and there.salt is not None
    )


def _item(
    principal: Principal,
    number: int,
    view: ItemView,
    held: _Entries,
    wanted: Wanted,
    inside: frozenset[bytes],
) -> CourtItem:
    stored = media_facts(principal, view.public_id)
    found = rows.findings(view.digest)
    return CourtItem(
        number=number,
        digest=view.digest,
        size=view.size,
        public_id=view.public_id,
        facts=None if stored is None else from_json(stored),
        met=tuple(_met(one, wanted) for one in view.occurrences),
        found=tuple(_found(one) for one in found),
        entries=tuple(index for index in held.all() if number in held.about.get(index, ())),
        probe_version=rows.probe_version(view.digest),
        burnt_in=burnt_in(principal, view.public_id),
        real_time=real_time(principal, view.public_id),
        marks=against(principal, view.public_id, view.digest),
        neighbours=neighbours(principal, view.public_id, inside),
    )


def _found(one: rows.FindingView) -> Found:
    return Found(one.detector, one.version, one.failed, one.read_from)


def _met(one: OccurrenceView, wanted: Wanted) -> Met:
    path, mtime = None, None
    if wanted.with_paths:
        path = one.untrusted_path
        if one.mtime_ns is not None:
            mtime = datetime.fromtimestamp(one.mtime_ns / 1e9, UTC)
    return Met(one.accession if wanted.with_custody else "", one.entry, one.verified, path, mtime)


def _transfer(one: rows.TransferView, views: Sequence[ItemView], wanted: Wanted) -> Transfer:
    said = {topic: text for _, topic, text in one.stated}  # what was stated last holds
    return Transfer(
        name=one.name if wanted.with_custody else "",
        items=tuple(n for n, view in enumerate(views, 1) if view.digest in one.items),
        entries=tuple(sorted({*one.received, *_on_transfer(one)})),
        topics=tuple(topic for topic, text in said.items() if text),
        stated=said if wanted.with_custody else None,
    )


def _releases(number: int, digest: Digest) -> list[ReleaseLink]:
    return [
        ReleaseLink(
            item=number,
            entry=one.entry,
            root=one.root,
            count=len(one.commitments),
            position=one.position,
            commitment=one.commitments[one.position],
            salt=one.salt,
            path=path_among(one.commitments, one.position),
        )
        for one in rows.releases_of(digest)
    ]


def _labels(acted: Iterable[str], wanted: Wanted) -> Mapping[str, str]:
    """What agents are called in the report: a part of their number, unless names were asked for."""
    known = agents()
    names = rows.usernames() if wanted.with_names else {}
    labels = {one: names.get(one, f"person {one[:8]}") for one in acted}
    labels[known.custodian] = "custodian"
    labels[known.software] = "Daylight"
    return labels


def open_object(ws: Workspace, digest: Digest) -> int:
    """A descriptor of the original; ``KeyError`` without one."""
    fd = ws.store.open_fd(digest)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    return fd
