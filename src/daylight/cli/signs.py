"""``daylight signs``: how recordings were written, and which differ from their camera's others."""

from typing import Annotated

import typer

from daylight.cli.output import print_json, say
from daylight.cli.session import session_of
from daylight.services.signs import ItemSigns, signs

_COMMON = "software-named"  # of nearly every file of many archives


def run(
    ctx: typer.Context,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Also items whose only sign is a program's name.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """List what was observed of how recordings were written. None of it says that one was changed."""
    found = signs(session_of(ctx).principal)
    if as_json:
        print_json({"schema": "signs/1", "items": [_document(one) for one in found]})
        return
    for one in found:
        if every or one.remarks or any(seen.sign != _COMMON for seen in one.observations):
            _show(one)


def _show(one: ItemSigns) -> None:
    say(one.public_id)
    for remark in one.remarks:
        seen = remark.observation
        say(f"    {seen.text} (of {remark.among + 1} files {remark.share:.0%} are alike)")
        say(f"        It can mean: {seen.can}")
        say(f"        But: {seen.cannot}")
    for seen in one.observations:
        say(f"    {seen.text}")
        say(f"        It can mean: {seen.can}")
        say(f"        But: {seen.cannot}")


def _document(one: ItemSigns) -> dict[str, object]:
    """The JSON of an item; keys are stable."""
    return {
        "item": one.public_id,
        "camera": one.camera,
        "observations": [seen.as_json() for seen in one.observations],
        "remarks": [
            {
                **remark.observation.as_json(),
                "analysis": "integrity/1",
                "files": remark.among + 1,
                "share": round(remark.share, 3),
                "camera_known": remark.placed,
            }
            for remark in one.remarks
        ],
    }
