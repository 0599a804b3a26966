"""All seals at a glance, and verified again: against the catalogue, their files, heads and entries."""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from daylight.catalogue.ledger_rows import EntryView, entries_at, head_at, indices_of
from daylight.catalogue.models import Authority, Seal
from daylight.domain.fault import Fault
from daylight.errors import HeadRefused, InputRefused, SealRefused
from daylight.ledger.head import SignedHead
from daylight.ledger.leaf import Value
from daylight.ledger.seal import MAX_ANSWER, Token, Trust, imprint_of, verify_token
from daylight.services import heads
from daylight.services.authorities import NewAuthority, trust_in
from daylight.services.authorities import said_of as authority_said
from daylight.services.seal import said_of, token_path, window_of
from daylight.services.workspace import Workspace

_TOKEN_FILE = re.compile(r"(\d{1,16})\.([a-z0-9-]{1,32})\.tsr")


@dataclass(frozen=True, slots=True)
class Last:
    """The newest seal of an authority: over ``size`` entries, at the time that it states."""

    size: int
    gen_time: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """``last_error``: a stable name, empty before the first attempt."""

    size: int
    since: datetime
    attempts: int
    last_error: str
    next_try: datetime


@dataclass(frozen=True, slots=True)
class AuthorityState:
    """``certificate``: SHA-256 of the PEM that was given, in hexadecimal."""

    name: str
    url: str
    certificate: str
    policy: str
    added: datetime
    removed: datetime | None
    made: int
    last: Last | None
    wanted: Wanted | None


@dataclass(frozen=True, slots=True)
class SealsReport:
    """``checked``: how many tokens were verified again."""

    authorities: tuple[AuthorityState, ...]
    checked: int
    faults: tuple[Fault, ...]


def authorities() -> tuple[AuthorityState, ...]:
    """What is made and wanted, nothing verified."""
    return tuple(_state(row) for row in Authority.objects.order_by("name"))


def seals_report(ws: Workspace) -> SealsReport:
    """Verify every token again. Needs no network and no key."""
    rows = {row.pk: row for row in Authority.objects.order_by("name")}
    trusts: dict[int, Trust] = {}
    faults: list[Fault] = []
    for row in rows.values():
        faults += _authority_faults(row, trusts)
    known, checked = set(), 0
    for seal in Seal.objects.order_by("size", "authority").iterator():
        giver = rows.get(seal.authority_id)
        if giver is None:
            detail = "the catalogue has lost the authority that gave this seal"
            faults.append(Fault("authority-missing", f"head {seal.size}", detail))
            continue
        known.add(token_path(ws.layout, seal.size, giver.name).name)
        if seal.token is None:
            continue
        checked += 1
        faults += _seal_faults(ws, seal, giver, trusts.get(giver.pk))
    faults += [*_unknown(ws, known), *_lost()]
    return SealsReport(authorities(), checked, tuple(faults))


def state_document(one: AuthorityState) -> dict[str, object]:
    """An authority as JSON documents bear it: docs/seal.md."""
    return {
        "name": one.name,
        "url": one.url,
        "certificate": one.certificate,
        "policy": one.policy,
        "added": one.added.isoformat(),
        "removed": None if one.removed is None else one.removed.isoformat(),
        "made": one.made,
        "last": None
        if one.last is None
        else {"size": one.last.size, "time": one.last.gen_time.isoformat()},
        "wanted": None
        if one.wanted is None
        else {
            "size": one.wanted.size,
            "since": one.wanted.since.isoformat(),
            "attempts": one.wanted.attempts,
            "error": one.wanted.last_error,
            "next_try": one.wanted.next_try.isoformat(),
        },
    }


def _state(row: Authority) -> AuthorityState:
    made = row.seals.exclude(token=None)
    last = made.order_by("-size").values_list("size", "gen_time").first()
    wanted = row.seals.filter(token=None).order_by("-size").first()
    return AuthorityState(
        name=row.name,
        url=row.url,
        certificate=hashlib.sha256(row.certificate.encode()).hexdigest(),
        policy=row.policy,
        added=row.added,
        removed=row.removed,
        made=made.count(),
        last=None if last is None or last[1] is None else Last(last[0], last[1]),
        wanted=None if wanted is None else _wanted(wanted),
    )


