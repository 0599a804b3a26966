"""Two people with personal keys, as acts that take two need them."""

from daylight.catalogue.models import User
from daylight.catalogue.queries.vault import custodian_here
from daylight.domain.principal import Role
from daylight.services import (
    approve,
    hold,
    override,
    people,
    personal_keys,
    purge,
    release,
)
from daylight.services.approvals import countersign
from daylight.services.export_approval import ask_to_export
from daylight.services.people import NewUser
from daylight.services.personal_keys import signer

PHRASES = {"ada": "correct horse", "boris": "battery staple"}


def add(ws, name, *roles, key=True):
    people.add(ws, custodian_here(), NewUser(name, frozenset(roles)))
    if key:
        personal_keys.add(ws, custodian_here(), name, PHRASES.get(name, "another phrase"))


def two_people(ws):
    add(ws, "ada", Role.ARCHIVIST)
    add(ws, "boris", Role.COUNSEL)


def asked(ws, *digests, reason="consent withdrawn", law="", by="ada"):
    return purge.ask(ws, custodian_here(), digests, reason, law, signer(by), PHRASES[by])


def asked_to_lift(ws, *digests, by="ada"):
    return hold.ask_to_lift(ws, custodian_here(), digests, "over", signer(by), PHRASES[by])


def approved(ws, request, by="boris"):
    return approve.approve(ws, custodian_here(), request, signer(by), PHRASES[by])


def purged(ws, *digests, **words):
    return approved(ws, asked(ws, *digests, **words)).purges[-1]


def asked_to_override(ws, gate, *digests, by="ada"):
    reason = "the child's face is hers to show, now that she is of age"
    here = custodian_here()
    return override.ask_to_override(ws, here, gate, digests, reason, signer(by), PHRASES[by])


def signed_release(ws, public_id, reason="for the press"):
    """Two people's signatures that a prepared release goes out."""
    here = custodian_here()
    made = release.ask_to_release(ws, here, public_id, reason, signer("ada"), PHRASES["ada"])
    return countersign(ws, here, made, signer("boris"), PHRASES["boris"])


def signed_export(ws, *names, reason="the court asked for it"):
    """Two people's signatures that these items go out."""
    if not User.objects.filter(username="ada").exists():
        two_people(ws)
    here = custodian_here()
    made = ask_to_export(ws, here, names, reason, signer("ada"), PHRASES["ada"])
    return countersign(ws, here, made, signer("boris"), PHRASES["boris"])
