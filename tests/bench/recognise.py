"""Probing against ffprobe, and examining against bare key-frame decoding.

The archives are made by the generator beside the project, or named by DAYLIGHT_BENCH_ARCHIVE.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from django.apps import apps

from daylight import bootstrap
from daylight.storage.layout import read
from tests.bench.common import DAYLIGHT, RUNS, alternate, say, scratch, shell
from tests.conftest import SHARED

BARE = Path(__file__).with_name("bare_keyframes.py")
MIXED = 300  # files
CUT = 200_000  # bytes of each: what is measured is the cost of a file, not of its length


def archive(work: Path, gb: float) -> Path:
    named = os.environ.get("DAYLIGHT_BENCH_ARCHIVE")
    if named:
        return Path(named)
    made = work / "archive"
    shell(sys.executable, SHARED / "make_archive.py", made, "--gb", str(gb))
    return made


def vault(work: Path, name: str, source: Path) -> Path:
    made = work / name
    quiet = {"stderr": subprocess.DEVNULL}
    shell(DAYLIGHT, "init", made, "--plain-disk", "--no-passphrase", **quiet)
    shell(DAYLIGHT, "--vault", made, "import", source, "--no-examine", "--no-ask", **quiet)
    return made


def mixed(work: Path) -> Path:
    """A few hundred small real files of all kinds."""
    folder = work / "mixed"
    folder.mkdir()
    media = sorted(p for p in (SHARED / "media").rglob("*") if p.is_file() and p.suffix != ".tsv")
    small = [p for p in media if p.stat().st_size < CUT * 8]
    for number in range(MIXED):
        came = small[number % len(small)]
        goes = folder / f"{number:04}{came.suffix}"
        shutil.copyfile(came, goes)
        with goes.open("ab") as file:
            file.write(number.to_bytes(4, "big"))  # each is an item of its own
    return folder


def bench_probe(work: Path) -> None:
    """The probe alone, sandbox included: as a process that has started, as ffprobe is a program."""
    folder = mixed(work)
    vaults = [vault(work, f"probe-{n}", folder) for n in range(RUNS)]

    def ours() -> None:
        shell(
            DAYLIGHT,
            "--vault",
            vaults.pop(),
            "examine",
            "--only",
            "probe",
            stderr=subprocess.DEVNULL,
        )

    def ffprobe() -> None:
        words = "ffprobe -v quiet -print_format json -show_format -show_streams {}"
        find = f"find {folder} -type f -print0 | xargs -0 -P2 -I{{}} {words}"
        subprocess.run(find, shell=True, check=False, stdout=subprocess.DEVNULL)

    say(
        f"probe of {MIXED} mixed files", *alternate(ours, ffprobe), "ffprobe, two at a time", ">= 4"
    )


def bench_examine(work: Path, source: Path) -> None:
    vaults = [vault(work, f"examine-{n}", source) for n in range(RUNS)]
    shown = vaults[0]

    def ours() -> None:
        shell(DAYLIGHT, "--vault", vaults.pop(), "examine", stderr=subprocess.DEVNULL)

    def bare() -> None:
        shell(sys.executable, BARE, source)

    say("examine of an archive", *alternate(ours, bare), "bare key frames", ">= 0.4")
    shares(shown)


def shares(root: Path) -> None:
    """Where the time of one item goes, by stage, inside one process and without the sandbox."""
    if not apps.ready:
        bootstrap.configure()
    from daylight.catalogue.queries.items import Filter, items
    from daylight.catalogue.queries.vault import custodian_here
    from daylight.detectors.examining import DETECTORS, EXAMINING
    from daylight.media.pictures import Tally, key_pictures
    from daylight.media.probe import probe

    ws = bootstrap.settle(read(root))
    spent = {"probe": 0.0, "key frames": 0.0, "all of it": 0.0}
    for one in items(custodian_here(), Filter(kind="video", limit=0)):
        descriptor = ws.store.open_fd(one.digest)
        began = time.perf_counter()
        probed = probe(descriptor)
        spent["probe"] += time.perf_counter() - began
        if probed.index is not None:
            began = time.perf_counter()
            reach = (0, len(probed.index))
            for _ in key_pictures(descriptor, probed.facts, probed.index, reach, Tally()):
                pass
            spent["key frames"] += time.perf_counter() - began
        began = time.perf_counter()
        EXAMINING["examine"]({"detectors": sorted(DETECTORS)}, [descriptor], lambda *a: None)
        spent["all of it"] += time.perf_counter() - began
        os.close(descriptor)
    whole = spent["all of it"]
    rest = whole - spent["probe"] - spent["key frames"]
    print(
        f"  shares: probe {spent['probe'] / whole:.0%}, key frames {spent['key frames'] / whole:.0%}, "
        f"detectors and pictures {max(rest, 0) / whole:.0%}; long items leave those to their spans"
    )


def bench_growth(work: Path) -> None:
    """Ten times the archive: ten times the time, and no more memory."""
    took, peaks = [], []
    for gb in (1, 10):
        source = work / f"growth-{gb}"
        shell(sys.executable, SHARED / "make_archive.py", source, "--gb", str(gb))
        made = work / f"growth-vault-{gb}"
        shell(DAYLIGHT, "init", made, "--plain-disk", "--no-passphrase", stderr=subprocess.DEVNULL)
        os.sync()
        began = time.perf_counter()
        code = (
            "import resource,subprocess,sys;subprocess.run(sys.argv[1:],check=True,"
            "stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        command = [DAYLIGHT, "--vault", str(made), "import", str(source), "--no-ask"]
        done = subprocess.run(
            [sys.executable, "-c", code, *command], check=True, capture_output=True, text=True
        )
        took.append(time.perf_counter() - began)
        peaks.append(int(done.stdout) / 1024)
        shutil.rmtree(source)
    print(
        f"10 GB against 1 GB: {took[1] / took[0]:.1f} x the time (goal <= 10.5), "
        f"peak {peaks[1]:.0f} MB against {peaks[0]:.0f} MB"
    )


def main() -> None:

    with scratch() as work:
        bench_probe(work)
        bench_examine(work, archive(work, 1))
        if os.environ.get("DAYLIGHT_BENCH_GROWTH"):
            bench_growth(work)


if __name__ == "__main__":
    main()
