"""``daylight approve ID``: the second of two signatures; the act follows at once."""

from typing import Annotated

import typer

from daylight.cli.named import As, KeyFile, request_document
from daylight.cli.output import note, print_json, say
from daylight.cli.passphrase import personal
from daylight.cli.purge import tell
from daylight.cli.session import session_of
from daylight.errors import ApprovalRefused
from daylight.services import purge
from daylight.services.approvals import opened
from daylight.services.approve import approve
from daylight.services.personal_keys import signer


def run(
    ctx: typer.Context,
    request: Annotated[str, typer.Argument(help="The request's id.", show_default=False)],
    *,
    as_user: As,
    key_passphrase_file: KeyFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Show what one person has asked for, sign it as another, and carry it out."""
    session = session_of(ctx)
    ws = session.workspace
    if purge.is_cut_short(request):
        tell(purge.finish(ws), as_json=as_json)
        return
    view = opened(ws, request)
    second = signer(as_user)
    if second.agent == view.first:
        raise ApprovalRefused("the same person cannot sign twice")
    for key, value in request_document(view).items():
        for one in value if isinstance(value, list) else [value]:
            note(f"{key:<12} {'' if one is None else one}")
    phrase = personal(key_passphrase_file, as_user)
    done = approve(ws, session.principal, request, second, phrase)
    if done.purges:
        tell(list(done.purges), as_json=as_json)
    elif as_json:
        print_json({"schema": "approval/1", "act": done.act, "entry": done.entry})
    else:
        say(f"Done: {done.act} (entry {done.entry}).")
