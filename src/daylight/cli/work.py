"""``daylight work``: what is done by the clock, until it is stopped."""

import signal
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NoReturn

import typer

from daylight.cli.output import note, print_json, say
from daylight.cli.session import session_of
from daylight.services.transport import HttpTransport
from daylight.services.work import EVERY, Done, Job, jobs_of, next_due, rest, run_due
from daylight.services.workspace import Workspace
from daylight.storage.layout import lock

LOOK = 30.0  # seconds between two looks at what is due: cheap, and right after a machine slept


def run(
    ctx: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, and end.")] = False,
    every: Annotated[int, typer.Option(help="Hours between seals, a divisor of 24.")] = EVERY,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document a round, each on a line.")
    ] = False,
) -> None:
    """Seal the ledger at fixed times of the day; make what is still wanted. Ctrl-C ends it."""
    session = session_of(ctx)
    ws = session.workspace
    jobs = jobs_of(ws, session.principal, HttpTransport(), every)
    with lock(ws.layout, "work"):
        if once:
            _once(ws, jobs, as_json=as_json)
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop)
        _loop(ws, jobs, as_json=as_json)


def _loop(ws: Workspace, jobs: Sequence[Job], *, as_json: bool) -> NoReturn:
    _ = ws.keyring.keys  # asked for now, while somebody is there to answer
    note("Working; Ctrl-C ends it.")
    told: datetime | None = None
    while True:
        done = run_due(ws, jobs)
        due = next_due(ws, jobs)
        if done and as_json:
            print_json(_document(done, due))
        elif done or due != told:
            _tell(done, due)
        for one in done:
            if one.error is not None:
                note(f"daylight: {one.error}. {one.error.advice} [{one.error.name}]")
        told = due
        rest()
        time.sleep(LOOK)


def _once(ws: Workspace, jobs: Sequence[Job], *, as_json: bool) -> None:
    """What failed ends the process with its exit code."""
    done = run_due(ws, jobs)
    due = next_due(ws, jobs)
    if as_json:
        print_json(_document(done, due))
    else:
        _tell(done, due)
    for one in done:
        if one.error is not None:
            raise one.error


def _document(done: Sequence[Done], due: datetime | None) -> dict[str, object]:
    return {
        "schema": "work/1",
        "done": [{"job": one.job, **one.report} for one in done],
        "next": None if due is None else due.isoformat(),
    }


def _tell(done: Sequence[Done], due: datetime | None) -> None:
    for one in done:
        say(f"{one.job}: {'not done yet' if one.error else 'done'}")
    if due is None:
        note("Nothing is to be done by the clock: `daylight seal add` names an authority.")
    else:
        note(f"Next: {due:%Y-%m-%d %H:%M} UTC.")


def _stop(number: int, frame: object) -> NoReturn:
    del number, frame
    raise SystemExit(0)
