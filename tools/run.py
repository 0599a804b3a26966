"""``make run``: from a disk (or the sample archive) to the review room, in one command.

Started again it goes on with what is there: the vault, the accession, the findings. Each step is the
``daylight`` program itself, so whatever happens here can be done by hand.
"""

import argparse
import getpass
import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from sample_archive import build

ROOT = Path(__file__).resolve().parent.parent
DAYLIGHT = Path(sys.executable).parent / "daylight"
SAMPLE = ROOT / "build/sample-archive"
SAMPLE_VAULT = ROOT / "build/sample-vault"
SAMPLE_NAME = "sample"
SAMPLE_CUSTODY = (
    *("--device", "no device: a folder built from the clips in samples/"),
    *("--from", "office:Daylight, tools/sample_archive.py"),
    *("--connected", "on this machine"),
)
INTERRUPTED = 130
GONE_ON = (0, 1)  # done; done, but the evidence has a fault: that is what there is to look at


@dataclass(frozen=True)
class Asked:
    """``archive`` is None where there is nothing to take in: the vault is opened as it is."""

    vault: Path
    archive: Path | None
    accession: str
    init_options: tuple[str, ...]
    custody: tuple[str, ...]
    port: str


def main() -> int:
    asked = _asked()
    vault = asked.vault
    _ask_once(vault, asked.init_options)
    if not (vault / "vault.toml").exists():
        code = _daylight("init", vault, *asked.init_options)
        if code not in GONE_ON:
            return code
    if asked.archive is None:
        code = _daylight("--vault", vault, "examine")
    else:
        name = asked.accession or _name_of(vault, asked.archive)
        # What is asked is kept when the accession is made; asked again, it would go nowhere.
        custody = ["--no-ask"] if _has(vault, name) else [*asked.custody]
        code = _daylight("--vault", vault, "import", "--accession", name, *custody, asked.archive)
    if code not in GONE_ON:
        return code
    return _daylight("--vault", vault, "serve", "--port", asked.port)


def _ask_once(vault: Path, init_options: tuple[str, ...]) -> None:
    """Ask for the passphrase here, so that not every step asks for it."""
    given = {"--passphrase-file", "--no-passphrase"} & set(init_options)
    if given or "DAYLIGHT_PASSPHRASE" in os.environ or not sys.stdin.isatty():
        return
    keys = vault / "vault.keys"
    if keys.exists():
        if "secret" not in json.loads(keys.read_bytes()):
            os.environ["DAYLIGHT_PASSPHRASE"] = getpass.getpass("Passphrase of the vault's keys: ")
        return
    first = getpass.getpass("New passphrase for the vault's keys: ")
    if first != getpass.getpass("Once more: "):
        sys.exit("The two passphrases differ; nothing was made.")
    os.environ["DAYLIGHT_PASSPHRASE"] = first


def _asked() -> Asked:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--archive", default=os.environ.get("RUN_ARCHIVE", ""))
    parser.add_argument("--vault", default=os.environ.get("RUN_VAULT", ""))
    parser.add_argument("--accession", default=os.environ.get("RUN_ACCESSION", ""))
    parser.add_argument("--init-options", default=os.environ.get("RUN_INIT_OPTIONS", ""))
    parser.add_argument("--port", default=os.environ.get("RUN_PORT", "") or "8400")
    given = parser.parse_args()
    options = tuple(shlex.split(given.init_options))
    if given.archive and not given.vault:
        parser.error("a disk of your own needs a vault of its own: make run ARCHIVE=… VAULT=…")
    if given.archive:
        archive = Path(given.archive)
        return Asked(Path(given.vault), archive, given.accession, options, (), given.port)
    if given.vault:
        if not (Path(given.vault) / "vault.toml").exists():
            parser.error("there is no vault yet: say what goes into it, ARCHIVE=…")
        return Asked(Path(given.vault), None, "", options, (), given.port)
    return _sample(options, given.port)


def _sample(options: tuple[str, ...], port: str) -> Asked:
    if not SAMPLE.exists():
        print("Building a small sample archive…", flush=True)
        draft = SAMPLE.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        build(draft)
        draft.rename(SAMPLE)
    if not (SAMPLE_VAULT / "vault.toml").exists():
        print(
            "The sample is public and holds nothing secret, so its vault may lie on a plain disk\n"
            "(--plain-disk) and its keys stand open (--no-passphrase). A vault for real material belongs on an encrypted volume.",
            flush=True,
        )
        shutil.rmtree(SAMPLE_VAULT, ignore_errors=True)  # of an init that was cut short
        options = (*options, "--plain-disk", "--no-passphrase")
    custody = (*SAMPLE_CUSTODY, "--no-ask")
    return Asked(SAMPLE_VAULT, SAMPLE, SAMPLE_NAME, options, custody, port)


def _name_of(vault: Path, archive: Path) -> str:
    """The same for the same folder of the same file system, another for another disk put there.

    Hashed together with the vault's random id: the name is seen by people who may not see paths.
    """
    if not archive.exists():
        return "disk"  # the import says what is wrong with it
    system, root = os.statvfs(archive), archive.stat()
    identity = (system.f_fsid, system.f_frsize, system.f_blocks, root.st_ino)
    settings = tomllib.loads((vault / "vault.toml").read_text())
    keyed = f"{settings['id']} {identity} ".encode() + os.fsencode(os.path.realpath(archive))
    return f"disk-{hashlib.sha256(keyed).hexdigest()[:12]}"


def _has(vault: Path, accession: str) -> bool:
    """Whether an earlier run has opened this accession."""
    words = [DAYLIGHT, "--vault", vault, "status", "--json"]
    told = subprocess.run(words, check=False, stdout=subprocess.PIPE)
    if told.returncode:
        sys.exit(told.returncode)
    return any(one["name"] == accession for one in json.loads(told.stdout)["accessions"])


def _daylight(*words: str | Path) -> int:
    """Run a verb to its own end; its exit code. Ctrl-C reaches it by itself, SIGTERM is passed on."""
    interrupt = signal.signal(signal.SIGINT, lambda *_: None)
    with subprocess.Popen([DAYLIGHT, *words]) as process:
        end = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        code = process.wait()
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, interrupt)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # between two steps
        sys.exit(INTERRUPTED)
