"""``daylight clock CAMERA --offset ±HH:MM:SS``: how a camera's burnt-in clock stands to real time."""

from collections.abc import Callable
from typing import Annotated, TypeVar

import typer

from daylight.cli.output import print_json, say
from daylight.cli.session import session_of
from daylight.domain.clocks import SECOND, parse_naive, parse_offset
from daylight.errors import UsageError
from daylight.services.place import Correction, correct

T = TypeVar("T")


def run(
    ctx: typer.Context,
    camera: Annotated[str, typer.Argument(help="A camera's number, id or name.")],
    *,
    offset: Annotated[
        str,
        typer.Option(help="±HH:MM:SS[.sss], real minus burnt-in time.", show_default=False),
    ],
    uncertainty: Annotated[float, typer.Option(help="In seconds.", show_default=False)],
    reason: Annotated[str, typer.Option(help="How it is known.", show_default=False)],
    zone: Annotated[
        str,
        typer.Option(help="Zone of the burnt-in clock, such as Europe/Moscow.", show_default=False),
    ] = "",
    since: Annotated[
        str, typer.Option("--from", help="From this burnt-in time on.", show_default=False)
    ] = "",
    until: Annotated[str, typer.Option(help="Up to this burnt-in time.", show_default=False)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Enter what must be added to the time in the picture; without --zone it is taken to be UTC."""
    session = session_of(ctx)
    correction = Correction(
        offset_us=_read(parse_offset, offset, "--offset takes ±HH:MM:SS[.sss]"),
        uncertainty_us=_micro(uncertainty),
        zone=zone,
        since=_read(parse_naive, since, "--from takes YYYY-MM-DD HH:MM:SS") if since else None,
        until=_read(parse_naive, until, "--until takes YYYY-MM-DD HH:MM:SS") if until else None,
    )
    entry = correct(session.workspace, session.principal, camera, correction, reason)
    if as_json:
        print_json({"schema": "clock/1", "entry": entry})
    else:
        say(f"The clock of camera {camera} is entered (entry {entry}).")


def _read(parse: Callable[[str], T], text: str, advice: str) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{advice}: {error}") from error


def _micro(seconds: float) -> int:
    if not 0 <= seconds < 1e10:
        raise UsageError("--uncertainty takes a number of seconds, not negative")
    return round(seconds * SECOND)
