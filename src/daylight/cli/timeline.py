"""``daylight timeline``: cameras, what they recorded when, the gaps; as JSON or as a picture."""

from pathlib import Path
from typing import Annotated

import typer

from daylight.catalogue.queries.timeline import Timeline, Untimed, timeline
from daylight.cli.output import print_json, say
from daylight.cli.session import session_of
from daylight.domain.clocks import SECOND, iso
from daylight.domain.timeline import By, Gap, Mark, Row, Stretch, extent, gaps
from daylight.errors import UsageError
from daylight.exports.timeline_svg import draw


def run(
    ctx: typer.Context,
    *,
    svg: Annotated[
        Path | None, typer.Option(help="Draw it into this new file.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """What each camera recorded when. The clocks are kept apart; nothing without a time is left out."""
    found = timeline(session_of(ctx).principal)
    if svg is not None:
        _write(svg, draw(found.rows, len(found.untimed)))
    if as_json:
        print_json(document(found))
    elif svg is None:
        for row in found.rows:
            say(_line(row))
        say(f"{len(found.untimed)} of {found.items} recordings have no time.")


def _write(path: Path, text: str) -> None:
    """``DestinationExists``, in the words of the others."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{path.name} exists, and nothing is written over") from error
    except OSError as error:
        raise UsageError(f"{path.name} cannot be written: {error.strerror}") from error


def document(found: Timeline) -> dict[str, object]:
    """``timeline/1``; keys are stable."""
    return {
        "schema": "timeline/1",
        "cameras": [_camera(row) for row in found.rows],
        "unplaced": [_unplaced(one) for one in found.untimed],
        "items": found.items,
    }


def _camera(row: Row) -> dict[str, object]:
    return {
        "camera": row.name or None,
        "facility": row.facility or None,
        "id": row.public_id or None,
        "number": row.number or None,
        "label": row.label or None,
        "confirmed": row.confirmed,
        "recordings": [_recording(one) for one in row.stretches],
        "gaps": [_gap(one, row) for one in gaps(row)],
    }


def _recording(one: Stretch) -> dict[str, object]:
    zoned = one.by is not By.BURNT
    doubt = one.uncertainty_us
    return {
        "item": one.digest,
        "id": one.item,
        "start": iso(one.start, zone=zoned),
        "end": iso(one.end, zone=zoned),
        "by": one.by.name.lower(),
        "at_s": one.media_us / SECOND,
        "clock": {
            "container": iso(one.container_us, zone=True),
            "burnt": iso(one.burnt_us, zone=False),
            "real": iso(one.real_us, zone=True),
            "uncertainty_s": None if doubt is None else doubt / SECOND,
        },
        "confirmed": Mark.CONFIRMED in one.marks,
        "damaged": Mark.DAMAGED in one.marks,
        "contested": Mark.CONTESTED in one.marks,
        "copies": list(one.copies),
        "active_s": None
        if one.activity is None
        else sum(span.length_us for span in one.activity) / SECOND,
    }


def _gap(one: Gap, row: Row) -> dict[str, object]:
    zoned = row.by is not By.BURNT
    return {
        "start": iso(one.start, zone=zoned),
        "end": iso(one.end, zone=zoned),
        "seconds": (one.end - one.start) / SECOND,
    }


def _unplaced(one: Untimed) -> dict[str, object]:
    return {
        "item": one.digest,
        "id": one.item,
        "camera_id": one.camera or None,
        "duration": None if one.duration_us is None else one.duration_us / SECOND,
        "state": one.state,
    }


def _line(row: Row) -> str:
    span = extent([row])
    called = " / ".join(part for part in (row.facility, row.name) if part)
    called = called or (f"camera {row.number}" if row.number else "of no known camera")
    zoned = row.by is not By.BURNT
    between = f"{iso(span[0], zone=zoned)} to {iso(span[1], zone=zoned)}" if span else ""
    by = {By.REAL: "real time", By.BURNT: "burnt-in clock", By.CONTAINER: "container clock"}
    told = "" if row.by is None else by[row.by]
    return f"{called}: {len(row.stretches)} recordings, {between} ({told}), {len(gaps(row))} gaps"
