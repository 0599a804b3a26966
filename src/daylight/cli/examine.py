"""``daylight examine``: recognise what came in, make filmstrips, stills and waveforms."""

from dataclasses import asdict
from typing import Annotated

import typer

from daylight.cli.output import print_json, progress, say
from daylight.cli.session import session_of
from daylight.domain.principal import Principal
from daylight.services.examine import ExamineReport, examine, pace
from daylight.services.placing import propose
from daylight.services.salvage import SalvageReport, salvage
from daylight.services.workspace import Workspace


def run(
    ctx: typer.Context,
    *,
    only: Annotated[str, typer.Option(help="One detector, or 'probe'.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Make every finding that is missing. Interrupted and run again, it goes on."""
    session = session_of(ctx)
    report = examine_and_report(session.workspace, session.principal, only=only, quiet=as_json)
    if as_json:
        print_json({"schema": "examine/1", **asdict(report)})


def examine_and_report(
    ws: Workspace, principal: Principal, *, only: str, quiet: bool
) -> ExamineReport:
    """Examine with progress; a line at the end unless ``quiet``."""
    ws.keyring.unlock()
    with progress("examine") as shown:
        report = examine(ws, principal, only, shown)
    with progress("salvage") as shown:
        saved = SalvageReport(0, 0) if only else salvage(ws, principal, shown)
    placed = None if only else propose(ws, principal)
    if not quiet:
        if saved.tried:
            say(f"Rebuilt {saved.rebuilt} of {saved.tried} recordings that cannot be opened.")
        say(f"Examined {report.items} items: {report.findings} findings, {report.failed} failed.")
        if report.media_s:
            say(pace(report.media_s, report.took_s) + ".")
        if placed is not None and placed.changed:
            say(f"{placed.placed} recordings seem to be of {placed.cameras} cameras.")
    return report
