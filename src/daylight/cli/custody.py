"""``daylight custody NAME``: further statements about a transfer."""

from typing import Annotated

import typer

from daylight.cli.output import say
from daylight.cli.session import session_of
from daylight.domain.custody import DRAW, TOPICS, Statements
from daylight.errors import UsageError
from daylight.services.accession import state


def run(
    ctx: typer.Context,
    accession: Annotated[str, typer.Argument(help="The accession's name.")],
    say_: Annotated[
        list[str], typer.Option("--state", help=f"TOPIC=TEXT; topics: {', '.join(TOPICS)}.")
    ],
) -> None:
    """Add what became known of a transfer. Earlier statements stay; each addition is an entry."""
    session = session_of(ctx)
    stated = dict(_pair(text) for text in say_)
    given = state(session.workspace, session.principal, accession, Statements(stated))
    if stated.get("handed_over_by") == DRAW:
        say(f"The codename of whoever handed it over: {given['handed_over_by']}")
    say(f"{len(stated)} statements added to accession {accession}.")


def _pair(text: str) -> tuple[str, str]:
    topic, sign, value = text.partition("=")
    if not sign:
        raise UsageError(f"a statement is TOPIC=TEXT, not {text!r}")
    return topic, value
