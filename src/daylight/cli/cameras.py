"""``daylight cameras``: which cameras the recordings seem to be of, and how their clocks stand."""

from typing import Annotated

import typer

from daylight.catalogue.queries.cameras import CameraView, cameras
from daylight.cli.output import print_json, say
from daylight.cli.session import session_of
from daylight.domain.clocks import Offset, iso

_MICRO = 1e6


def run(
    ctx: typer.Context,
    *,
    paths: Annotated[
        bool, typer.Option("--paths", help="Show what leaked folder names propose too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """List the cameras. What leaked names propose shows with --paths, and in the JSON."""
    found = cameras(session_of(ctx).principal)
    if as_json:
        print_json({"schema": "cameras/1", "cameras": [document(one) for one in found]})
        return
    for one in found:
        say(_line(one))
        if one.dates:
            say(f"      dates: {one.dates}, by a person")
        for offset in one.offsets:
            say(f"      clock: {clock_line(offset)}, by a person")
        for offset, samples in one.observed:
            say(
                f"      {offset.source.value} against burnt-in: {clock_line(offset)}, {samples} recordings"
            )
        if paths and one.path_name is not None:
            say(f"      its folders say: {one.path_name.facility} / {one.path_name.camera}")


def document(one: CameraView) -> dict[str, object]:
    """The JSON of a camera; keys are stable."""
    hint = one.path_name
    return {
        "id": one.public_id,
        "number": one.number,
        "name": one.name or None,
        "facility": one.facility or None,
        "confirmed": one.confirmed,
        "label": one.label or None,
        "zone": one.zone or None,
        "dates": one.dates or None,
        "recordings": one.recordings,
        "confirmed_recordings": one.confirmed_items,
        "offsets": [offset_document(offset) for offset in one.offsets],
        "observed": [
            {**offset_document(offset), "recordings": samples} for offset, samples in one.observed
        ],
        "path_camera": None if hint is None else hint.camera,
        "path_facility": None if hint is None else hint.facility or None,
    }


def offset_document(one: Offset) -> dict[str, object]:
    return {
        "source": one.source.value,
        "offset_s": one.offset_us / _MICRO,
        "uncertainty_s": one.uncertainty_us / _MICRO,
        "drift_ppm": round(one.drift * 1e6, 1) if one.drift else None,
        "drift_uncertainty_ppm": round(one.drift_doubt * 1e6, 1) if one.drift_doubt else None,
        "at": iso(one.at_us, zone=False) if one.drift or one.drift_doubt else None,
        "zone": one.zone or None,
        "from": iso(one.since, zone=False),
        "until": iso(one.until, zone=False),
    }


def clock_line(one: Offset) -> str:
    """``+0:00:55.8 ± 2 s``."""
    sign, whole = "-" if one.offset_us < 0 else "+", abs(one.offset_us)
    minutes, seconds = divmod(whole / _MICRO, 60)
    hours, minutes = divmod(int(minutes), 60)
    drift = f", {one.drift * 1e6:+.1f} ppm" if one.drift else ""
    return f"{sign}{hours}:{minutes:02}:{seconds:04.1f} ± {one.uncertainty_us / _MICRO:g} s{drift}"


def _line(one: CameraView) -> str:
    called = " / ".join(part for part in (one.facility, one.name) if part) or "(no name)"
    label = f"  label: {one.label}" if one.label else ""
    said = "confirmed" if one.confirmed else "proposed"
    return (
        f"{one.number:>4}  {one.public_id[:8]}  {said:<9}  {one.recordings:>6} recordings, "
        f"{one.confirmed_items} confirmed  {called}{label}"
    )