def _wanted(row: Seal) -> Wanted:
    return Wanted(row.size, row.wanted, row.attempts, row.last_error, row.next_try)


def _authority_faults(row: Authority, trusts: dict[int, Trust]) -> Iterator[Fault]:
    what = f"authority {row.name}"
    try:
        trusts[row.pk] = trust_in(row)
    except InputRefused:
        yield Fault("authority-changed", what, "its certificate cannot be read")
        return
    given = NewAuthority(row.name, row.url, row.certificate.encode(), row.policy)
    if _entry(row.entry, "authority-added") != authority_said(given):
        detail = "it is not the one that the ledger says was added"
        yield Fault("authority-changed", what, detail)


def _entry(index: int | None, action: str) -> Mapping[str, Value]:
    """The details of an entry; empty where it is not there, or another."""
    try:
        found: list[EntryView] = [] if index is None else entries_at([index])
        if not found or found[0].action != action:
            return {}
        details: Mapping[str, Value] = json.loads(found[0].details or b"{}")
    except (ValueError, KeyError):
        return {}  # the ledger's own check names what is wrong with it
    return details


def _seal_faults(
    ws: Workspace, seal: Seal, authority: Authority, trust: Trust | None
) -> Iterator[Fault]:
    path = token_path(ws.layout, seal.size, authority.name)
    held = bytes(seal.token or b"")
    try:
        head = head_at(seal.size)
    except HeadRefused:
        head = None
    if head is None:
        yield Fault("seal-head-missing", path.name, "the catalogue lacks the head that it seals")
        return
    token = None
    if trust is not None:
        try:
            token = verify_token(held, imprint_of(head.body()), trust, window_of(head, ws.clock()))
        except SealRefused as error:
            yield Fault("seal-broken", path.name, str(error))
    if token is not None and (
        token.gen_time != seal.gen_time or not _is_entered(seal, head, token)
    ):
        yield Fault("seal-contradicted", path.name, "the ledger says something else of this seal")
    yield from _file_faults(path, held)
    yield from _head_file_faults(ws, head)


def _is_entered(seal: Seal, head: SignedHead, token: Token) -> bool:
    return _entry(seal.entry, "sealed") == said_of(seal.authority.name, head, token)


def _file_faults(path: Path, held: bytes) -> Iterator[Fault]:
    try:
        with path.open("rb") as file:
            there = file.read(MAX_ANSWER + 1)
    except FileNotFoundError:
        yield Fault("seal-file-missing", path.name, "the token lies in the catalogue alone")
        return
    if there != held:
        yield Fault("seal-file-changed", path.name, "the file is not the token of the catalogue")


def _head_file_faults(ws: Workspace, head: SignedHead) -> Iterator[Fault]:
    path = ws.layout.heads / f"{head.head.size}.json"
    try:
        same = heads.from_file(path) == head
    except HeadRefused:
        same = False
    if not same:
        detail = "the head that was sealed does not lie beside its token as it was signed"
        yield Fault("seal-head-file", path.name, detail)


def _lost() -> Iterator[Fault]:
    """Seals that the ledger says were made, and the catalogue does not have any more."""
    kept = set(Seal.objects.exclude(token=None).values_list("entry", flat=True))
    for index in indices_of({"sealed"}):
        if index not in kept:
            yield Fault("seal-missing", f"entry {index}", "the seal that it enters is gone")


def _unknown(ws: Workspace, known: set[str]) -> Iterator[Fault]:
    """Tokens that the catalogue has lost: it was rolled back, or somebody put them there."""
    for name in sorted(os.listdir(ws.layout.heads)):
        if _TOKEN_FILE.fullmatch(name) and name not in known:
            yield Fault("seal-unknown", name, "a token that the catalogue does not know")
