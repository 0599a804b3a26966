"""A court package of many items out of a real vault, checked where Daylight is not: a bare environment.

DAYLIGHT_BENCH_ITEMS says how many items (100), DAYLIGHT_BENCH_ARCHIVE what is imported (small real media
of all kinds).
"""

import importlib.metadata
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.common import DAYLIGHT, scratch, shell
from tests.bench.recognise import mixed

ITEMS = int(os.environ.get("DAYLIGHT_BENCH_ITEMS", "100"))
PEOPLE = {"ada": "archivist", "boris": "counsel"}


class Desk:
    """A vault of real media, and two people who sign."""

    def __init__(self, work: Path) -> None:
        self._vault, self._work = work / "vault", work
        shell(DAYLIGHT, "init", self._vault, "--plain-disk", "--no-passphrase")
        for name, role in PEOPLE.items():
            self._phrase(name).write_text(f"the phrase of {name}\n")
            self.run("user", "add", name, "--role", role)
            self.run("user", "key", name, "--key-passphrase-file", self._phrase(name))

    def _phrase(self, name: str) -> Path:
        return self._work / f"{name}.phrase"

    def run(self, *words: str | Path, by: str = "") -> str:
        signs = ("--as", by, "--key-passphrase-file", self._phrase(by)) if by else ()
        command = [DAYLIGHT, "--vault", self._vault, *words, *signs]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{words[0]} ends with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    def chosen(self) -> list[str]:
        """Items of every kind, spread over all there are."""
        found = sorted(one["item"] for one in json.loads(self.run("items", "--json")))
        if len(found) < ITEMS:
            raise SystemExit(f"the vault has {len(found)} items, {ITEMS} are wanted")
        return [found[number * len(found) // ITEMS] for number in range(ITEMS)]

    def give_out(self, items: list[str], dest: Path) -> None:
        said = self.run("export", "court", *items, dest, "--reason", "the court asks", by="ada")
        request = said.split("--request ")[1].split()[0]
        self.run("export", "court", *items, dest, "--request", request, by="boris")


def bare_environment(work: Path) -> Path:
    """A Python that has the standard library and `cryptography`, nothing else; its program."""
    made = work / "bare"
    shell(sys.executable, "-m", "venv", made)
    python = made / "bin" / "python"
    version = importlib.metadata.version("cryptography")
    shell(python, "-m", "pip", "install", "--quiet", f"cryptography=={version}")
    has = "import importlib.util as u; print(u.find_spec('daylight') is None)"
    done = subprocess.run([python, "-I", "-c", has], capture_output=True, text=True, check=True)
    if done.stdout.strip() != "True":
        raise SystemExit("the bare environment knows Daylight")
    return python


def checked(python: Path, package: Path) -> tuple[subprocess.CompletedProcess[str], float]:
    began = time.perf_counter()
    done = subprocess.run(
        [python, "-I", package / "verify.py"], capture_output=True, text=True, check=False, cwd="/"
    )
    return done, time.perf_counter() - began


def spoil(package: Path) -> None:
    """One bit of one original."""
    files = [path for path in (package / "items").rglob("*") if path.is_file()]
    victim = max(files, key=lambda path: path.stat().st_size)
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.chmod(0o600)
    victim.write_bytes(data)


def main() -> None:
    with scratch() as work:
        desk, package = Desk(work), work / "package"
        named = os.environ.get("DAYLIGHT_BENCH_ARCHIVE")
        source = Path(named) if named else mixed(work)
        desk.run("import", source, "--no-ask", "--allow-writable-source")
        items, began = desk.chosen(), time.perf_counter()
        desk.give_out(items, package)
        made = time.perf_counter() - began
        python = bare_environment(work)
        done, seconds = checked(python, package)
        files = [path for path in package.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        said = [line for line in done.stdout.splitlines() if line.startswith("OK  ")]
        whole = next((line for line in said if "originals" in line), done.stdout[-2000:])
        print(
            f"court package of {ITEMS} items, {len(files)} files, {size / 1e6:.0f} MB: made in {made:.0f} s; "
            f"verify.py in a bare environment: exit {done.returncode} in {seconds:.1f} s: {whole}",
            flush=True,
        )
        spoil(package)
        again, _ = checked(python, package)
        if done.returncode or not again.returncode:
            raise SystemExit(f"{done.stdout[-3000:]}\n{again.stdout[-1000:]}")
        print(f"the same with one bit flipped: exit {again.returncode} (goal: 0, then not 0)")


if __name__ == "__main__":
    main()
