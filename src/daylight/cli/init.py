"""``daylight init DIR``: a new vault."""

from pathlib import Path
from typing import Annotated

import typer

from daylight.cli.output import note, print_json, say
from daylight.cli.passphrase import choose
from daylight.cli.session import session_of
from daylight.crypto.vault_keys import new_keys, to_file
from daylight.domain.clock import system_clock
from daylight.services import heads, vault
from daylight.storage import layout
from daylight.storage.volume import inspect


def run(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="An empty or new folder.", show_default=False)],
    *,
    plain_disk: Annotated[
        bool, typer.Option("--plain-disk", help="Accept a volume that is not encrypted.")
    ] = False,
    database: Annotated[
        str, typer.Option(help="postgresql:// URL of the catalogue; the default is SQLite.")
    ] = "",
    no_passphrase: Annotated[
        bool,
        typer.Option("--no-passphrase", help="Leave the vault's keys open to who has the disk."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Make a vault: checks the volume, free space and clock first."""
    session = session_of(ctx)
    standing = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    volume = inspect(standing)
    vault.check_volume(volume, plain_disk=plain_disk)
    free = vault.check_space(standing)
    vault.check_clock(system_clock)
    phrase = "" if no_passphrase else choose(session.passphrase_file, "the vault's keys")
    made = layout.create(folder, database)
    try:
        made.write_keys(to_file(new_keys(), phrase))
        ws = session.settle(made, lambda: phrase)
        vault.migrate()
        vault.found(ws)
        layout.seal(made)
        head = heads.keep(ws)
    except BaseException:
        layout.abandon(made)
        raise
    if as_json:
        print_json(
            {
                "schema": "init/1",
                "vault": made.vault_id,
                "encrypted": volume.encrypted,
                "key": head.head.key.hex(),
                "free_bytes": free,
            }
        )
        return
    say(f"Vault made. {free / 1e9:.0f} GB are free.")
    if not volume.encrypted:
        note("daylight: this volume is not known to be encrypted; whoever takes the disk reads it")
