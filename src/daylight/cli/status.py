"""``daylight status``: what the vault holds, and what is still to do."""

from datetime import datetime
from typing import Annotated

import typer

from daylight.catalogue.queries.overview import AccessionView, Attested, Overview, overview
from daylight.cli.output import print_json, say
from daylight.cli.session import session_of
from daylight.domain.clock import coarse


def run(
    ctx: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """What came in, what it is, what is damaged, what is not examined yet."""
    session = session_of(ctx)
    now = session.workspace.clock()
    seen = overview(session.principal)
    if as_json:
        print_json(_document(seen, now))
    else:
        _tell(seen)


def _document(seen: Overview, now: datetime) -> dict[str, object]:
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
        "ledger": {
            "entries": seen.ledger_entries,
            "witnessed": seen.witnessed and _attested(seen.witnessed, now),
            "sealed": seen.sealed and _attested(seen.sealed, now),
        },
    }


def _attested(seen: Attested, now: datetime) -> dict[str, object]:
    return {
        "size": seen.size,
        "at": coarse(seen.at),
        "days_ago": seen.days_ago(now),
        "entries_since": seen.entries_since,
        "by": seen.by,
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
    say(f"Ledger: {seen.ledger_entries} entries. {_witness_line(seen.witnessed)}")
    say(_seal_line(seen.sealed))


def _witness_line(seen: Attested | None) -> str:
    if seen is None:
        return (
            "Never witnessed outside: give a card to two people outside (`daylight ledger card`), "
            "and ask a partner to sign (docs/witness.md)."
        )
    partners = "one partner" if seen.by == 1 else f"{seen.by} partners"
    if not seen.entries_since:
        return f"Witnessed outside by {partners}, and nothing was entered since {seen.at:%d %b %Y}."
    return f"Not witnessed outside since {_since(seen)}; then by {partners}."


def _seal_line(seen: Attested | None) -> str:
    if seen is None:
        return (
            "Never sealed: name two time-stamp authorities (`daylight seal add`), and let "
            "`daylight work` ask them (docs/seal.md)."
        )
    authorities = "one authority" if seen.by == 1 else f"{seen.by} authorities"
    if not seen.entries_since:
        return f"Sealed by {authorities}, and nothing was entered since {seen.at:%d %b %Y}."
    return f"Not sealed since {_since(seen)}; then by {authorities}."


def _since(seen: Attested) -> str:
    entries = "1 entry" if seen.entries_since == 1 else f"{seen.entries_since:,} entries"
    return f"{seen.at:%d %b %Y} ({entries})"
