"""``daylight export bag ITEM… DEST``: originals as a bag that any archive can check."""

from pathlib import Path
from typing import Annotated

import typer

from daylight.cli.output import progress, say
from daylight.cli.session import session_of
from daylight.services.export import export_bag, folder_sink


def run(
    ctx: typer.Context,
    items: Annotated[
        list[str], typer.Argument(help="SHA-256 (or its first 8 digits and more), or id.")
    ],
    dest: Annotated[Path, typer.Argument(help="A folder that is not there yet.")],
    *,
    with_paths: Annotated[
        bool, typer.Option("--with-paths", help="Leaked names too, in a tag file.")
    ] = False,
) -> None:
    """Write items as a BagIt bag (RFC 8493), complete or not at all."""
    session = session_of(ctx)
    ws, principal = session.workspace, session.principal
    sink = folder_sink(ws, dest)
    ws.keyring.unlock()
    with progress("export") as shown:
        report = export_bag(ws, principal, items, sink, shown, with_paths=with_paths)
    say(f"{report.items} items, {report.bytes / 1e6:.1f} MB exported as a bag.")
