"""``daylight backup FILE``: everything but the objects, in one encrypted file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from daylight.cli.output import print_json, say
from daylight.cli.passphrase import choose, known
from daylight.cli.session import session_of
from daylight.errors import UsageError
from daylight.services.backup import backup


def run(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A new file, best on another disk.")],
    *,
    recipient: Annotated[
        list[str] | None, typer.Option(help="An age public key (age1…); give it again for more.")
    ] = None,
    under: Annotated[
        Path | None, typer.Option(help="A file whose first line is the backup's passphrase.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Write catalogue, ledger and keys into one file that age opens."""
    session = session_of(ctx)
    recipients = recipient or []
    session.workspace.keyring.unlock()
    passphrase = "" if recipients and under is None else _passphrase(under)
    size = backup(
        session.workspace, session.principal, file, recipients=recipients, passphrase=passphrase
    )
    if as_json:
        print_json({"schema": "backup/1", "bytes": size, "recipients": len(recipients)})
        return
    say(f"Backup written, {size / 1e6:.1f} MB. The objects are not in it: `daylight replicate`.")


def _passphrase(under: Path | None) -> str:
    if under is not None:
        return known(under)
    if not sys.stdin.isatty():
        raise UsageError("a backup needs --recipient, or a passphrase in a file: --under")
    return choose(None, "the backup")
