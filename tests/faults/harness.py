"""An import that dies, or whose disk fails, at its n-th step; and what must be true afterwards.

A step is a system call that changes a file of the vault, by whoever makes it: the import's own
process, a child of its crew, SQLite (``ptrace`` stops them all, so one mechanism covers them all).
What no tracer sees is memory that SQLite shares (its -shm file); kills at random times, with nothing
traced, meet that too, and ``Medium.lose`` throws it away.

``python -m tests.faults.harness FOLDER 0 kill power`` has imported everything and forks for each import and each check, so that a point costs a fraction of a second. It prints one JSON document.
With one worker in the crew an import's steps are the same each time, so every one of them is met;
random kills run with the full crew, whose interleavings nobody can count.
"""

import contextlib
import errno
import io
import json
import os
import pickle
import random
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import typer

from daylight import bootstrap
from daylight.storage.layout import read
from daylight.storage.local import LocalStore

bootstrap.configure()

from django.db import connections  # noqa: E402

from daylight.catalogue.models import Entry, LeakedPath  # noqa: E402
from daylight.catalogue.queries.vault import custodian_here  # noqa: E402
from daylight.domain.progress import Silent  # noqa: E402
from daylight.services import bulk, intake, lots  # noqa: E402
from daylight.storage import local  # noqa: E402
from tests.canonical import check, dump  # noqa: E402
from tests.faults.medium import Medium  # noqa: E402
from tests.faults.ptrace import Act, Step, Tracer, half  # noqa: E402

DAYLIGHT = Path(sys.executable).parent / "daylight"
FORMAT = Path(__file__).resolve().parents[2] / "docs/format.md"
VAULT_ERROR = 4
CHECK = compile(re.findall(r"(?s)```python\n(.*?)```", FORMAT.read_text())[0], "format.md", "exec")


def new_vault(folder: Path) -> Path:
    """The one place that makes a vault, unless the tests have put theirs there."""
    if folder.exists():
        return folder
    words = ["init", folder, "--plain-disk", "--no-passphrase"]
    subprocess.run([DAYLIGHT, *words], check=True, capture_output=True)
    return folder


def new_disk(folder: Path) -> Path:
    """Small files and large ones, some twice, a zip (read anywhere) and a tar.gz (read in order)."""
    chance = random.Random(3)
    (folder / "cam/1").mkdir(parents=True)
    for number in range(14):
        (folder / f"cam/{number % 3 or '1/x'}-{number}").write_bytes(chance.randbytes(700 * number))
    (folder / "cam/1/again").write_bytes((folder / "cam/1-1").read_bytes())
    for number in range(2):
        (folder / f"large {number}").write_bytes(chance.randbytes((1 << 20) + 5 + number))
    (folder / "large again").write_bytes((folder / "large 0").read_bytes())
    (folder / "link").symlink_to("cam/1")
    os.mkfifo(folder / "pipe")
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for number in range(4):
            archive.writestr(f"in/{number}", chance.randbytes(2000))
        archive.writestr("known", (folder / "cam/1-1").read_bytes())
    with tarfile.open(folder / "b.tgz", "w:gz") as tar:
        for number in range(3):
            info = tarfile.TarInfo(f"in/{number}")
            info.size = 3000
            tar.addfile(info, io.BytesIO(chance.randbytes(info.size)))
    return folder


