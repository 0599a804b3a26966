"""``daylight restore SOURCE NEWVAULT``: a vault out of a backup, or out of a replica alone."""

import functools
from pathlib import Path
from typing import Annotated

import typer

from daylight.cli.named import text_of
from daylight.cli.output import print_json, progress, say
from daylight.cli.passphrase import ask, known
from daylight.cli.session import Session, session_of
from daylight.crypto.shares import combine
from daylight.crypto.vault_keys import from_file
from daylight.errors import SharesRefused, UsageError
from daylight.services import restore, vault
from daylight.services.restore import RestoreReport
from daylight.storage.destinations import open_remote
from daylight.storage.layout import Layout
from daylight.storage.volume import inspect


def run(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(help="A backup's file; a replica's folder or s3://….")],
    folder: Annotated[Path, typer.Argument(metavar="NEWVAULT", help="An empty or new folder.")],
    *,
    identity: Annotated[
        Path | None, typer.Option(help="The age identity file that opens the backup.")
    ] = None,
    under: Annotated[
        Path | None, typer.Option(help="A file whose first line is the backup's passphrase.")
    ] = None,
    shares: Annotated[
        list[Path] | None, typer.Option(help="A file with the words of one share; once for each.")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="The vault.keys that opens the replica.")
    ] = None,
    database: Annotated[
        str,
        typer.Option(help="An empty PostgreSQL database for the catalogue, if not the old one."),
    ] = "",
    plain_disk: Annotated[
        bool, typer.Option("--plain-disk", help="Accept a volume that is not encrypted.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Make a vault again, in a folder of its own; nothing is overwritten."""
    session = session_of(ctx)
    standing = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    vault.check_volume(inspect(standing), plain_disk=plain_disk)
    if "://" in source or Path(source).is_dir():
        key = _key(session, shares or [], keys)
        made, report = _from_replica(session, source, folder, key, database)
    else:
        identities = "" if identity is None else text_of(identity)
        passphrase = functools.partial(_backup_passphrase, under)
        made = restore.from_backup(Path(source), folder, identities, passphrase, database)
        report = None
    _tell(made, report, as_json=as_json)
    if report is not None and report.missing:
        raise typer.Exit(1)


def _from_replica(
    session: Session, source: str, folder: Path, key: bytes, database: str
) -> tuple[Layout, RestoreReport]:
    remote = open_remote(source, folder)
    made, _ = restore.state_from_replica(remote, key, folder, database)
    ws = session.settle(made, functools.partial(ask, session.passphrase_file))
    with progress("restore") as shown:
        return made, restore.objects_from_replica(ws, remote, key, shown)


def _key(session: Session, shares: list[Path], keys: Path | None) -> bytes:
    """The key of replicas, out of shares or a key file."""
    if bool(shares) == (keys is not None):
        raise UsageError("a replica opens with --shares, or with the vault's --keys")
    if keys is None:
        secret = combine([text_of(one) for one in shares])
        if len(secret) != 32:
            raise SharesRefused("the shares are those of another kind of key")
        return secret
    locked = from_file(text_of(keys).encode())
    return locked.open(ask(session.passphrase_file) if locked.needs_passphrase else "").storage


def _backup_passphrase(under: Path | None) -> str:
    return known(under) if under is not None else ask(None, "Passphrase of the backup")


def _tell(made: Layout, report: RestoreReport | None, *, as_json: bool) -> None:
    if as_json:
        missing = [one.digest.hex() for one in report.missing] if report else []
        objects = report.objects if report else 0
        document = {"vault": made.vault_id, "objects": objects, "missing": missing}
        print_json({"schema": "restore/1", **document})
    elif report is None:
        say("Vault restored, without its objects: `daylight repair --from DEST` brings them.")
    else:
        say(f"Vault restored: {report.objects} objects, {len(report.missing)} missing.")
        for one in report.missing:
            say(f"  missing: {one.digest.hex()}: {one.left}")
