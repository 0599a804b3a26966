"""``daylight examine``: recognise what came in, make filmstrips, stills and waveforms."""

from dataclasses import asdict
from typing import Annotated

import typer

from daylight.cli.output import print_json, progress, say
from daylight.cli.session import Compared, Session, session_of
from daylight.domain.models import MODELS
from daylight.services.examine import ExamineReport, examine, pace

FOLLOWED = frozenset({"", "fingerprint", "overlay"})  # others are found for their own sake


def run(
    ctx: typer.Context,
    *,
    only: Annotated[str, typer.Option(help="One detector, or 'probe'.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Make every finding that is missing. Interrupted and run again, it goes on."""
    report, same = examine_and_report(session_of(ctx), only=only, quiet=as_json)
    if as_json:
        said = {} if same is None else {"relations": same.relations, "compared": same.compared}
        print_json({"schema": "examine/1", **asdict(report), **said})


def examine_and_report(
    session: Session, *, only: str, quiet: bool
) -> tuple[ExamineReport, Compared | None]:
    """Examine with progress, then compare; a line at the end of each unless ``quiet``.

    Nothing is compared where one detector was asked for that is not the fingerprint.
    """
    session.workspace.keyring.unlock()
    if only in MODELS:
        afterwards = session.open_afterwards()
        afterwards.with_a_model(session.workspace, session.principal, only, quiet=quiet)
        return ExamineReport(0, 0, 0), None
    with progress("examine") as shown:
        report = examine(session.examining, session.principal, only, shown)
    if only in FOLLOWED:
        return session.open_afterwards().follow(session, report, only=only, quiet=quiet)
    if not quiet:
        tell(report)
    return report, None


def tell(report: ExamineReport) -> None:
    """One line of what was done, one of how fast."""
    say(f"Examined {report.items} items: {report.findings} findings, {report.failed} failed.")
    if report.media_s:
        say(pace(report.media_s, report.took_s) + ".")
