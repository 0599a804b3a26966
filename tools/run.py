"""``make run``: from a disk (or the sample archive) to the review room, in one command.

Started again it goes on with what is there: the vault, the accession, the findings.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from sample_archive import build

ROOT = Path(__file__).resolve().parent.parent
DAYLIGHT = Path(sys.executable).parent / "daylight"
SAMPLE = ROOT / "build/sample-archive"
SAMPLE_VAULT = ROOT / "build/sample-vault"
INTERRUPTED = 130


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", help="the disk or folder; without it a sample is built")
    parser.add_argument("--vault", help="where the vault is, or shall be")
    parser.add_argument("--init-options", default="", help="for `daylight init`, e.g. --plain-disk")
    parser.add_argument("--port", default="8400")
    asked = parser.parse_args()
    sample = not asked.archive
    if sample:
        _sample()
    archive = SAMPLE if sample else Path(asked.archive)
    vault = Path(asked.vault) if asked.vault else SAMPLE_VAULT
    if not sample and not asked.vault:
        parser.error("a disk of your own needs a vault of its own: make run ARCHIVE=… VAULT=…")
    options = asked.init_options.split()
    if sample and not options:
        print("The sample holds nothing secret: its vault may lie on a plain disk.", flush=True)
        options = ["--plain-disk"]
    steps = [["--vault", vault, "import", archive, *(["--accession", "sample"] if sample else [])]]
    if not (vault / "vault.toml").exists():
        steps.insert(0, ["init", vault, *options])
    elif _has(vault):
        steps = [["--vault", vault, "examine"]]
    for step in [*steps, ["--vault", vault, "serve", "--port", asked.port]]:
        code = subprocess.run([DAYLIGHT, *step], check=False).returncode
        if code not in (0, 1):
            return code
    return 0


def _sample() -> None:
    if SAMPLE.exists():
        return
    print("Building a small sample archive…", flush=True)
    draft = SAMPLE.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    build(draft)
    draft.rename(SAMPLE)


def _has(vault: Path) -> bool:
    """Whether an import into this vault has finished: then only what is missing is made."""
    asked = subprocess.run(
        [DAYLIGHT, "--vault", vault, "status", "--json"],
        check=False,
        capture_output=True,
        text=True,
    )
    return (
        asked.returncode == 0
        and '"finished": null' not in asked.stdout
        and '"finished": "' in asked.stdout
    )


if __name__ == "__main__":
    os.chdir(ROOT)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
