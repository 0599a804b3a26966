"""``daylight hold ITEM…``: what is under legal hold cannot be purged, by anyone."""

from typing import Annotated

import typer

from daylight.cli.named import As, Items, KeyFile, digests
from daylight.cli.output import print_json, say
from daylight.cli.passphrase import personal
from daylight.cli.session import session_of
from daylight.errors import UsageError
from daylight.services import hold
from daylight.services.personal_keys import signer


def run(
    ctx: typer.Context,
    items: Items,
    *,
    reason: Annotated[str, typer.Option(help="Why; the ledger keeps it.", show_default=False)],
    lift: Annotated[
        bool, typer.Option("--lift", help="Ask that the hold be lifted: two people sign it.")
    ] = False,
    as_user: As = "",
    key_passphrase_file: KeyFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Put items under legal hold. With --lift: sign as the first of two that it be lifted."""
    session = session_of(ctx)
    ws, about = session.workspace, digests(session, items)
    if not lift:
        entry = hold.place(ws, session.principal, about, reason)
        if as_json:
            print_json({"schema": "hold/1", "entry": entry, "items": [one.hex() for one in about]})
        else:
            say(f"{len(about)} items are under hold (entry {entry}).")
        return
    if not as_user:
        raise UsageError("--lift takes --as USER: the person who signs first")
    first = signer(as_user)
    phrase = personal(key_passphrase_file, as_user)
    made = hold.ask_to_lift(ws, session.principal, about, reason, first, phrase)
    if as_json:
        print_json({"schema": "request/1", "id": made})
    else:
        say(f"Signed. Another person does it with: daylight approve {made} --as USER")
