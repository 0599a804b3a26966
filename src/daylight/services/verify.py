"""Everything again: the ledger and its heads, the catalogue's rows, the objects; and whether they agree.

It changes nothing. No key is needed; where one can be had and the ledger is in order, an entry says
that it was done. What cannot be read is a fault like others, and the rest is checked all the same.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db import DatabaseError, transaction

from daylight.catalogue import accounts, consistency, mark_accounts, redaction_accounts
from daylight.catalogue.queries.expected import first_entry_since
from daylight.catalogue.snapshot import snapshot
from daylight.domain.fault import Fault
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.errors import KeyDamaged, KeyLocked, KeyMissing, KeyWrong
from daylight.ledger.head import SignedHead
from daylight.ledger.leaf import Value
from daylight.ledger.recheck import Result
from daylight.services import heads
from daylight.services.ledger import recheck
from daylight.services.record import record
from daylight.services.seals_report import AuthorityState, seals_report
from daylight.services.verify_journal import NAME, Journal
from daylight.services.verify_objects import (
    Faults,
    Hashing,
    Tally,
    by_size,
    sample,
    survey,
    survey_alone,
    wanted,
)
from daylight.services.view_faults import view_faults
from daylight.services.witness import witness_faults
from daylight.services.worklist import Worklist
from daylight.services.workspace import Workspace
from daylight.storage.layout import lock
from daylight.storage.survey import leftovers

UNREADABLE = "catalogue-unreadable"
NOTHING = Result(0, b"", ())


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """``sample``: so many objects, drawn at random; ``since`` (``YYYY-MM-DD``): those received from
    that day on; neither: all there are. ``medium``: read past the page cache. ``again``: take
    nothing over from a run that was cut short. ``against``: heads that others kept, by name.

    ``may_open_keys``: a passphrase is at hand, should the keys need one; nobody is asked.
    """

    sample: int | None = None
    since: str = ""
    medium: bool = False
    again: bool = False
    against: Mapping[str, SignedHead] = field(default_factory=dict)
    may_open_keys: bool = False

    @property
    def scope(self) -> str:
        return "sample" if self.sample is not None else "since" if self.since else "all"


@dataclass(frozen=True, slots=True)
class Report:
    """``faults``: the first of them, ``fault_count`` all. ``not_recorded``: why no entry was made."""

    scope: str
    tally: Tally
    faults: tuple[Fault, ...]
    fault_count: int
    ledger: Result
    seals: Sequence[AuthorityState]
    not_recorded: str


# Checks of the vault as a whole, beside ledger, rows, seals and objects.
FURTHER_CHECKS: tuple[Callable[[Workspace], Iterable[Fault]], ...] = (witness_faults, view_faults)


def verify(
    ws: Workspace, principal: Principal, request: VerifyRequest, progress: Progress
) -> Report:
    """Check the vault. Raises ``VaultBusy`` while another verify runs; faults are in the report."""
    principal.require(Right.SEE_CUSTODY)
    ws.layout.spool.mkdir(mode=0o700, exist_ok=True)  # it may be deleted while nothing runs
    faults = Faults()
    with lock(ws.layout, "verify"):
        ledger = _ledger(ws, principal, request, faults, progress)
        faults.take(_rows(ws, ledger.keys))
        seals = _seals(ws, faults)
        sound = not faults.count  # the ledger and what it says; objects come now
        journal = Journal(ws.layout, ws.clock(), medium=request.medium)
        tally = _objects(ws, request, journal, faults, progress)
        faults.take(leftovers(ws.layout, frozenset({NAME})))
        reason = _record(ws, principal, request, tally, faults.count) if sound else _UNSOUND
        if request.scope == "all":
            journal.forget()
    return Report(request.scope, tally, tuple(faults.told), faults.count, ledger, seals, reason)


def _seals(ws: Workspace, faults: Faults) -> Sequence[AuthorityState]:
    try:
        found = seals_report(ws)
    except DatabaseError as error:
        faults.take([_unreadable("the seals", error)])
        return ()
    faults.take(found.faults)
    return found.authorities


_UNSOUND = "the ledger or the catalogue is faulty, and nothing is added to it"


def _ledger(
    ws: Workspace,
    principal: Principal,
    request: VerifyRequest,
    faults: Faults,
    progress: Progress,
) -> Result:
    try:
        found = recheck(ws, principal, request.against, progress)
    except DatabaseError as error:
        faults.take([_unreadable("the ledger", error)])
        return NOTHING
    faults.take(found.faults)
    return found


def _rows(ws: Workspace, keys: frozenset[bytes]) -> Iterator[Fault]:
    checks: dict[str, Callable[[], Iterable[Fault]]] = {
        "the database": consistency.database,
        "references": consistency.orphans,
        "items": consistency.unrecorded_items,
        "openings": consistency.openings,
        "leaked names": consistency.leaked_names,
        "what entries say": accounts.accounts,
        "what people said": mark_accounts.mark_accounts,
        "what is covered": redaction_accounts.redaction_accounts,
        "the vault's row": lambda: accounts.vault_row(ws.layout.vault_id, keys),
    }
    for what, check in checks.items():
        yield from _guarded(what, check)
    yield from _key_file(ws, keys)
    for further in FURTHER_CHECKS:
        yield from _guarded(further.__name__.replace("_", " "), partial(further, ws))


def _guarded(what: str, check: Callable[[], Iterable[Fault]]) -> Iterator[Fault]:
    """A check that the database breaks off is a fault, and the other checks go on."""
    try:
        with snapshot():
            yield from check()
    except DatabaseError as error:
        yield _unreadable(what, error)


def _unreadable(what: str, error: DatabaseError) -> Fault:
    """Without the database's own words, which may quote what stands in the row."""
    return Fault(UNREADABLE, what, f"the database gives an error ({type(error).__name__})")


