"""Seals on the ledger's head: wanted first, then made; each authority for itself.

What is wanted survives everything: no network, a refusal, ``kill -9``. A token is on the disk
before the catalogue knows of it, and one that lies there is taken up instead of asking again.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet

from daylight.catalogue.ledger_rows import signing_key
from daylight.catalogue.models import Authority, Seal
from daylight.domain.principal import Principal, Right
from daylight.errors import AuthorityUnreachable, SealRefused, UsageError, VaultError
from daylight.ledger.head import SignedHead
from daylight.ledger.leaf import Value
from daylight.ledger.seal import (
    MAX_ANSWER,
    Token,
    Window,
    imprint_of,
    request_for,
    verify_answer,
    verify_token,
)
from daylight.services import heads
from daylight.services.authorities import named, trust_in
from daylight.services.record import record
from daylight.services.transport import Transport
from daylight.services.workspace import Workspace
from daylight.storage.layout import Layout, lock, replace_file

LOCK = "seal"
FIRST_PAUSE = timedelta(minutes=15)  # doubled with every failure
LONGEST_PAUSE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Outcome:
    """``error``: why the seal stays wanted; None where ``token`` was made."""

    authority: str
    size: int
    token: Token | None
    error: SealRefused | AuthorityUnreachable | None


def want(ws: Workspace, principal: Principal, names: Sequence[str] = ()) -> int:
    """Mark the current head as to be sealed by the authorities named, or by all. How many they are.

    One head an authority is wanted at a time: a later one covers all that an earlier one covers.
    """
    principal.require(Right.IMPORT)
    asked = _asked(names)
    with lock(ws.layout, LOCK):
        _take_up(ws, principal)
        head, now = heads.keep(ws), ws.clock()
        with transaction.atomic():
            for one in asked:
                _wanted().filter(authority=one).exclude(size=head.head.size).delete()
                times = {"wanted": now, "next_try": now}
                Seal.objects.update_or_create(authority=one, size=head.head.size, defaults=times)
    return len(asked)


def make(
    ws: Workspace,
    principal: Principal,
    transport: Transport,
    *,
    names: Sequence[str] = (),
    only_due: bool = False,
) -> list[Outcome]:
    """Ask for the seals that are wanted. ``only_due``: not those whose pause is not over.

    One that fails stays wanted and stops none of the others. Raises ``KeyLocked`` and its like
    before anybody is asked: a seal that could not be entered would be asked for in vain.
    """
    principal.require(Right.IMPORT)
    asked = _asked(names)
    with lock(ws.layout, LOCK):
        _take_up(ws, principal)
        due = _wanted().filter(authority__in=asked).order_by("authority__name")
        if only_due:
            due = due.filter(next_try__lte=ws.clock())
        if due.exists():
            ws.keyring.signer_of(signing_key())
        return [_try(ws, principal, transport, one) for one in due]


def token_path(layout: Layout, size: int, authority: str) -> Path:
    return layout.heads / f"{size}.{authority}.tsr"


def window_of(head: SignedHead, now: datetime) -> Window:
    """A seal is made after its head was signed, and not in the future."""
    signed = datetime.strptime(head.head.at, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    return Window(signed, now)


def document(one: Outcome) -> dict[str, object]:
    """An outcome as JSON documents bear it."""
    return {
        "authority": one.authority,
        "size": one.size,
        "made": one.token is not None,
        "time": None if one.token is None else one.token.gen_time.isoformat(),
        "signer": None if one.token is None else one.token.signer,
        "error": None if one.error is None else code_of(one.error),
    }


def code_of(error: AuthorityUnreachable | SealRefused) -> str:
    """A stable name: the error's, and the check that failed."""
    return f"{error.name}:{error.check}" if isinstance(error, SealRefused) else error.name


def said_of(authority: str, head: SignedHead, token: Token) -> dict[str, Value]:
    """What the ledger says of a seal. The day is enough: the token has the second."""
    return {
        "authority": authority,
        "size": head.head.size,
        "root": head.head.root.hex(),
        "token": hashlib.sha256(token.der).hexdigest(),
        "on": token.gen_time.date().isoformat(),
    }


def _wanted() -> QuerySet[Seal]:
    return Seal.objects.filter(token=None).select_related("authority")


def _asked(names: Sequence[str]) -> list[Authority]:
    if names:
        return [named(name) for name in dict.fromkeys(names)]
    found = [*Authority.objects.filter(removed=None).order_by("name")]
    if not found:
        raise UsageError("no authority is asked yet: `daylight seal add` names one")
    return found


def _try(ws: Workspace, principal: Principal, transport: Transport, seal: Seal) -> Outcome:
    authority, head = seal.authority, _head(seal.size)
    trust, request = trust_in(authority), request_for(head.body())
    try:
        answer = transport.post(authority.url, request.der)
        token = verify_answer(answer, request, trust, window_of(head, ws.clock()))
    except (AuthorityUnreachable, SealRefused) as error:
        _put_off(ws, seal, error)
        return Outcome(authority.name, seal.size, None, error)
    replace_file(token_path(ws.layout, seal.size, authority.name), token.der)
    _enter(ws, principal, seal, token)
    return Outcome(authority.name, seal.size, token, None)


def _head(size: int) -> SignedHead:
    head = heads.at(size)
    if head is None:
        raise VaultError(f"the head of {size} entries, which is to be sealed, is missing")
    return head


def _put_off(ws: Workspace, seal: Seal, error: AuthorityUnreachable | SealRefused) -> None:
    pause = min(FIRST_PAUSE * 2 ** min(seal.attempts, 10), LONGEST_PAUSE)
    seal.attempts += 1
    seal.last_error = code_of(error)
    seal.next_try = ws.clock() + pause
    seal.save(update_fields=["attempts", "last_error", "next_try"])


def _enter(ws: Workspace, principal: Principal, seal: Seal, token: Token) -> None:
    details = said_of(seal.authority.name, _head(seal.size), token)
    with transaction.atomic():
        seal.entry = record(ws, principal.agent, "sealed", details=details).index
        seal.token, seal.gen_time, seal.last_error = token.der, token.gen_time, ""
        seal.save(update_fields=["entry", "token", "gen_time", "last_error"])


def _take_up(ws: Workspace, principal: Principal) -> None:
    """Enter tokens that lie in the vault but were not entered: the process was killed between."""
    for seal in _wanted():
        path, head = token_path(ws.layout, seal.size, seal.authority.name), _head(seal.size)
        if not path.exists():
            continue
        try:
            token = verify_token(
                path.read_bytes()[: MAX_ANSWER + 1],
                imprint_of(head.body()),
                trust_in(seal.authority),
                window_of(head, ws.clock()),
            )
        except SealRefused as error:
            _put_off(ws, seal, error)  # what is made next takes its place
            continue
        _enter(ws, principal, seal, token)
