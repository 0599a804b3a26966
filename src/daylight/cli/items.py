"""``daylight items``: every item, one a line; ``--json`` for all that is known to list."""

from typing import Annotated

import typer

from daylight.catalogue.queries.items import Filter, ItemView, items
from daylight.catalogue.queries.relations import ContestView
from daylight.cli.output import print_json, say, text_of
from daylight.cli.session import session_of


def run(
    ctx: typer.Context,
    *,
    kind: Annotated[str, typer.Option(help="video, audio, image, document, other, empty.")] = "",
    state: Annotated[str, typer.Option(help="ok, damaged, unreadable.")] = "",
    accession: Annotated[str, typer.Option(help="An accession's name.")] = "",
    paths: Annotated[bool, typer.Option("--paths", help="Show leaked names too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """List the items. Leaked names show with --paths, and in the JSON."""
    session = session_of(ctx)
    wanted = Filter(kind=kind, state=state, accession=accession, limit=0)
    found = items(session.principal, wanted)
    if as_json:
        print_json([document(one) for one in found])
        return
    for one in found:
        say(_line(one))
        for met in one.occurrences if paths else ():
            say(f"    {met.accession}: {text_of(met.untrusted_path or b'')}")


def document(one: ItemView) -> dict[str, object]:
    """The JSON of an item; keys are stable."""
    return {
        "item": one.digest.hex(),
        "id": one.public_id,
        "bytes": one.size,
        "kind": one.kind or None,
        "state": one.state or None,
        "reason": one.reason,
        "duration": None if one.duration_us is None else one.duration_us / 1e6,
        "container": one.container or None,
        "codec": one.codec or None,
        "width": one.width,
        "height": one.height,
        "fps": one.fps,
        "occurrences": [
            {
                "path": None if met.untrusted_path is None else text_of(met.untrusted_path),
                "accession": met.accession,
            }
            for met in one.occurrences
        ],
        "contested": [contest_document(mark) for mark in one.contested],
    }


def contest_document(one: ContestView) -> dict[str, object]:
    """The JSON of a mark: what of an item is in a film known outside."""
    return {
        "known": one.known,
        "known_sha256": one.known_digest.hex(),
        "kind": one.kind,
        "item_start": one.item_start_us / 1e6,
        "known_start": one.known_start_us / 1e6,
        "length": one.length_us / 1e6,
        "score": one.score,
        "entry": one.entry,
    }


def _line(one: ItemView) -> str:
    length = "" if one.duration_us is None else f"{one.duration_us / 1e6:.1f} s"
    size = f"{one.width}x{one.height}" if one.width else ""
    return (
        f"{one.digest.hex()[:16]}  {one.size:>13}  {one.kind or 'not examined':<12} "
        f"{one.state:<10} {one.container:<12} {one.codec:<12} {size:<10} {length:>10}  {one.reason}"
    ).rstrip()
