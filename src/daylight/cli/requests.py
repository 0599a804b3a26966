"""``daylight requests``: what one person has signed and a second one has not."""

from typing import Annotated

import typer

from daylight.catalogue.queries.requests import open_requests
from daylight.cli.named import request_document
from daylight.cli.output import print_json, say
from daylight.cli.session import session_of
from daylight.domain.principal import Right
from daylight.services.approvals import withdraw as take_back


def run(
    ctx: typer.Context,
    *,
    withdraw: Annotated[str, typer.Option(help="Take this request back.", show_default=False)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """List the open requests, with what they are about; or take one back."""
    session = session_of(ctx)
    ws = session.workspace
    session.principal.require(Right.SEE_CUSTODY)
    if withdraw:
        take_back(ws, session.principal, withdraw)
    found = open_requests(ws.clock())
    if as_json:
        print_json({"schema": "requests/1", "requests": [request_document(one) for one in found]})
        return
    for one in found:
        said = one.statement
        say(
            f"{one.public_id}  {said.act}  {len(one.digests)} items  by {one.first_name}  {said.at}"
        )
        say(f"    {said.reason}")
