"""``daylight show ITEM``: all that is known of one item."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer

from daylight.catalogue.ledger_rows import EntryView, entries_about, entries_at
from daylight.catalogue.queries.burnt_clocks import ClockView, burnt_clock
from daylight.catalogue.queries.found import findings_of
from daylight.catalogue.queries.holds import HoldView, hold_on
from daylight.catalogue.queries.items import ItemView, find, media_facts
from daylight.cli.items import document
from daylight.cli.output import print_json, say, text_of
from daylight.cli.session import session_of
from daylight.domain.burnt_clock_json import naive_text, to_json
from daylight.errors import UsageError


def run(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(help="SHA-256 (or its first 8 digits and more), or id.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Facts, occurrences, renditions and custody entries of one item."""
    session = session_of(ctx)
    found = find(session.principal, item.lower())
    if len(found) != 1:
        raise UsageError("no item has this name" if not found else "several items begin like this")
    view = found[0]
    facts = media_facts(session.principal, view.public_id)
    custody = entries_at(entries_about(view.digest))
    hold = hold_on(view.digest)
    clock = burnt_clock(session.principal, view.public_id)
    findings = findings_of(session.principal, view.public_id)
    if as_json:
        more = {"burnt_clock": _clock_json(clock), "findings": [asdict(one) for one in findings]}
        print_json({**_document(view, facts, custody, hold), **more})
    else:
        _tell(view, custody, hold, clock)
        for one in findings:
            where = f" (read from the salvage {one.read_from[:12]})" if one.read_from else ""
            by = f"{one.detector}/{one.version}{where}"
            say(f"finding    {by}: {one.failed or _brief(one.facts)}")


def _brief(facts: Mapping[str, object]) -> str:
    """The facts that are numbers; what the file says of itself is left to ``--json``."""
    told = []
    for key, value in facts.items():
        if isinstance(value, int | float):
            told.append(f"{key} {value}")
        elif isinstance(value, dict) and "seconds" in value:
            told.append(f"{key} {value['seconds']} s")
    return ", ".join(told)


def _document(
    view: ItemView,
    facts: dict[str, object] | None,
    custody: list[EntryView],
    hold: HoldView | None,
) -> dict[str, object]:
    return {
        "schema": "item/1",
        **document(view),
        "facts": facts,
        "renditions": [
            {
                "name": one.name,
                "media_type": one.media_type,
                "sha256": one.digest.hex(),
                "bytes": one.size,
                "detector": one.detector,
                "version": one.version,
                "facts": one.facts,
            }
            for one in view.renditions
        ],
        "hold": hold
        and {"entry": hold.entry, "since": hold.since.isoformat(), "reason": hold.reason},
        "custody": [
            {"index": one.index, "at": one.at, "action": one.action, "agent": one.agent}
            for one in custody
        ],
    }


def _clock_json(view: ClockView | None) -> dict[str, object] | None:
    if view is None:
        return None
    said = {"version": view.version, "failed": view.failed, "rebuilt": view.rebuilt}
    return {**said, **to_json(view.clock)}


def _tell(
    view: ItemView, custody: list[EntryView], hold: HoldView | None, clock: ClockView | None
) -> None:
    for key, value in document(view).items():
        if key not in ("occurrences", "contested") and value not in (None, ""):
            say(f"{key:<10} {value}")
    for met in view.occurrences:
        checked = "read back" if met.verified else "not read back"
        say(f"came in    {met.accession}: {text_of(met.untrusted_path or b'')} ({checked})")
    for mark in view.contested:
        say(
            f"CONTESTED  {mark.length_us / 1e6:.1f} s from {mark.item_start_us / 1e6:.1f} s on are in "
            f"{mark.known}, which is known outside ({mark.kind}, score {mark.score:.2f})"
        )
    for one in view.renditions:
        say(f"rendition  {one.name} by {one.detector}/{one.version}: {one.digest.hex()}")
    _tell_clock(clock)
    if hold is not None:
        say(f"legal hold since {hold.since:%Y-%m-%d} (entry {hold.entry}): {hold.reason}")
    for entry in custody:
        say(f"ledger     {entry.index} {entry.at} {entry.action}")


def _tell_clock(view: ClockView | None) -> None:
    """Read by a machine: said with how sure it is."""
    if view is None or not view.clock.pieces:
        return
    clock = view.clock
    where = " in the salvage" if view.rebuilt else ""
    sure = f"read by machine{where}, not confirmed; confidence {clock.confidence:.2f}"
    say(f"clock      {clock.ticking.value}, {clock.layout}, {clock.read} of {clock.seen} ({sure})")
    for one in clock.pieces:
        at = f"{one.media_us / 1e6:.1f} s"
        say(f"  from {at:>9}  {naive_text(one.naive_us, clock.layout)}")
    if clock.others:
        say(f"  day and month may stand the other way round: {', '.join(clock.others)}")
    if clock.label:
        say(f"label      {text_of(clock.label.encode())}")
