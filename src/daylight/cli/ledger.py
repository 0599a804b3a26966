"""``daylight ledger``: what others hold against us, and what we can show them."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from daylight.catalogue.ledger_rows import entries, entries_about, entries_at
from daylight.catalogue.queries.items import find
from daylight.cli.ledger_outside import card, compare, witness, write_new
from daylight.cli.output import FAULTY, note, print_json, progress, say
from daylight.cli.passphrase import choose
from daylight.cli.session import Session, session_of
from daylight.domain.fault import Fault
from daylight.errors import UsageError
from daylight.ledger.head import SignedHead
from daylight.services import heads, ledger
from daylight.services.witness import witness_faults

LATEST = 20  # entries that ``log`` shows of the whole ledger

Json = Annotated[bool, typer.Option("--json", help="One JSON document.")]
OpenKey = Annotated[
    bool, typer.Option("--no-passphrase", help="Leave the keys open to who has the disk.")
]


def head(
    ctx: typer.Context,
    *,
    out: Annotated[
        Path | None, typer.Option(help="Write the head's file there.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """The signed head: how many entries, and their root. Give it to somebody outside."""
    kept = heads.keep(session_of(ctx).workspace)
    if out is not None:
        write_new(out, heads.to_file(kept))
    if as_json:
        print_json(kept.document())
        return
    say(f"{kept.head.size} entries, root {kept.head.root.hex()}")
    say(f"signed {kept.head.at} by key {kept.head.key.hex()}")


def prove(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(help="An entry's number, or an item.")],
    *,
    as_json: Json = False,
) -> None:
    """That entries stand in the ledger: their audit paths up to the signed head."""
    session = session_of(ctx)
    heads.keep(session.workspace)
    indices = [int(what)] if what.isdecimal() and len(what) < 8 else _entries_of(session, what)
    proofs = [ledger.prove(session.principal, index) for index in indices]
    if as_json:
        shown = [ledger.proof_document(one) for one in proofs]
        print_json({"schema": "inclusions/1", "proofs": shown})
        return
    for one in proofs:
        size = one.head.head.size
        say(f"entry {one.entry.index} of {size}: {one.entry.action}, {one.entry.at}")
        say(f"  leaf {one.entry.leaf.decode()}")
        for step in one.path:
            say(f"  path {step.hex()}")
        say(f"  root {one.head.head.root.hex()}")


def check(
    ctx: typer.Context,
    *,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="A head's or card's file that somebody kept.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Go over every entry, opening, hash and head again; with --against, over an earlier head too."""
    session = session_of(ctx)
    given = [heads.from_file(path) for path in against or []]
    grown = [ledger.growth(session.workspace, session.principal, one) for one in given]
    outside = {f"given {number}": one for number, one in enumerate(given, 1)}
    with progress("ledger", unit="entries") as bar:
        found = ledger.recheck(session.workspace, session.principal, outside, bar)
    faults = (*found.faults, *witness_faults(session.workspace))
    if as_json:
        print_json(
            {
                "schema": "ledger-check/1",
                "entries": found.entries,
                "root": found.root.hex(),
                "ok": not faults,
                "faults": [_fault(one) for one in faults],
                "against": [_growth(one) for one in grown],
            }
        )
    else:
        _tell(found.entries, found.root, faults, given)
    if faults:
        raise typer.Exit(FAULTY)


def log(
    ctx: typer.Context,
    item: Annotated[
        str, typer.Argument(help="An item; without it the latest entries.", show_default=False)
    ] = "",
    *,
    as_json: Json = False,
) -> None:
    """What was done, in order: to one item, or the latest entries of all."""
    session = session_of(ctx)
    size = heads.keep(session.workspace).head.size
    shown = (
        entries_at(_entries_of(session, item)) if item else entries(max(0, size - LATEST), LATEST)
    )
    if as_json:
        rows = [{"index": e.index, "at": e.at, "action": e.action, "agent": e.agent} for e in shown]
        print_json({"schema": "ledger-log/1", "entries": rows})
        return
    for one in shown:
        say(f"{one.index:>8} {one.at:<17} {one.agent[:8]} {one.action}")


def rotate_key(ctx: typer.Context, *, no_passphrase: OpenKey = False) -> None:
    """Let a new key sign from here on; the ledger keeps the signatures of both."""
    session = session_of(ctx)
    session.workspace.keyring.unlock()  # the old passphrase first
    phrase = "" if no_passphrase else choose(session.passphrase_file, "the vault's keys")
    public = ledger.rotate_key(session.workspace, session.principal, phrase)
    say(f"The ledger is now signed by key {public.hex()}")


def new_key(
    ctx: typer.Context,
    *,
    reason: Annotated[str, typer.Option(help="How the key was lost; the ledger keeps it.")],
    no_passphrase: OpenKey = False,
) -> None:
    """Go on without a key that is lost. What it signed stays good; replicas need their shares."""
    session = session_of(ctx)
    ws = session.workspace
    phrase = "" if no_passphrase else choose(session.passphrase_file, "the vault's keys")
    public = ledger.replace_lost_key(ws, session.principal, phrase, reason)
    say(f"The ledger is now signed by key {public.hex()}")
    note("daylight: replicas made with the lost key open with their shares alone; replicate anew")


COMMANDS: dict[str, Callable[..., None]] = {
    "head": head,
    "prove": prove,
    "check": check,
    "card": card,
    "compare": compare,
    "witness": witness,
    "log": log,
    "rotate-key": rotate_key,
    "new-key": new_key,
}


def _entries_of(session: Session, item: str) -> list[int]:
    found = find(session.principal, item.lower())
    if len(found) != 1:
        raise UsageError("no item has this name" if not found else "several items begin like this")
    return entries_about(found[0].digest)


def _fault(one: Fault) -> dict[str, str]:
    return {"name": one.name, "object": one.object, "detail": one.detail}


def _growth(one: ledger.Growth) -> dict[str, object]:
    return {
        "size": one.earlier.head.size,
        "holds": one.holds,
        "consistency": [step.hex() for step in one.path],
    }


def _tell(
    entries_there: int, root: bytes, faults: tuple[Fault, ...], given: list[SignedHead]
) -> None:
    say(f"{entries_there} entries, root {root.hex()}")
    for one in faults:
        say(f"FAULT {one.name}: {one.object}: {one.detail}")
    if not faults:
        held = f", and so do the {len(given)} heads given" if given else ""
        say(f"Every entry, opening and head agrees{held}.")
