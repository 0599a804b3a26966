"""``daylight purge ITEM…``: the first of two signatures that material go for good."""

from typing import Annotated

import typer

from daylight.cli.named import As, KeyFile, digests
from daylight.cli.output import FAULTY, note, print_json, say
from daylight.cli.passphrase import personal
from daylight.cli.session import session_of
from daylight.errors import UsageError
from daylight.services import purge
from daylight.services.copies import Copies, Copy
from daylight.services.personal_keys import signer
from daylight.services.purge import Report


def run(
    ctx: typer.Context,
    items: Annotated[
        list[str] | None,
        typer.Argument(help="SHA-256 (or its first 8 digits and more), or id.", show_default=False),
    ] = None,
    *,
    reason: Annotated[str, typer.Option(help="Why; the ledger keeps it.", show_default=False)] = "",
    as_user: As = "",
    keep_hash: Annotated[
        bool, typer.Option("--keep-hash", help="Keep the SHA-256 openly in the ledger.")
    ] = False,
    because: Annotated[
        str, typer.Option(help="The law that demands it; with --keep-hash.", show_default=False)
    ] = "",
    finish: Annotated[
        bool, typer.Option("--finish", help="Finish a purge that was cut short.")
    ] = False,
    key_passphrase_file: KeyFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Ask that items go for good, and sign it first; a second person does it with `approve`."""
    session = session_of(ctx)
    ws = session.workspace
    if finish:
        tell(purge.finish(ws), as_json=as_json)
        return
    if not items or not as_user or not reason:
        raise UsageError("a purge takes items, --reason and --as USER: the person who signs first")
    if keep_hash != bool(because):
        raise UsageError("--keep-hash goes with --because and the law that demands it")
    about, first = digests(session, items), signer(as_user)
    phrase = personal(key_passphrase_file, as_user)
    made = purge.ask(ws, session.principal, about, reason, because, first, phrase)
    if as_json:
        print_json({"schema": "request/1", "id": made})
    else:
        say(f"Signed. Another person does it with: daylight approve {made} --as USER")


def tell(reports: list[Report], *, as_json: bool) -> None:
    """What went. Exits 1 where something of it is left in the vault."""
    if as_json:
        print_json({"schema": "purge/1", "purges": [_document(one) for one in reports]})
    else:
        for one in reports:
            _say(one)
        if not reports:
            say("No purge was cut short.")
    if any(one.traces for one in reports):
        raise typer.Exit(FAULTY)


def _document(one: Report) -> dict[str, object]:
    return {
        "entry": one.entry,
        "items": one.items,
        "objects": one.objects,
        "bytes": one.bytes,
        "clean": not one.traces,
        "traces": list(one.traces),
        "names_kept": one.names_kept,
        "not_searched": list(one.unseen),
        "copies": {
            "backups": [_copy(copy) for copy in one.copies.backups],
            "replicas": [{**_copy(copy), "replica": copy.replica} for copy in one.copies.replicas],
            "exports": [_copy(copy) for copy in one.copies.exports],
        },
    }


def _copy(one: Copy) -> dict[str, object]:
    return {"entry": one.entry, "at": one.at}


def _say(one: Report) -> None:
    say(f"{one.items} items are purged (entry {one.entry}): {one.objects} objects, {one.bytes} B.")
    if one.names_kept:
        say(
            f"{one.names_kept} of their names were not looked for: they are part of other items' "
            "names, or of less than 8 bytes."
        )
    for trace in one.traces:
        say(f"LEFT OVER in {trace}")
    if not one.traces:
        say("The vault's files were searched for their names and digests: nothing is left.")
    for unseen in one.unseen:
        say(f"Not searched: {unseen}.")
    _say_copies(one.copies)
    note("daylight: a review room that runs keeps what it showed until it is started again")


def _say_copies(copies: Copies) -> None:
    for copy in copies.backups:
        say(f"STILL NAMED by the backup of {copy.at} (entry {copy.entry}): destroy it.")
    for copy in copies.replicas:
        say(
            f"STILL HELD by replica {copy.replica} (last run {copy.at}, entry {copy.entry}) until the "
            "next `replicate` to it."
        )
    for copy in copies.exports:
        say(f"STILL HELD by what was given out on {copy.at} (entry {copy.entry}): ask for it back.")
    if copies == Copies():
        say("The ledger knows of no backup, replica or export that holds it.")
