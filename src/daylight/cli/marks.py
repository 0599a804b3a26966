"""``daylight marks [ITEM…]``: what people said of footage."""

from typing import Annotated

import typer

from daylight.catalogue.queries.marks import MarkView, all_marks
from daylight.cli.named import digests
from daylight.cli.output import print_json, say
from daylight.cli.session import session_of
from daylight.domain.marks import Span, to_json


def run(
    ctx: typer.Context,
    items: Annotated[
        list[str] | None, typer.Argument(help="SHA-256 (or its first digits) or id; else all.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """List the marks that stand, of some items or of all."""
    session = session_of(ctx)
    named = digests(session, items or ())
    found = all_marks(session.principal, named)
    if as_json:
        print_json({"schema": "marks/1", "marks": [_document(one) for one in found]})
        return
    for one in found:
        _show(one)


def _show(one: MarkView) -> None:
    said = one.said
    level = "" if said.severity is None else f" {said.severity}"
    sure = "confirmed" if one.confirmed else "not confirmed"
    say(f"{one.item_digest.hex()[:12]}  {moment(said.span)}  {one.kind.value}{level}  {sure}")
    for line in said.words.splitlines():
        say(f"    {line}")
    if said.tags:
        say(f"    [{', '.join(said.tags)}]")


def moment(span: Span | None) -> str:
    """``M:SS.s to M:SS.s``, or that it is the whole item."""
    if span is None:
        return "all of it"
    return " to ".join(
        f"{us // 60_000_000}:{us % 60_000_000 / 1e6:04.1f}" for us in (span.start_us, span.end_us)
    )


def _document(one: MarkView) -> dict[str, object]:
    """The JSON of a mark; keys are stable."""
    newest = one.newest
    return {
        "id": one.public_id,
        "item": one.item_digest.hex(),
        **{key: value for key, value in to_json(one.kind, one.said).items() if key != "schema"},
        "version": newest.number,
        "agent": newest.agent,
        "at": newest.at.isoformat(),
        "confirmed_by": list(newest.confirmed_by),
        "comments": [
            {"agent": said.agent, "at": said.at.isoformat(), "words": said.words}
            for said in one.comments
        ],
        "urgent": any(call.settled_at is None for call in one.calls),
    }
