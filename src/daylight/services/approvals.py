"""Acts that take two people: one asks and signs, another signs the very same bytes.

People are rarely at the machine together, so the first signature waits in a row, for 30 days.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from daylight.catalogue.models import Item, Request, RequestItem, User
from daylight.catalogue.queries.requests import RequestView, request
from daylight.domain.clock import coarse
from daylight.domain.custody import is_text
from daylight.domain.digest import Digest
from daylight.domain.principal import Principal, Right
from daylight.errors import ApprovalRefused, UsageError
from daylight.ledger.approval import Approval, Signature, Statement, subject_of
from daylight.ledger.leaf import new_salt
from daylight.services.personal_keys import Signer, stands
from daylight.services.workspace import Workspace

LIFE = timedelta(days=30)
MAX_REASON = 2000  # characters


@dataclass(frozen=True, slots=True)
class Asked:
    """``act``: the action's code. ``law``, ``about``: see ``ledger.approval.Statement``."""

    act: str
    digests: Sequence[Digest]
    reason: str
    law: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class Approved:
    """Two have signed; to be carried out and closed with :func:`close` in one transaction."""

    request: str
    digests: tuple[Digest, ...]
    approval: Approval


def check_reason(reason: str) -> str:
    """``reason`` as the ledger keeps it; ``UsageError``."""
    plain = reason.replace("\n", " ").replace("\t", " ")
    if not reason.strip() or len(reason) > MAX_REASON or not is_text(plain):
        raise UsageError(f"a reason is text, up to {MAX_REASON} characters; the ledger keeps it")
    return reason


def ask(ws: Workspace, principal: Principal, asked: Asked, first: Signer, passphrase: str) -> str:
    """Sign an act as the first of two; the request's id."""
    principal.require(Right.APPROVE)
    salt, now = new_salt(), ws.clock()
    statement = Statement(
        vault=ws.layout.vault_id,
        act=asked.act,
        subject=subject_of(salt, asked.digests),
        reason=check_reason(asked.reason),
        at=coarse(now),
        nonce=secrets.token_bytes(32),
        law=check_reason(asked.law) if asked.law else "",
        about=asked.about,
    )
    signed = first.sign(passphrase, statement.encode())
    with transaction.atomic():
        row = Request.objects.create(
            act=asked.act,
            statement=statement.encode(),
            salt=salt,
            first_id=first.user,
            first_key=first.key,
            first_signature=signed.signature,
            expires=now + LIFE,
        )
        found = Item.objects.filter(sha256__in=list(asked.digests)).values_list("sha256", "pk")
        keys = {bytes(digest): key for digest, key in found}
        if len(keys) < len(asked.digests):
            raise UsageError("no item has one of these names any more")
        RequestItem.objects.bulk_create(
            RequestItem(request=row, item_id=keys[digest], position=place)
            for place, digest in enumerate(asked.digests)
        )
    return row.public_id


def opened(ws: Workspace, public_id: str) -> RequestView:
    """A request that can still be signed. ``ApprovalRefused`` with why it cannot."""
    found = request(public_id)
    if found is None:
        raise ApprovalRefused("there is no request of this name")
    if found.withdrawn or found.entry is not None:
        raise ApprovalRefused("the request was withdrawn or carried out")
    if found.expires <= ws.clock():
        raise ApprovalRefused("the request is older than 30 days; ask again")
    return found


def countersign(
    ws: Workspace, principal: Principal, public_id: str, second: Signer, passphrase: str
) -> Approved:
    """Sign as the second of two. ``ApprovalRefused`` for the same person, or what no longer stands."""
    principal.require(Right.APPROVE)
    view = opened(ws, public_id)
    if second.agent == view.first:
        raise ApprovalRefused("the same person cannot sign twice")
    row = Request.objects.get(public_id=public_id)
    first = Signature(view.first, bytes(row.first_key), bytes(row.first_signature))
    _check_untouched(ws, row, view)
    signed = second.sign(passphrase, view.statement.encode())
    return Approved(public_id, view.digests, Approval(view.statement, first, signed))


def _check_untouched(ws: Workspace, row: Request, view: RequestView) -> None:
    """What the second signs is what the first did: of this vault, and about these items."""
    said = view.statement
    about = row.salt is not None and subject_of(bytes(row.salt), view.digests) == said.subject
    if said.vault != ws.layout.vault_id or said.act != row.act or not about:
        raise ApprovalRefused("the request was changed after it was signed")


def close(approved: Approved, entry: int, *, keep_salt: bool) -> None:
    """Inside the transaction of the act: note that it is done, once.

    ``ApprovalRefused`` where somebody was quicker, or a signature no longer stands.
    """
    row = Request.objects.filter(public_id=approved.request, withdrawn=None, entry=None)
    found = row.first()
    if found is None:
        raise ApprovalRefused("the request was withdrawn or carried out")
    for one in (approved.approval.first, approved.approval.second):
        if not stands(User.objects.get(agent=one.agent), one.key):
            raise ApprovalRefused("a signer's key was retired, or they may no longer approve")
    found.entry = entry
    found.salt = found.salt if keep_salt else None
    found.save(update_fields=["entry", "salt"])
    RequestItem.objects.filter(request=found).delete()


def withdraw(ws: Workspace, principal: Principal, public_id: str) -> None:
    """Take a request back: nothing was done yet."""
    principal.require(Right.APPROVE)
    with transaction.atomic():
        view = opened(ws, public_id)
        row = Request.objects.get(public_id=view.public_id)
        row.withdrawn, row.salt = ws.clock(), None
        row.save(update_fields=["withdrawn", "salt"])
        RequestItem.objects.filter(request=row).delete()
