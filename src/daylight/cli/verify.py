"""``daylight verify``: whether everything is there, unchanged, and agrees."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from daylight.cli import passphrase
from daylight.cli.output import FAULTY, note, print_json, progress, say
from daylight.cli.session import session_of
from daylight.errors import UsageError
from daylight.services import heads
from daylight.services.seals_report import state_document
from daylight.services.verify import Report, VerifyRequest, verify

SHOWN = 200  # faults that are told in lines; --json has them all


def run(
    ctx: typer.Context,
    *,
    sample: Annotated[
        int | None, typer.Option(min=1, help="So many objects, at random.", show_default=False)
    ] = None,
    since: Annotated[str, typer.Option(help="Objects received since YYYY-MM-DD.")] = "",
    against: Annotated[
        list[Path] | None,
        typer.Option(help="A head's file that somebody kept.", show_default=False),
    ] = None,
    medium: Annotated[
        bool, typer.Option("--medium", help="Read past the cache, from the disk itself.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Take nothing over from a run that was cut short.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Hash every object again; check ledger, heads, seals, and that all of them agree."""
    session = session_of(ctx)
    ws = session.workspace
    request = VerifyRequest(
        sample=sample,
        since=_day(since, sample),
        medium=medium,
        again=again,
        against={f"given {n}": heads.from_file(path) for n, path in enumerate(against or [], 1)},
        may_open_keys=bool(passphrase.known(session.passphrase_file)),
    )
    with progress("verify") as bar:
        report = verify(ws, session.principal, request, bar)
    if as_json:
        print_json(_document(report))
    else:
        _tell(report)
    if report.fault_count:
        raise typer.Exit(FAULTY)


def _day(since: str, sample: int | None) -> str:
    if not since:
        return ""
    if sample is not None:
        raise UsageError("--sample and --since go one without the other")
    try:
        return date.fromisoformat(since).isoformat()
    except ValueError:
        raise UsageError("--since takes a day: YYYY-MM-DD") from None


def _document(report: Report) -> dict[str, object]:
    ledger = report.ledger
    return {
        "schema": "verify/1",
        "scope": report.scope,
        "objects_checked": report.tally.objects,
        "bytes": report.tally.bytes,
        "taken_over": report.tally.taken_over,
        "faults": [
            {"name": one.name, "object": one.object, "detail": one.detail} for one in report.faults
        ],
        "fault_count": report.fault_count,
        "ledger": {
            "entries": ledger.entries,
            "root": ledger.root.hex(),
            "ok": bool(ledger.root) and not ledger.faults,
        },
        "seals": [state_document(one) for one in report.seals],
        "recorded": not report.not_recorded,
    }


def _tell(report: Report) -> None:
    tally = report.tally
    say(f"{tally.objects} objects hashed, {tally.bytes / 1e6:.1f} MB ({report.scope}).")
    if tally.taken_over:
        say(f"  {tally.taken_over} of them by an earlier run that was cut short; --again: anew.")
    say(f"{report.ledger.entries} entries, root {report.ledger.root.hex()}")
    for one in report.faults[:SHOWN]:
        say(f"FAULT {one.name}: {one.object}: {one.detail}")
    if report.fault_count > SHOWN:
        say(f"… and {report.fault_count - SHOWN} more faults; --json tells them.")
    if not report.fault_count:
        say("Objects, catalogue and ledger agree.")
    if report.not_recorded:
        note(f"daylight: not entered in the ledger: {report.not_recorded}")
