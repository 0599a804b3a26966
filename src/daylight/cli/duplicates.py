"""``daylight duplicates``: which recordings show the same, and what is known outside."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from daylight.catalogue.queries.relations import (
    ContestView,
    KnownView,
    Met,
    RelationView,
    contested,
    known_films,
    met_again,
    relations,
)
from daylight.cli.items import contest_document
from daylight.cli.output import note, print_json, progress, say
from daylight.cli.session import session_of
from daylight.domain.digest import Digest
from daylight.services.known import against
from daylight.services.known_later import forget

GROUPED = frozenset({"remuxed", "re-encoded", "rescaled", "letterboxed", "trimmed"})


def run(
    ctx: typer.Context,
    *,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--against", help="Compare with the films of this folder, and mark what is in them."
        ),
    ] = None,
    note_text: Annotated[
        str, typer.Option("--note", help="Of the films of --against: where they are from.")
    ] = "",
    known: Annotated[
        bool, typer.Option("--known", help="List the films that are known outside.")
    ] = False,
    forgotten: Annotated[
        str, typer.Option("--forget", metavar="ID", help="Know a film no more; its marks go.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why --forget; the ledger keeps it.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Pairs of recordings that share a stretch, groups of copies, and items that are known outside."""
    session = session_of(ctx)
    ws, principal = session.workspace, session.principal
    if forgotten:
        ws.keyring.unlock()
        gone = forget(ws, principal, forgotten, reason)
        note(f"Forgotten; {gone} marks went with it.")
    if known or forgotten:
        _list_known(known_films(principal), as_json=as_json)
        return
    if folder is not None:
        ws.keyring.unlock()
        with progress("compare", "films and pairs") as shown:
            report = against(ws, principal, folder, shown, note_text)
        note(
            f"{report.files} files, {report.compared} of them films; "
            f"{report.contested} items are in one of them."
        )
    pairs, again, marks = relations(principal), met_again(principal), contested(principal)
    if as_json:
        print_json(_document(pairs, again, marks))
    else:
        _tell(pairs, again, marks)


def _list_known(films: Sequence[KnownView], *, as_json: bool) -> None:
    if as_json:
        print_json({"schema": "known/1", "known": [_known(one) for one in films]})
        return
    for one in films:
        words = f"  {one.note}" if one.note else ""
        say(f"{one.id}  {one.added:%Y-%m-%d}  in {one.items} items  {one.name}{words}")


def _known(one: KnownView) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "sha256": one.digest.hex(),
        "added": one.added.isoformat(),
        "agent": one.agent,
        "note": one.note,
        "items": one.items,
    }


def _document(
    pairs: Sequence[RelationView], again: Sequence[Met], marks: Sequence[ContestView]
) -> dict[str, object]:
    return {
        "schema": "duplicates/1",
        "pairs": [*map(_identical, again), *map(_pair, pairs)],
        "groups": [[one.hex() for one in group] for group in _groups(pairs)],
        "contested": [contest_document(one) | {"item": one.item.hex()} for one in marks],
    }


def _identical(one: Met) -> dict[str, object]:
    """A file that came in more than once is one item: a pair with itself."""
    return {
        "kind": "identical",
        "item_a": one.item.hex(),
        "item_b": one.item.hex(),
        "a_start": 0.0,
        "b_start": 0.0,
        "length": None if one.duration_us is None else one.duration_us / 1e6,
        "score": 1.0,
        "occurrences": one.occurrences,
    }


def _pair(one: RelationView) -> dict[str, object]:
    return {
        "kind": one.kind,
        "item_a": one.a.hex(),
        "item_b": one.b.hex(),
        "a_start": one.a_start_us / 1e6,
        "b_start": one.b_start_us / 1e6,
        "length": None if one.length_us is None else one.length_us / 1e6,
        "score": one.score,
        "by": one.analysis,
        **one.facts,
    }


def _groups(pairs: Sequence[RelationView]) -> list[list[Digest]]:
    """Copies of one another and cuts of them, joined; not what is contained in something longer."""
    leader: dict[Digest, Digest] = {}

    def first(one: Digest) -> Digest:
        while leader.setdefault(one, one) != one:
            one = leader[one]
        return one

    for pair in pairs:
        if pair.kind in GROUPED:
            low, high = sorted((first(pair.a), first(pair.b)))
            leader[high] = low
    members: defaultdict[Digest, list[Digest]] = defaultdict(list)
    for one in sorted(leader):
        members[first(one)].append(one)
    return [found for found in members.values() if len(found) > 1]


def _tell(
    pairs: Sequence[RelationView], again: Sequence[Met], marks: Sequence[ContestView]
) -> None:
    for one in again:
        say(f"identical    {one.item.hex()[:16]} came in {one.occurrences} times")
    for pair in pairs:
        length = "" if pair.length_us is None else f" for {pair.length_us / 1e6:.1f} s"
        say(
            f"{pair.kind:<12} {pair.a.hex()[:16]} at {pair.a_start_us / 1e6:.1f} s = "
            f"{pair.b.hex()[:16]} at {pair.b_start_us / 1e6:.1f} s{length} (score {pair.score:.2f})"
        )
    for mark in marks:
        say(
            f"CONTESTED    {mark.item.hex()[:16]} at {mark.item_start_us / 1e6:.1f} s is in "
            f"{mark.known} at {mark.known_start_us / 1e6:.1f} s for {mark.length_us / 1e6:.1f} s "
            f"({mark.kind}, score {mark.score:.2f})"
        )
    if pairs or marks:
        say(
            "Found by a program and not confirmed by a person: docs/analyses.md says what it can mean."
        )
