"""``daylight export court ITEM… DEST``: originals with everything a court needs to check them."""

from pathlib import Path
from typing import Annotated

import typer

from daylight.cli.export_people import AsPerson, Destination, Reason, Request, Signing, signed
from daylight.cli.named import Items, KeyFile
from daylight.cli.output import progress, say
from daylight.cli.session import session_of
from daylight.services.court import export_court
from daylight.services.court_records import Wanted
from daylight.services.export import folder_sink


def run(
    ctx: typer.Context,
    items: Items,
    dest: Destination,
    *,
    reason: Reason = "",
    request: Request = "",
    as_user: AsPerson = "",
    key_passphrase_file: KeyFile = None,
    selection: Annotated[
        str, typer.Option(help="How the items were chosen, in words; the report says it.")
    ] = "",
    search: Annotated[
        str, typer.Option(help="Words that the items were searched by; the report says the count.")
    ] = "",
    against: Annotated[
        list[Path] | None,
        typer.Option(help="A head that somebody outside keeps; may be given several times."),
    ] = None,
    with_paths: Annotated[
        bool, typer.Option("--with-paths", help="Leaked names and dates of change too.")
    ] = False,
    with_custody: Annotated[
        bool,
        typer.Option("--with-custody", help="What was stated on the transfers, codename too."),
    ] = False,
    with_names: Annotated[
        bool, typer.Option("--with-names", help="User names in place of pseudonyms.")
    ] = False,
    old_hashes: Annotated[
        bool, typer.Option("--old-hashes", help="MD5 and SHA-1 too, to compare with old lists.")
    ] = False,
    working_copies: Annotated[
        bool, typer.Option(help="A playable copy beside each recording.")
    ] = True,
) -> None:
    """Write a court package, complete or not at all: report, originals, proofs, verify.py."""
    session = session_of(ctx)
    ws, principal = session.workspace, session.principal
    wanted = Wanted(
        selection, search, with_paths, with_custody, with_names, old_hashes, working_copies
    )
    sink = folder_sink(ws, dest)
    signing = Signing(reason, request, as_user, key_passphrase_file)
    approved = signed(session, items, signing)
    if approved is None:
        return
    with progress("export") as shown:
        report = export_court(ws, principal, approved, sink, shown, wanted, against or ())
    say(f"{report.items} items, {report.bytes / 1e6:.1f} MB exported as a court package.")
    say(f"SHA-256 of its manifest: {report.manifest} (ledger entry {report.entry})")
