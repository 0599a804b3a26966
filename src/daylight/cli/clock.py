"""``daylight clock CAMERA``: how a camera's burnt-in clock stands to real time, and how it drifts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, TypeVar

import typer

from daylight.cli.output import print_json, say
from daylight.cli.session import session_of
from daylight.domain.clocks import (
    BILLION,
    SECOND,
    parse_naive,
    parse_offset,
    parse_reading,
    through,
)
from daylight.errors import UsageError
from daylight.services.place import Correction, correct, read_dates

T = TypeVar("T")
DAY = 86_400  # seconds


def run(
    ctx: typer.Context,
    camera: Annotated[str, typer.Argument(help="A camera's number, id or name.")],
    *,
    offset: Annotated[
        str,
        typer.Option(help="±HH:MM:SS[.sss], real minus burnt-in time.", show_default=False),
    ] = "",
    uncertainty: Annotated[
        float | None, typer.Option(help="In seconds.", show_default=False)
    ] = None,
    reason: Annotated[str, typer.Option(help="How it is known.", show_default=False)],
    at: Annotated[
        str, typer.Option(help="Burnt-in time at which --offset was so.", show_default=False)
    ] = "",
    drift: Annotated[
        float, typer.Option(help="Seconds to be added more each day from --at on.")
    ] = 0.0,
    drift_uncertainty: Annotated[
        float, typer.Option(help="Give or take so many seconds a day.")
    ] = 0.0,
    reading: Annotated[
        list[str] | None,
        typer.Option(help="'BURNT-IN = REAL', twice, instead of --offset.", show_default=False),
    ] = None,
    zone: Annotated[
        str,
        typer.Option(help="Zone of the burnt-in clock, such as Europe/Moscow.", show_default=False),
    ] = "",
    since: Annotated[
        str, typer.Option("--from", help="From this burnt-in time on.", show_default=False)
    ] = "",
    until: Annotated[str, typer.Option(help="Up to this burnt-in time.", show_default=False)] = "",
    dates: Annotated[
        str,
        typer.Option(
            help="Only that its dates are written so: dmy, mdy, ymd or ydm.", show_default=False
        ),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Enter what must be added to the time in the picture; without --zone it is taken to be UTC."""
    session = session_of(ctx)
    if reading and (offset or at or drift or drift_uncertainty):
        raise UsageError("two readings say offset and drift by themselves")
    if dates:
        if uncertainty is not None or any(
            (offset, reading, at, drift, drift_uncertainty, zone, since, until)
        ):
            raise UsageError("--dates is entered by itself, with its own reason")
        entry = read_dates(session.workspace, session.principal, camera, dates, reason)
    else:
        doubt = _micro(_given(uncertainty), "--uncertainty")
        correction = replace(
            _through(reading, doubt) if reading else _stated(offset, at, drift, drift_uncertainty),
            uncertainty_us=doubt,
            zone=zone,
            since=_time(since, "--from"),
            until=_time(until, "--until"),
        )
        entry = correct(session.workspace, session.principal, camera, correction, reason)
    if as_json:
        print_json({"schema": "clock/1", "entry": entry})
    else:
        what = "order of the dates" if dates else "clock"
        say(f"The {what} of camera {camera} is entered (entry {entry}).")


def _given(uncertainty: float | None) -> float:
    if uncertainty is None:
        raise UsageError("--uncertainty is missing: give or take so many seconds")
    return uncertainty


def _stated(offset: str, at: str, drift: float, doubt: float) -> Correction:
    if not -DAY <= drift <= DAY:
        raise UsageError("--drift takes seconds a day")
    return Correction(
        offset_us=_read(parse_offset, offset, "--offset takes ±HH:MM:SS[.sss]"),
        uncertainty_us=0,
        at=_time(at, "--at"),
        drift_ppb=round(drift * BILLION / DAY),
        drift_doubt_ppb=round(_micro(doubt, "--drift-uncertainty") * 1000 / DAY),
    )


def _through(readings: Sequence[str], doubt_us: int) -> Correction:
    if len(readings) != 2:
        raise UsageError("a drift is told by two readings: --reading twice")
    advice = "--reading takes 'YYYY-MM-DD HH:MM:SS = YYYY-MM-DD HH:MM:SS'"
    pairs = [_read(parse_reading, one, advice) for one in readings]
    try:
        told = through(pairs, doubt_us)
    except ValueError as error:
        raise UsageError(f"no drift is told by them: {error}") from error
    return Correction(
        told.offset_us, doubt_us, at=told.at_us, drift_ppb=told.ppb, drift_doubt_ppb=told.doubt_ppb
    )


def _time(text: str, option: str) -> int | None:
    return _read(parse_naive, text, f"{option} takes YYYY-MM-DD HH:MM:SS") if text else None


def _read(parse: Callable[[str], T], text: str, advice: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{advice}: {error}") from error


def _micro(seconds: float, option: str) -> int:
    if not 0 <= seconds < 1e10:
        raise UsageError(f"{option} takes a number of seconds, not negative")
    return round(seconds * SECOND)
