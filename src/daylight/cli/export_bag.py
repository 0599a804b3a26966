"""``daylight export bag ITEM… DEST``: originals as a bag that any archive can check."""

from typing import Annotated

import typer

from daylight.cli.export_people import AsPerson, Destination, Reason, Request, Signing, signed
from daylight.cli.named import Items, KeyFile
from daylight.cli.output import progress, say
from daylight.cli.session import session_of
from daylight.services.bag_export import export_bag
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
    with_paths: Annotated[
        bool, typer.Option("--with-paths", help="Leaked names too, in a tag file.")
    ] = False,
) -> None:
    """Write items as a BagIt bag (RFC 8493), complete or not at all."""
    session = session_of(ctx)
    ws, principal = session.workspace, session.principal
    sink = folder_sink(ws, dest)
    signing = Signing(reason, request, as_user, key_passphrase_file)
    approved = signed(session, items, signing)
    if approved is None:
        return
    with progress("export") as shown:
        report = export_bag(ws, principal, approved, sink, shown, with_paths=with_paths)
    say(f"{report.items} items, {report.bytes / 1e6:.1f} MB exported as a bag.")
