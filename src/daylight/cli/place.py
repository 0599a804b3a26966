"""``daylight place ITEM… --camera NAME``: say which camera recordings are of; the ledger keeps it."""

from typing import Annotated

import typer

from daylight.cli.named import digests
from daylight.cli.output import print_json, say
from daylight.cli.session import session_of
from daylight.errors import UsageError
from daylight.services import place
from daylight.services.place import Named, Said


def run(
    ctx: typer.Context,
    items: Annotated[
        list[str] | None,
        typer.Argument(help="SHA-256 (or its first 8 digits and more), or id.", show_default=False),
    ] = None,
    *,
    camera: Annotated[str, typer.Option(help="The camera's name.", show_default=False)] = "",
    facility: Annotated[str, typer.Option(help="Where the camera is.", show_default=False)] = "",
    proposed: Annotated[
        str,
        typer.Option(
            help="All that is proposed for this camera: its number, id or name.", show_default=False
        ),
    ] = "",
    names_from_paths: Annotated[
        bool,
        typer.Option("--names-from-paths", help="With --proposed: take the names of its folders."),
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; the ledger keeps it.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Put recordings to a camera. With --proposed: confirm all that is proposed for one."""
    session = session_of(ctx)
    if bool(items) == bool(proposed):
        raise UsageError("name the items, or a camera by --proposed, and not both")
    named = Named(camera, facility) if camera else None
    ws, principal = session.workspace, session.principal
    if proposed:
        if names_from_paths and named is not None:
            raise UsageError("--camera and --names-from-paths exclude each other")
        said = place.accept(ws, principal, proposed, reason, named, by_paths=names_from_paths)
    elif named is None:
        raise UsageError("--camera NAME says which camera the items are of")
    else:
        said = place.place(ws, principal, digests(session, items or []), named, reason)
    _tell(said, as_json=as_json)


def _tell(said: Said, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "schema": "place/1",
                "entry": said.entry,
                "camera": said.camera,
                "items": [one.hex() for one in said.items],
            }
        )
    else:
        say(f"{len(said.items)} recordings are placed (entry {said.entry}).")
