"""``daylight status``: what the vault holds, and what is still to do."""

from typing import Annotated

import typer

from daylight.catalogue.queries.overview import AccessionView, Overview, overview
from daylight.cli.output import print_json, say
from daylight.cli.session import session_of


def run(
    ctx: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """What came in, what it is, what is damaged, what is not examined yet."""
    session = session_of(ctx)
    session.workspace  # noqa: B018  # opens the vault
    seen = overview(session.principal)
    if as_json:
        print_json(_document(seen))
    else:
        _tell(seen)


def _document(seen: Overview) -> dict[str, object]:
    return {
        "schema": "status/1",
        "items": seen.items,
        "bytes": seen.bytes,
        "video_seconds": round(seen.seconds_of_video, 3),
        "unexamined": seen.unexamined,
        "kinds": [
            {"kind": k.kind, "state": k.state, "items": k.items, "bytes": k.bytes}
            for k in seen.kinds
        ],
        "accessions": [_accession(one) for one in seen.accessions],
        "ledger": {"entries": seen.ledger_entries},
    }


def _accession(one: AccessionView) -> dict[str, object]:
    return {
        "name": one.name,
        "collection": one.collection,
        "created": one.created.isoformat(),
        "finished": None if one.finished is None else one.finished.isoformat(),
        "occurrences": one.occurrences,
        "bytes": one.bytes,
        "not_kept": one.excluded,
        "custody": dict(one.statements or {}),
    }


def _tell(seen: Overview) -> None:
    say(
        f"{seen.items} items, {seen.bytes / 1e9:.2f} GB, {seen.seconds_of_video / 3600:.1f} h video."
    )
    for kind in seen.kinds:
        say(f"  {kind.kind:<9} {kind.state:<11} {kind.items:>7}  {kind.bytes / 1e6:>12.1f} MB")
    if seen.unexamined:
        say(f"  {seen.unexamined} items are not examined yet: run `daylight examine`.")
    for one in seen.accessions:
        state = "finished" if one.finished else "UNFINISHED: run the import again, it goes on"
        say(f"Accession {one.name} ({state}): {one.occurrences} files, {one.excluded} not kept.")
        for topic, value in (one.statements or {}).items():
            say(f"  {topic.replace('_', ' ')}: {value or 'unknown'}")
    say(f"Ledger: {seen.ledger_entries} entries.")
