"""The time-stamp authorities that a vault asks: added, removed, never forgotten.

One that is removed keeps its row and its name: its seals go on being verified by its certificate.
"""

import hashlib
import re
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from daylight.catalogue.models import Authority
from daylight.domain.principal import Principal, Right
from daylight.errors import UsageError
from daylight.ledger.leaf import Value
from daylight.ledger.seal import Trust, trust_of
from daylight.services.record import record
from daylight.services.transport import checked_url
from daylight.services.workspace import Workspace

_NAME = re.compile(r"[a-z0-9-]{1,32}")


@dataclass(frozen=True, slots=True)
class NewAuthority:
    """``certificate``: PEM, the root and what leads to it; ``policy``: the OID that tokens must bear."""

    name: str
    url: str
    certificate: bytes
    policy: str = ""


def add(ws: Workspace, principal: Principal, new: NewAuthority) -> None:
    """``UsageError`` for a name that is or was taken, or a wrong address; ``InputRefused`` for a
    file without the authority's root.
    """
    principal.require(Right.MANAGE_KEYS)
    if not _NAME.fullmatch(new.name):
        raise UsageError("an authority's name is 1 to 32 of a-z, 0-9 and -")
    checked_url(new.url)
    trust_of(new.certificate, new.policy)
    if Authority.objects.filter(name=new.name).exists():
        raise UsageError("this name is or was an authority's; its seals lie under it, take another")
    try:
        with transaction.atomic():
            _keep(ws, principal, new)
    except IntegrityError:
        raise UsageError("an authority of this name was added at the same moment") from None


def _keep(ws: Workspace, principal: Principal, new: NewAuthority) -> None:
    entry = record(ws, principal.agent, "authority-added", details=said_of(new))
    Authority.objects.create(
        name=new.name,
        url=new.url,
        certificate=new.certificate.decode("ascii"),
        policy=new.policy,
        added=ws.clock(),
        entry=entry.index,
    )


def said_of(one: NewAuthority) -> dict[str, Value]:
    """What the ledger says of an authority: whose certificate was trusted, and since when."""
    return {
        "authority": one.name,
        "url": one.url,
        "certificate": hashlib.sha256(one.certificate).hexdigest(),
        "policy": one.policy,
    }


def remove(ws: Workspace, principal: Principal, name: str) -> None:
    """Ask it no more. Its seals stay, and so does its name. ``UsageError`` if it is not asked."""
    principal.require(Right.MANAGE_KEYS)
    with transaction.atomic():
        row = named(name)
        row.removed = ws.clock()
        row.save(update_fields=["removed"])
        row.seals.filter(token=None).delete()
        record(ws, principal.agent, "authority-removed", details={"authority": name})


def named(name: str) -> Authority:
    """The authority of that name that is asked. ``UsageError`` if there is none."""
    row = Authority.objects.filter(name=name, removed=None).first()
    if row is None:
        raise UsageError(f"no authority '{name}' is asked; `daylight seal list` shows them")
    return row


def trust_in(row: Authority) -> Trust:
    return trust_of(row.certificate.encode(), row.policy)
