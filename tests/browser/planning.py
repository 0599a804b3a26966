"""Run as a program, ``VAULT FILM``: forty tracks over ten minutes as the plan of a film that is in the vault."""

import hashlib
import sys
from pathlib import Path

from daylight import bootstrap
from daylight.domain.marks import Key
from daylight.storage.layout import read

PEOPLE, SECONDS, STEP = 40, 600, 400_000


def keys(number: int) -> tuple[Key, ...]:
    """Back and forth, each on a way of its own."""
    made = []
    for at in range(0, SECONDS * 1_000_000, STEP):
        across = (at // 1_000 * (1 + number % 7) // 10 + 230 * number) % 18_000
        down = 200 + 220 * number
        made.append(Key(at, across if across < 9_000 else 18_000 - across, down, 300, 500))
    return tuple(made)


def plan(vault: Path, film: Path) -> int:
    bootstrap.configure()
    ws = bootstrap.settle(read(vault))
    ws.keyring.unlock()
    from daylight.catalogue.queries.vault import custodian_here
    from daylight.domain.digest import Digest
    from daylight.domain.redaction import Plan, Region
    from daylight.domain.tracks import Basis, Sort
    from daylight.services import redactions

    regions = []
    for number in range(PEOPLE):
        way = keys(number)
        gaps = {n for n in range(len(way)) if n % 50 < number % 5}
        bases = tuple(Basis.CLOSED if n in gaps else Basis.SEEN for n in range(len(way)))
        score = round(0.3 + 0.017 * number, 3)
        regions.append(Region(f"face-{number + 1}", Sort.FACE, way, bases, score))
    digest = Digest(hashlib.sha256(film.read_bytes()).digest())
    return redactions.save(ws, custodian_here(), Plan(digest, regions=tuple(regions))).version


if __name__ == "__main__":
    print(plan(*(Path(one) for one in sys.argv[1:])))
