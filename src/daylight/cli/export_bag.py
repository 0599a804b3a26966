"""``daylight export bag ITEM… DEST``: originals as a bag that any archive can check."""

from pathlib import Path
from typing import Annotated

import typer

from daylight.cli.export_people import AsPerson, Reason, Request, signed
from daylight.cli.named import KeyFile
from daylight.cli.output import progress, say
from daylight.cli.session import session_of
from daylight.services.bag_export import export_bag
from daylight.services.export import folder_sink


def run(
    ctx: typer.Context,
    items: Annotated[
        list[str], typer.Argument(help="SHA-256 (or its first 8 digits and more), or id.")
    ],
    dest: Annotated[Path, typer.Argument(help="A folder that is not there yet.")],
    *,
    reason: Reason = "",
    request: Request = "",
    as_user: AsPerson = "",
    key_passphrase_file: KeyFile = None,
    with_paths: Annotated[
        bool, typer.Option("--with-paths", help="Leaked names too, in a tag file.")
    ] = False,
) -> None:
    """Write items as a BagIt bag (RFC 8493), complete or not at all."""
    session = session_of(ctx)
    ws, principal = session.workspace, session.principal
    sink = folder_sink(ws, dest)
    approved = signed(
        session,
        items,
        reason=reason,
        request=request,
        as_user=as_user,
        key_passphrase_file=key_passphrase_file,
    )
    if approved is None:
        return
    with progress("export") as shown:
        report = export_bag(ws, principal, approved, sink, shown, with_paths=with_paths)
    say(f"{report.items} items, {report.bytes / 1e6:.1f} MB exported as a bag.")
