"""Where the program is entered: what takes longest to start is started first, then the rest is loaded.

So little may be imported here; Django and the verbs come with :mod:`daylight.bootstrap`.
"""

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from daylight.media.executor import SLOTS, Executor
from daylight.media.pool import ZygotePool

YIELDING = 10  # nice; examining waits for who watches
AT_ONCE = frozenset({"examine"})  # verbs that do little before they need the sandbox
# As "-m daylight.detectors.examiner", but what is loaded stays: it is not looked through meanwhile.
_WITHOUT_COLLECTING = (
    "import gc, runpy; gc.disable();"
    " runpy.run_module('daylight.detectors.examiner', run_name='__main__')"
)
EXAMINER = (sys.executable, "-I", "-c", _WITHOUT_COLLECTING)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for, as far as start-up must know."""

    verb: str
    vault: str
    debug: bool
    passphrase_file: Path | None
    help: bool = False


def asked_for(arguments: Sequence[str]) -> Asked:
    verb, vault, debug = "", os.environ.get("DAYLIGHT_VAULT", ""), False
    passphrase_file = None
    rest = iter(arguments)
    for word in rest:
        if word == "--vault":
            vault = next(rest, "")
        elif word.startswith("--vault="):
            vault = word.partition("=")[2]
        elif word.partition("=")[0] == "--passphrase-file":
            passphrase_file = Path(word.partition("=")[2] or next(rest, ""))
        elif word == "--debug":
            debug = True
        elif not word.startswith("-"):
            verb = word
            break
    return Asked(verb, vault, debug, passphrase_file, help="--help" in rest)


class HeadStart:
    """Slots that warm up while the rest of the program is loaded, for the first who asks for as many."""

    def __init__(self, asked: Asked) -> None:
        begin = asked.verb in AT_ONCE and not asked.help
        self._ready = start_examiner(SLOTS) if begin else None

    def start(self, slots: int) -> Executor:
        ready, self._ready = self._ready, None
        if ready is not None and ready.slots == slots:
            return ready
        if ready is not None:
            ready.close()
        return start_examiner(slots)

    def close(self) -> None:
        """What nobody asked for."""
        if self._ready is not None:
            self._ready.close()


def start_examiner(slots: int) -> Executor:
    """As :func:`start_executor`, sooner: they examine and do nothing else."""
    return ZygotePool(EXAMINER, slots, yielding=YIELDING)


def main() -> None:
    """The entry point of the ``daylight`` program."""
    gc.disable()  # what is loaded now stays: to look through it again and again is a tenth of the start
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy comes: ours is small work
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # Tesseract's threads wait for one another
    asked = asked_for(sys.argv[1:])
    with closing(HeadStart(asked)) as head_start:
        importlib.import_module("daylight.bootstrap").run(asked, head_start)
