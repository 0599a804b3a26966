"""Whether the catalogue's rows say what the ledger's entries said when they were written.

The entries' own details are checked by ``ledger.recheck``; here they are taken at their word.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db.models import Count, Sum

from daylight.catalogue.cells import as_bytes, as_object
from daylight.catalogue.models import (
    Accession,
    Entry,
    Exclusion,
    Membership,
    Occurrence,
    RoleGrant,
    Statement,
    User,
    Vault,
)
from daylight.domain.fault import Fault

CHUNK = 5000  # rows that are fetched at a time
Details = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Group:
    """The occurrences of one entry that share accession and ``verified``."""

    accession: str
    verified: bool
    count: int
    items: int
    size: int


@dataclass(slots=True)
class _Told:
    """What the entries say, of the things that there are few of."""

    opened: dict[str, str] = field(default_factory=dict)  # accession → name
    closed: set[str] = field(default_factory=set)
    stated: dict[int, Details] = field(default_factory=dict)
    not_kept: dict[int, Details] = field(default_factory=dict)
    users: dict[str, Details] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)

    def take(self, index: int, action: str, said: Details) -> None:
        match action:
            case "accession-opened":
                self.opened[str(said.get("accession"))] = str(said.get("name"))
            case "accession-closed":
                self.closed.add(str(said.get("accession")))
            case "custody-stated":
                self.stated[index] = said
            case "not-kept":
                self.not_kept[index] = said
            case "user-added" | "user-changed":
                self.users[str(said.get("user"))] = said
            case "user-disabled":
                self.disabled.add(str(said.get("user")))
            case "user-enabled":
                self.disabled.discard(str(said.get("user")))


def accounts() -> Iterator[Fault]:
    """Rows that the ledger contradicts, or knows nothing of."""
    told, met = _Told(), _groups()
    entry, groups = next(met, (-1, []))
    for index, action, said in _entries():
        while -1 < entry < index:
            yield _unreceived(entry)
            entry, groups = next(met, (-1, []))
        mine: list[_Group] = []
        if entry == index:
            mine = groups
            entry, groups = next(met, (-1, []))
        if action == "received":
            yield from _received(index, said, mine)
        elif mine:
            yield _unreceived(index)
        told.take(index, action, said)
    if entry > -1:  # beyond the last entry
        yield from (_unreceived(one) for one in (entry, *(one for one, _ in met)))
    yield from _accessions(told)
    yield from _statements(told)
    yield from _exclusions(told)
    yield from _users(told)


def _entries() -> Iterator[tuple[int, str, Details]]:
    rows = Entry.objects.order_by("index").values_list("index", "leaf", "details")
    for index, leaf, details in rows.iterator(CHUNK):
        yield index, str(as_object(leaf).get("action")), as_object(details)


def _groups() -> Iterator[tuple[int, list[_Group]]]:
    rows = (
        Occurrence.objects.values_list("entry", "accession__public_id", "verified")
        .annotate(count=Count("pk"), items=Count("item"), size=Sum("item__size"))
        .order_by("entry")
    )
    for entry, same in groupby(rows.iterator(CHUNK), key=lambda row: int(row[0])):
        yield (
            entry,
            [_Group(str(a), bool(v), n, items, size or 0) for _, a, v, n, items, size in same],
        )


def _unreceived(entry: int) -> Fault:
    return Fault(
        "occurrence-changed", f"entry {entry}", "occurrences name an entry that received nothing"
    )


def _received(index: int, said: Details, groups: list[_Group]) -> Iterator[Fault]:
    where = f"entry {index}"
    if not said or not groups:
        return  # the re-check tells that the entry cannot be opened
    if {one.accession for one in groups} != {said.get("accession")}:
        yield Fault("occurrence-changed", where, "its files stand under another accession")
    if {one.verified for one in groups} != {said.get("read_back") == "yes"}:
        yield Fault("occurrence-changed", where, "whether its files were read back was changed")
    whole = all(one.items == one.count for one in groups)  # nothing of it was purged
    if whole and str(sum(one.size for one in groups)) != said.get("bytes"):
        yield Fault("size-contradicted", where, "its files had other sizes when they came in")


def _accessions(told: _Told) -> Iterator[Fault]:
    rows = Accession.objects.order_by("pk")
    finished = set(rows.exclude(finished=None).values_list("public_id", flat=True))
    names = rows.values_list("public_id", "name")
    known = {public: (name, public in finished) for public, name in names}
    for public in sorted(known.keys() - told.opened.keys()):
        yield Fault("row-unrecorded", f"accession {public}", "no entry of the ledger opened it")
    for public, name in told.opened.items():
        if public not in known:
            yield Fault(
                "row-missing", f"accession {public}", "the ledger opened it, and it is gone"
            )
        elif known[public] != (name, public in told.closed):
            yield Fault(
                "accession-changed", f"accession {public}", "the ledger says otherwise of it"
            )


def _statements(told: _Told) -> Iterator[Fault]:
    kept: dict[int, dict[str, str]] = defaultdict(dict)
    rows = Statement.objects.order_by("entry", "pk")
    for entry, public, topic, value in rows.values_list(
        "entry", "accession__public_id", "topic", "value"
    ):
        kept[entry]["accession"] = public
        kept[entry][topic] = value
    for entry in sorted(kept.keys() | told.stated.keys()):
        said = told.stated.get(entry)
        if said is None:
            yield Fault(
                "row-unrecorded", f"entry {entry}", "it states nothing, and rows say it does"
            )
        elif said and dict(said) != kept.get(entry, {"accession": said.get("accession")}):
            yield Fault("statement-changed", f"entry {entry}", "the answers are not those entered")


def _exclusions(told: _Told) -> Iterator[Fault]:
    rows = Exclusion.objects.values_list("entry", "accession__public_id").annotate(n=Count("pk"))
    for entry, public, count in rows.order_by("entry"):
        said = told.not_kept.get(entry)
        if said is None:
            yield Fault(
                "row-unrecorded", f"entry {entry}", "it excludes nothing, and rows say it does"
            )
        elif said and not (public == said.get("accession") and count <= _number(said, "entries")):
            yield Fault(
                "exclusion-changed", f"entry {entry}", "what was not kept is told otherwise"
            )


def _number(said: Details, member: str) -> int:
    value = said.get(member)
    return value if isinstance(value, int) else 0


def _users(told: _Told) -> Iterator[Fault]:
    roles, homes = defaultdict(set), defaultdict(set)
    for agent, role in RoleGrant.objects.values_list("user__agent", "role"):
        roles[agent].add(role)
    for agent, home in Membership.objects.values_list("user__agent", "collection__public_id"):
        homes[agent].add(home)
    active = dict(User.objects.order_by("pk").values_list("agent", "is_active"))
    for agent in sorted(active.keys() - told.users.keys()):
        yield Fault("row-unrecorded", f"user {agent}", "no entry of the ledger added this user")
    for agent, said in told.users.items():
        here = (" ".join(sorted(roles[agent])), " ".join(sorted(homes[agent])))
        if agent not in active:
            yield Fault("row-missing", f"user {agent}", "the ledger added this user, who is gone")
        elif here != (said.get("roles"), said.get("collections")):
            yield Fault("user-changed", f"user {agent}", "roles or collections were changed")
        elif active[agent] == (agent in told.disabled):
            yield Fault(
                "user-changed", f"user {agent}", "the ledger says otherwise of who may log in"
            )


def vault_row(vault: str, keys: frozenset[bytes]) -> Iterator[Fault]:
    """The catalogue's own row. ``keys``: who signs the ledger now, as its entries tell."""
    rows = list(Vault.objects.values_list("vault_id", "key"))
    if [row[0] for row in rows] != [vault]:
        yield Fault("vault-changed", "vault.toml", "the catalogue is one of another vault")
    elif keys and as_bytes(rows[0][1]) not in keys:
        yield Fault("key-contradicted", "catalogue", "it names another key than the ledger does")
