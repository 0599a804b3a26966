"""``daylight help-page``: where those who work here find help."""

from pathlib import Path
from typing import Annotated

import typer

from daylight.cli.named import text_of
from daylight.cli.output import say
from daylight.cli.session import session_of
from daylight.services import help_text


def run(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Plain text, UTF-8; links stand in it as they are.")],
) -> None:
    """Put the text of a file on the page where people find help."""
    session = session_of(ctx)
    help_text.write(session.workspace, session.principal, text_of(file))
    say("The page is written. Everybody who signs in finds it under Help.")