def _key_file(ws: Workspace, keys: frozenset[bytes]) -> Iterator[Fault]:
    try:
        public = ws.keyring.locked.public
    except KeyMissing:
        yield Fault("keys-missing", "vault.keys", "nothing can be entered in the ledger without it")
    except KeyDamaged:
        yield Fault("keys-damaged", "vault.keys", "it is not what Daylight wrote")
    else:
        if keys and public not in keys:
            detail = "it is for another key than the one that signs the ledger"
            yield Fault("key-contradicted", "vault.keys", detail)


def _objects(
    ws: Workspace, request: VerifyRequest, journal: Journal, faults: Faults, progress: Progress
) -> Tally:
    whole = request.scope == "all"
    if whole and not request.again:
        journal.resume()
    with Worklist(ws.layout.spool) as work:
        if not _listed(ws, request, work, faults):
            return Tally()
        hashing = Hashing(ws, progress, journal if whole else None, medium=request.medium)
        if request.sample is None:
            progress.total(amount=work.bytes, steps=work.objects)
            hashing.run(work.large(), work.small())
        else:
            drawn = sample(work, request.sample, random.SystemRandom())
            progress.total(amount=sum(max(size, 0) for _, size in drawn), steps=len(drawn))
            hashing.run(*by_size(drawn))
    faults.take(hashing.faults.told)
    faults.count += hashing.faults.count - len(hashing.faults.told)
    return hashing.tally


def _listed(ws: Workspace, request: VerifyRequest, work: Worklist, faults: Faults) -> bool:
    """Fill the worklist; False where there is nothing to go by."""
    try:
        if request.scope == "all":
            faults.take(survey(ws, work))
        else:
            since = first_entry_since(request.since) if request.since else 0
            faults.take(wanted(work, since))
    except DatabaseError as error:
        faults.take([_unreadable("objects", error)])
        if request.scope != "all":
            return False
        work.clear()
        faults.take(survey_alone(ws, work))
    return True


def _record(
    ws: Workspace, principal: Principal, request: VerifyRequest, tally: Tally, faults: int
) -> str:
    """Enter that it was done; else why not. A check must never need the key."""
    try:
        if ws.keyring.locked.needs_passphrase and not request.may_open_keys:
            return "the vault's keys are under a passphrase, and none was given"
        with transaction.atomic():
            details: dict[str, Value] = {
                "scope": request.scope,
                "objects": tally.objects,
                "bytes": str(tally.bytes),
                "faults": faults,
            }
            record(ws, principal.agent, "verified", details=details)
    except (KeyLocked, KeyWrong, KeyMissing, KeyDamaged) as error:
        return str(error)
    heads.keep(ws)
    return ""
