"""``daylight shares``: the key of replicas on cards, for several people."""

from typing import Annotated

import typer

from daylight.cli.output import note, say
from daylight.cli.session import session_of
from daylight.services.shares import make as make_shares


def make(
    ctx: typer.Context,
    *,
    threshold: Annotated[int, typer.Option(help="How many cards give the key.")],
    of: Annotated[int, typer.Option(help="How many cards there are.")],
) -> None:
    """Print the cards, once. They are kept nowhere."""
    session = session_of(ctx)
    cards = make_shares(session.workspace, session.principal, threshold=threshold, count=of)
    for number, words in enumerate(cards, start=1):
        say(f"Card {number} of {of}. Any {threshold} of them open this vault's replicas.")
        say(words)
        say("")
    note("daylight: write each card down, give it to one person, and clear this screen")


COMMANDS = {"make": make}
