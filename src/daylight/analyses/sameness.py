"""Which recordings show the same: equal coded pictures, then pictures compared, then what follows.

``coded`` needs fingerprints alone. What was encoded again is found by ``candidates`` and has to be looked
at: ``next_asked`` names what is to be compared next, whoever calls it has that done and says so, and asks
again until nothing is left. Given the same, it asks and says the same.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from daylight.analyses import judging
from daylight.analyses.by_clock import timed
from daylight.analyses.candidates import Candidate, candidates, is_known
from daylight.analyses.coded import coded
from daylight.analyses.stretches import Recording, Stretch, closed

VERSION: Final = 2
AT_ONCE: Final = 2  # comparisons of a recording in one round: what they show may save others
WEAKER: Final = (
    0.6  # a further line of two recordings must have so much of the weight of their best
)


@dataclass(frozen=True, slots=True)
class Sought:
    """What is known before anything is looked at, and what to look at."""

    known: tuple[Stretch, ...]
    candidates: tuple[Candidate, ...]


def sought(recordings: Sequence[Recording]) -> Sought:
    known = coded(recordings)
    found = [c for c in candidates(recordings, known) if not _contradicted(recordings, c)]
    return Sought(tuple(known), (*found, *timed(recordings, known, found)))


def _contradicted(recordings: Sequence[Recording], one: Candidate) -> bool:
    """Whether two burnt-in clocks that were read show other times: that need not be looked at."""
    a, b = recordings[one.a], recordings[one.b]
    within = judging.overlap(one.at, one.pace, a.prints.duration_us, b.prints.duration_us)
    line = judging.Line(one.at, one.pace, 0.0, ())
    return judging.clocks_agree(a.clock, b.clock, line, within) is False


def next_asked(
    what: Sought, said: Mapping[Candidate, Stretch | None]
) -> tuple[list[Stretch], list[Candidate]]:
    """(all stretches so far, candidates to compare next: none when it is done).

    ``said``: what the comparison of each candidate has shown; None: they are not the same.
    """
    stretches = closed([*what.known, *(one for one in said.values() if one is not None)])
    by_pair: defaultdict[tuple[int, int], list[Stretch]] = defaultdict(list)
    for stretch in stretches:
        by_pair[stretch.a, stretch.b].append(stretch)
    best: dict[tuple[int, int], float] = {}
    for candidate in what.candidates:
        pair = candidate.a, candidate.b
        best[pair] = max(best.get(pair, 0.0), candidate.weight)
    busy: Counter[int] = Counter()
    chosen: list[Candidate] = []
    for one in sorted(what.candidates, key=lambda c: (-c.weight, c.a, c.b, c.at)):
        pair = one.a, one.b
        if one in said or one.weight < WEAKER * best[pair] or is_known(one, by_pair[pair]):
            continue
        if max(busy[one.a], busy[one.b]) >= AT_ONCE:
            continue
        busy.update(pair)
        chosen.append(one)
    return stretches, chosen
