"""``daylight search WORDS``: find what people said, and what is written in pictures."""

from typing import Annotated

import typer

from daylight.catalogue.queries.marks import mark
from daylight.catalogue.queries.search import COUNTED, Hit, Wanted, find
from daylight.cli.marks import moment
from daylight.cli.output import print_json, say
from daylight.cli.session import Session, session_of
from daylight.domain.marks import Span
from daylight.domain.search import parse


def run(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(help='Words, "a phrase", begin*, -not.')],
    *,
    kind: Annotated[str, typer.Option(help="Only mark, description, severity or label.")] = "",
    camera: Annotated[str, typer.Option(help="Only of this camera (its id).")] = "",
    before: Annotated[int, typer.Option(min=0, help="Go on after the hit of this key.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Find words in any of their forms, newest first, fifty at a time."""
    session = session_of(ctx)
    session.workspace  # noqa: B018  # opens the vault
    asked = Wanted(parse(" ".join(words)), camera=camera, kind=kind, before=before or None)
    found = find(session.principal, asked)
    if as_json:
        hits = [_document(one) for one in found.hits]
        print_json({"schema": "search/1", "count": found.count, "more": found.more, "hits": hits})
        return
    for one in found.hits:
        _show(session, one)
    count = f"more than {COUNTED}" if found.count > COUNTED else str(found.count)
    say(f"{count} found." + (f" Go on with --before {found.hits[-1].key}" if found.more else ""))


def _show(session: Session, one: Hit) -> None:
    span = None if one.start_us is None else Span(one.start_us, one.start_us)
    say(f"{one.item}  {moment(span).split(' to ')[0]}  {one.kind}")
    said = mark(session.principal, one.ref)
    if said is not None:
        say(f"    {said.said.words or ', '.join(said.said.tags)}")


def _document(one: Hit) -> dict[str, object]:
    """The JSON of a hit; keys are stable."""
    return {
        "key": one.key,
        "kind": one.kind,
        "ref": one.ref,
        "item": one.item,
        "start_us": one.start_us,
    }
