"""``daylight repair --from DEST``: bring back what is broken, and nothing else."""

from typing import Annotated

import typer

from daylight.cli.output import print_json, progress, say
from daylight.cli.session import session_of
from daylight.domain.digest import Digest, parse_digest
from daylight.errors import UsageError
from daylight.services.repair import RepairReport, repair
from daylight.storage.destinations import open_remote


def run(
    ctx: typer.Context,
    objects: Annotated[
        list[str] | None, typer.Argument(metavar="[SHA256]…", help="These objects alone.")
    ] = None,
    *,
    place: Annotated[str, typer.Option("--from", help="The replica: a folder, or s3://….")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Hash every object from the disk; restore those that are broken or missing, hash them again."""
    session = session_of(ctx)
    only = [_digest(one) for one in objects or []]
    ws, principal = session.workspace, session.principal
    remote = open_remote(place, ws.layout.root)
    ws.keyring.unlock()
    with progress("repair") as shown:
        report = repair(ws, principal, remote, shown, only)
    if as_json:
        print_json(_document(report))
    else:
        _tell(report)
    if report.left:
        raise typer.Exit(1)


def _digest(text: str) -> Digest:
    try:
        return parse_digest(text)
    except ValueError:
        raise UsageError("an object is named by its SHA-256, 64 hexadecimal digits") from None


def _document(report: RepairReport) -> dict[str, object]:
    return {
        "schema": "repair/1",
        "objects": report.objects,
        "repaired": [
            {"object": one.digest.hex(), "fault": one.fault, "bytes": one.size}
            for one in report.repaired
        ],
        "left": [
            {"object": one.digest.hex(), "fault": one.fault, "reason": one.left}
            for one in report.left
        ],
    }


def _tell(report: RepairReport) -> None:
    say(f"{report.objects} objects hashed, {len(report.repaired)} repaired.")
    for one in report.repaired:
        say(f"  repaired ({one.fault}): {one.digest.hex()}")
    for one in report.left:
        say(f"  still broken ({one.fault}): {one.digest.hex()}: {one.left}")
    if any(one.fault != "object-missing" for one in report.repaired):
        say("What lay there before is kept under quarantine/ in the vault.")
