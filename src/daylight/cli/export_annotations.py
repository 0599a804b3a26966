"""``daylight export annotations DEST [ITEM…]``: marks as W3C Web Annotations."""

from typing import Annotated

import typer

from daylight.cli.export_people import Destination
from daylight.cli.output import say
from daylight.cli.session import session_of
from daylight.services.annotations import export_annotations
from daylight.services.export import folder_sink


def run(
    ctx: typer.Context,
    dest: Destination,
    items: Annotated[
        list[str] | None, typer.Argument(help="SHA-256 (or its first digits) or id; else all.")
    ] = None,
) -> None:
    """Write the marks that stand as one file of W3C annotations, without anybody's name."""
    session = session_of(ctx)
    ws, principal = session.workspace, session.principal
    ws.keyring.unlock()
    report = export_annotations(ws, principal, items or (), folder_sink(ws, dest))
    say(f"{report.marks} marks of {report.items} items exported (ledger entry {report.entry}).")
