"""The two people whose signatures an export takes, as they meet it on the command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from daylight.cli.output import say
from daylight.cli.passphrase import personal
from daylight.cli.session import Session
from daylight.errors import UsageError
from daylight.services.approvals import Approved, countersign
from daylight.services.export_approval import ask_to_export, names_in
from daylight.services.personal_keys import signer

Destination = Annotated[Path, typer.Argument(help="A folder that is not there yet.")]
Reason = Annotated[str, typer.Option(help="Why it goes out, from the person who signs first.")]
Request = Annotated[str, typer.Option(help="What the first person's signature is kept under.")]
AsPerson = Annotated[str, typer.Option("--as", help="The user who signs.")]


class Signing(NamedTuple):
    """What a person who signs an export gives: either ``reason`` or ``request``."""

    reason: str
    request: str
    as_user: str
    passphrase_file: Path | None


def signed(session: Session, items: Sequence[str], said: Signing) -> Approved | None:
    """What two have signed; None after the first signature, which is told."""
    reason, request, as_user, file = said
    if not as_user or bool(reason) == bool(request):
        raise UsageError(
            "originals go out on two signatures: first --as USER --reason TEXT, "
            "then as another person --as USER --request ID"
        )
    ws, principal = session.workspace, session.principal
    ws.keyring.unlock()
    person, phrase = signer(as_user), personal(file, as_user)
    if request:
        approved = countersign(ws, principal, request, person, phrase)
        names_in(approved, items, principal)
        return approved
    made = ask_to_export(ws, principal, items, reason, person, phrase)
    say(f"Signed. Another person gives it out by the same command with --request {made} --as USER")
    return None
