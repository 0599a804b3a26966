"""``daylight views``: the log of who watched what; its key, reading it, destroying what is old."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from daylight.cli.named import text_of
from daylight.cli.output import note, print_json, say
from daylight.cli.session import session_of
from daylight.domain.views import RETENTION
from daylight.errors import UsageError
from daylight.services.view_audit import Told
from daylight.services.view_audit import audit as audit_views
from daylight.services.view_days import destroy_old
from daylight.services.view_setup import set_up


def setup(
    ctx: typer.Context,
    *,
    shares: Annotated[str, typer.Option(help="K/N: of N cards any K open the log.")],
    days: Annotated[int, typer.Option(help="How long records are kept.")] = RETENTION,
) -> None:
    """Make the audit key and print its cards, once. They are kept nowhere."""
    session = session_of(ctx)
    threshold, count = _split(shares)
    cards = set_up(
        session.workspace, session.principal, threshold=threshold, shares=count, days=days
    )
    for number, words in enumerate(cards, start=1):
        say(f"Card {number} of {count}. Any {threshold} of them open this vault's log of views.")
        say(words)
        say("")
    note("daylight: write each card down, give it to one person, and clear this screen")


def audit(
    ctx: typer.Context,
    *,
    shares: Annotated[
        list[Path], typer.Option(help="A file with the words of one card; give it for each.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Print who was sent what. The ledger says that somebody looked."""
    session = session_of(ctx)
    found = audit_views(session.workspace, session.principal, [text_of(one) for one in shares])
    if as_json:
        views = [_document(one) for one in found.told]
        print_json({"schema": "views/1", "views": views, "closed": found.closed})
        return
    for one in found.told:
        say(_line(one))
    if found.closed:
        note(f"{found.closed} records were made before or after these cards, and stay closed.")


def destroy(ctx: typer.Context) -> None:
    """Destroy the days that are older than the vault keeps them."""
    session = session_of(ctx)
    gone = destroy_old(session.workspace)
    say(f"Destroyed: {len(gone)} days.")


def _split(text: str) -> tuple[int, int]:
    threshold, _, count = text.partition("/")
    if not (threshold.isascii() and threshold.isdigit() and count.isascii() and count.isdigit()):
        raise UsageError("--shares takes two numbers, as in 3/5")
    return int(threshold), int(count)


def _line(one: Told) -> str:
    view = one.view
    span = "all of it"
    if view.start_us is not None and view.end_us is not None:
        span = f"{view.start_us / 1e6:.1f}-{view.end_us / 1e6:.1f} s"
    who, item = one.user or view.agent[:12], one.item[:12] or f"(gone {view.item[:8]})"
    return f"{_time(view.at)}  {who:<20} {item:<16} {view.how:<20} {span}"


def _document(one: Told) -> dict[str, object]:
    view = one.view
    return {
        "at": _time(view.at),
        "until": _time(view.until),
        "agent": view.agent,
        "user": one.user,
        "item": one.item or None,
        "item_id": view.item,
        "how": view.how,
        "start_us": view.start_us,
        "end_us": view.end_us,
    }


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


COMMANDS: dict[str, Callable[..., None]] = {"setup": setup, "audit": audit, "destroy": destroy}
