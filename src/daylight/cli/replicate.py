"""``daylight replicate DEST``: a second copy, sealed on this side."""

from typing import Annotated

import typer

from daylight.cli.output import note, print_json, progress, say
from daylight.cli.session import session_of
from daylight.errors import UsageError
from daylight.services.replicate import CHECK_ALL, ReplicateReport, hexes, replicate
from daylight.storage.destinations import open_remote


def run(
    ctx: typer.Context,
    place: Annotated[
        str, typer.Argument(metavar="DEST", help="A folder on another disk, or s3://BUCKET/PREFIX.")
    ],
    *,
    check: Annotated[
        str, typer.Option(help="Read this many back, drawn by lot; 'all' for every one.")
    ] = "0",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Send what the replica lacks. Interrupted and run again, it goes on where it was."""
    session = session_of(ctx)
    count = _count(check)
    ws, principal = session.workspace, session.principal
    remote = open_remote(place, ws.layout.root)
    ws.keyring.unlock()
    with progress("replicate") as shown:
        report = replicate(ws, principal, remote, shown, check=count)
    if as_json:
        print_json(_document(report))
    else:
        _tell(report)
    if report.broken or report.mended:
        raise typer.Exit(1)


def _count(check: str) -> int:
    if check == "all":
        return CHECK_ALL
    if not (check.isascii() and check.isdecimal()):
        raise UsageError("--check takes a number, or 'all'")
    return int(check)


def _document(report: ReplicateReport) -> dict[str, object]:
    return {
        "schema": "replicate/1",
        "replica": report.replica,
        "number": report.number,
        "objects": report.objects,
        "sent": report.sent,
        "bytes": report.bytes,
        "checked": report.checked,
        "forgotten": report.forgotten,
        "broken": hexes(report.broken),
        "mended": hexes(report.mended),
    }


def _tell(report: ReplicateReport) -> None:
    say(f"Replica {report.replica}, state {report.number}: {report.objects} objects.")
    say(f"  {report.sent} sent, {report.bytes / 1e6:.1f} MB; {report.checked} read back.")
    for one in report.mended:
        say(f"  damaged in the replica, sent again: {one.hex()}")
    for one in report.broken:
        say(f"  broken in the vault, not sent: {one.hex()}")
    if report.broken:
        note("daylight: run `daylight repair --from DEST` with a replica that has them whole")