class Acks(Silent):
    """Writes a byte for each file that the import has acknowledged, where a kill cannot undo it."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def advance(self, *, amount: int = 0, steps: int = 0) -> None:
        if steps:
            os.write(self._fd, b"k" * steps)


@contextlib.contextmanager
def without(sync: str) -> Iterator[None]:
    """Our code as it would be with one of its syncs forgotten."""
    settle = LocalStore.settle

    def as_if_durable(self: LocalStore, staged: Any, *, verify: bool) -> None:
        settle(self, [one._replace(durable=True) for one in staged], verify=verify)

    nothing: Callable[..., None] = lambda *args, **options: None  # noqa: E731
    log_later = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    forgotten = {
        "": contextlib.nullcontext,
        "bytes of small files": lambda: patch.object(LocalStore, "settle", as_if_durable),
        "bytes of large files": lambda: patch.object(os, "fdatasync", nothing),
        "names of a batch": lambda: patch.object(
            LocalStore,
            "_make_names_durable",
            lambda self, folders, *, batch: None if batch else names(self, folders, batch=batch),
        ),
        "names of one": lambda: patch.object(local, "sync_directory", nothing),
        "rows": lambda: patch.dict(
            connections.databases["default"]["OPTIONS"], {"init_command": log_later}
        ),
    }
    names = LocalStore._make_names_durable
    with forgotten[sync]():
        yield


SYNCS = (
    "bytes of small files",
    "bytes of large files",
    "names of a batch",
    "names of one",
    "rows",
)


class Bench:
    """A folder with a disk, an empty vault to copy, and what an undisturbed import makes of them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.disk = folder, new_disk(folder / "disk")
        self.template = new_vault(folder / "template")
        self.vault, self.acks = folder / "vault", folder / "acks"
        self.fresh()
        began = time.monotonic()
        assert self.fork(self.take) == 0, self.said()
        self.seconds = time.monotonic() - began
        self.acknowledged = self.acks.stat().st_size
        self.whole = self.fork(self._dumped)
        assert self.acknowledged == len(self.whole["occurrences"]) > 20

    def fresh(self) -> None:
        shutil.rmtree(self.vault, ignore_errors=True)
        shutil.copytree(self.template, self.vault)
        self.acks.unlink(missing_ok=True)

    def said(self) -> str:
        return (self.folder / "said").read_text()

    def wrongly_said(self, name: str) -> str:
        """What the import wrote, if it is not one line with the error's name."""
        said = self.said()
        return "" if said.endswith(f"{name}\n") and said.count("\n") == 1 else said

    def take(self, workers: int = 1, forget: str = "") -> int:
        """The import as the command line runs it, errors and all; its exit code."""
        said = os.open(self.folder / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 2)
        lots.LOT_FILES, intake.WORKERS, bulk.PAUSE = 5, workers, 0
        request = intake.ImportRequest(roots=[self.disk], accession="disk")
        acks = Acks(self.acks)

        def verb() -> None:
            ws = bootstrap.settle(read(self.vault))
            with without(forget):
                intake.import_material(ws, custodian_here(), request, acks)

        try:
            bootstrap._guarded(verb, debug=False)()
        except typer.Exit as end:
            return end.exit_code
        finally:
            connections.close_all()
        return 0

    def fork(self, job: Callable[[], Any]) -> Any:
        """What ``job`` returns in a child; a catalogue is never opened in this process."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            with os.fdopen(writer, "wb") as pipe:
                try:
                    outcome = (True, job())
                except BaseException:
                    outcome = (False, traceback.format_exc())
                pickle.dump(outcome, pipe)
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            well, outcome = pickle.load(pipe)
        os.waitpid(pid, 0)
        if not well:
            raise AssertionError(outcome)
        return outcome

    def traced(
        self, decide: Callable[[Step], Act], medium: Medium | None = None, **how: Any
    ) -> Any:
        failure, vault = how.pop("failure", errno.EIO), os.fsencode(self.vault)
        tracer = Tracer(
            os.fsencode(self.folder),
            lambda step: decide(step) if (step.path + b"/").startswith(vault + b"/") else Act.GO,
            None if medium is None else medium.follow,
            failure,
        )
        return tracer.run(lambda: self.take(**how))

    def steps(self) -> list[Step]:
        """The steps of an undisturbed import."""
        self.fresh()
        steps: list[Step] = []
        assert self.traced(lambda step: steps.append(step) or Act.GO) == 0, self.said()
        return steps

    def orders(self, forget: str) -> list[str]:
        """What is in the wrong order in an import that forgets one of its syncs."""
        self.fresh()
        medium = Medium(self.vault, self.acks)
        self.traced(lambda _: Act.GO, medium, forget=forget)
        return sorted(set(medium.wrong))

    def caught(self, forget: str) -> str:
        """What a power cut does to an import that forgets a sync: empty if the check is blind to it.

        Bytes matter from the moment at which they have a name, names once they are acknowledged.
        """
        self.fresh()
        medium, words = Medium(self.vault, self.acks), list[int]()

        def decide(_: Step) -> Act:
            if medium.wrong:
                words.append(self.acks.stat().st_size if self.acks.exists() else 0)
            waits = forget.startswith("names") and words[-1:] == words[:1]
            return Act.KILL if words and not waits else Act.GO

        code = self.traced(decide, medium, forget=forget)
        medium.lose(names=not forget.startswith("bytes"))
        return self.recovers(code)

    def recovers(self, code: int | None) -> str:
        """Check the vault, import again, check that nothing tells what happened. Empty: it is so."""
        acknowledged = self.acks.stat().st_size if self.acks.exists() else 0
        try:
            dumped = self.fork(lambda: self._recovered(acknowledged, code))
        except AssertionError as error:
            return str(error)
        return "" if dumped == self.whole else "the catalogue differs from an undisturbed one"

    def _recovered(self, acknowledged: int, code: int | None) -> dict[str, Any]:
        assert code in (None, 0, VAULT_ERROR), f"exit code {code}: {self.said()}"
        self._holds_by_its_format()
        bootstrap.settle(read(self.vault))
        kept, entries = LeakedPath.objects.count(), Entry.objects.count()
        assert kept >= acknowledged, f"{kept} of {acknowledged} acknowledged files are there"
        assert self.take() == 0, self.said()
        if code == 0:
            bootstrap.settle(read(self.vault))
            assert Entry.objects.count() == entries, "it had not been done"
        return self._dumped()

    def _holds_by_its_format(self) -> None:
        """By the programme in docs/format.md: every object, every entry, none of our code."""
        said = io.StringIO()
        with patch.object(sys, "argv", ["check", os.fspath(self.vault)]), redirect_stdout(said):
            try:
                exec(CHECK, {"__name__": "__main__"})
            except SystemExit as end:
                assert not end.code, said.getvalue()

    def _dumped(self) -> dict[str, Any]:
        ws = bootstrap.settle(read(self.vault))
        check(ws)
        return dump()


def kill(bench: Bench, n: int, step: Step) -> str:
    """Everybody is killed before the n-th step."""
    bench.fresh()
    return bench.recovers(bench.traced(At(n, Act.KILL)))


def kill_torn(bench: Bench, n: int, step: Step) -> str:
    """The n-th step writes half, then everybody is killed."""
    bench.fresh()
    return bench.recovers(bench.traced(At(n, Act.TEAR, Act.KILL)))


def kill_worker(bench: Bench, n: int, step: Step) -> str:
    """Only the process that takes the n-th step is killed."""
    bench.fresh()
    code = bench.traced(At(n, Act.KILL_ONE))
    return bench.wrongly_said("[worker-killed]") or bench.recovers(code)


def power(bench: Bench, n: int, step: Step, names: bool = True) -> str:
    """Before the n-th step the power fails: what was not flushed is gone."""
    bench.fresh()
    medium = Medium(bench.vault, bench.acks)
    code = bench.traced(At(n, Act.KILL), medium)
    medium.lose(names=names)
    return bench.recovers(code)


def power_keeps_names(bench: Bench, n: int, step: Step) -> str:
    """As before, but of what was not flushed the names are kept and the bytes are gone."""
    return power(bench, n, step, names=False)


def fail(bench: Bench, n: int, step: Step) -> str:
    """The n-th step fails with an input/output error."""
    bench.fresh()
    return bench.recovers(bench.traced(At(n, Act.FAIL)))


def full(bench: Bench, n: int, step: Step) -> str:
    """From the n-th step on the disk is full: nothing is made and nothing written.

    SQLite does not say why it cannot open its files.
    """
    bench.fresh()
    act = At(n, Act.FAIL, Act.FAIL, only=MAKES)
    code = bench.traced(act, failure=errno.ENOSPC)
    opening = step.call == "create" and b"/catalogue.sqlite" in step.path
    name = "[vault]" if opening or step.path.endswith(b"-shm") else "[vault-full]"
    wrong = "" if code == 0 else bench.wrongly_said(name)
    return wrong or bench.recovers(code)


def short(bench: Bench, n: int, step: Step) -> str:
    """The n-th step writes half of what it should, and says so."""
    bench.fresh()
    code = bench.traced(At(n, Act.TEAR))
    return bench.recovers(code) or ("" if code == 0 else f"exit code {code}: {bench.said()}")


def at_random(bench: Bench, n: int, step: Step) -> str:
    """Killed at a random time, nothing traced, with the whole crew."""
    bench.fresh()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        with open(os.devnull, "w") as silent, contextlib.redirect_stderr(silent):
            os._exit(bench.take(workers=6))
    time.sleep(random.Random(n).uniform(0, bench.seconds * 1.2))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return bench.recovers(None)


MAKES = ("create", "mkdir", "write", "pwrite", "fallocate")
WRITES = ("write", "pwrite")


class At:
    """Do ``act`` at the n-th step (from 0), and ``then`` at all that follow."""

    def __init__(
        self, n: int, act: Act, then: Act = Act.GO, only: tuple[str, ...] | None = None
    ) -> None:
        self._left, self._act, self._then, self._only = n, act, then, only

    def __call__(self, step: Step) -> Act:
        self._left -= 1
        if self._left >= 0:
            return Act.GO
        act = self._act if self._left == -1 else self._then
        return act if self._only is None or step.call in self._only else Act.GO


WAYS: dict[str, Callable[[Bench, int, Step], str]] = {
    "kill": kill,
    "kill-torn": kill_torn,
    "kill-worker": kill_worker,
    "power": power,
    "power-keeps-names": power_keeps_names,
    "fail": fail,
    "full": full,
    "short": short,
    "random": at_random,
}


def points(way: str, steps: list[Step], main: int) -> list[int]:
    """The steps at which ``way`` makes a difference."""
    every = range(len(steps))
    if way in ("kill-torn", "short"):
        return [n for n in every if steps[n].call in WRITES and half(steps[n].size)]
    if way == "kill-worker":
        return [n for n in every if steps[n].pid != main]
    if way == "full":
        return [n for n in every if steps[n].call in MAKES]
    return list(every)


def sampled(found: list[int], limit: int) -> list[int]:
    """``limit`` of them, evenly; 0 is all."""
    return found if not limit or limit >= len(found) else found[:: -(-len(found) // limit)]


def explore(folder: Path, ways: list[str], limit: int) -> dict[str, Any]:
    bench = Bench(folder)
    steps = bench.steps()
    report: dict[str, Any] = {"steps": len(steps), "points": {}, "faults": {}, "seconds": {}}
    for way in ways:
        began = time.monotonic()
        chosen = sampled(points(way, steps, steps[0].pid), limit)
        report["points"][way], report["faults"][way] = len(chosen), {}
        for n in chosen:
            if fault := WAYS[way](bench, n, steps[n]):
                report["faults"][way][f"{n} {_told(steps[n])}"] = fault
                sys.stderr.write(f"{way} {n} {_told(steps[n])}: {fault}\n")
        report["seconds"][way] = round(time.monotonic() - began, 1)
        sys.stderr.write(f"{way}: {len(chosen)} points, {report['seconds'][way]} s\n")
    return report


def _told(step: Step) -> str:
    return f"{step.call} {os.path.basename(step.target or step.path).decode()} {step.size}"


def main() -> None:
    """Arguments: a folder to work in; "orders", "caught", or how many points at most (0: all) and the ways."""
    folder, what, *ways = sys.argv[1:]
    if what == "orders":
        bench = Bench(Path(folder))
        report: dict[str, Any] = {sync: bench.orders(sync) for sync in ("", *SYNCS)}
    elif what == "caught":
        bench = Bench(Path(folder))
        report = {sync: bench.caught(sync) for sync in SYNCS}
    else:
        report = explore(Path(folder), ways, int(what))
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
