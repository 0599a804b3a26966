"""Going through what an analysis wants compared, round by round, and keeping what was shown."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from django.db import transaction

from daylight.analyses import judging
from daylight.analyses.candidates import Candidate
from daylight.analyses.judging import Line
from daylight.analyses.sameness import Sought, next_asked
from daylight.analyses.stretches import Recording, Stretch
from daylight.catalogue.models import Comparison
from daylight.domain.progress import Progress
from daylight.media.executor import Executor
from daylight.services.side_by_side import Material, asked_key, from_json, shown, to_json
from daylight.services.workspace import Workspace

BATCH = 200  # rows a transaction


@dataclass(frozen=True, slots=True)
class Shelf:
    """Recordings in the order of their names, with what the sandbox needs of each, and their rows.

    ``rows``: the items' keys; None for what is no item.
    """

    recordings: Sequence[Recording]
    material: Sequence[Material]
    rows: Sequence[int | None]


@dataclass(slots=True)
class Settler:
    """``slots``: how many comparisons at once. ``used``: what this run has rested on.

    ``counted``: steps of the progress that are done; what one round shows may call for another.
    """

    ws: Workspace
    shelf: Shelf
    slots: int
    progress: Progress
    used: set[str] = field(default_factory=set)
    compared: int = 0
    counted: int = 0

    def settle(self, what: Sought) -> list[Stretch]:
        """All stretches, once nothing is left to compare."""
        said: dict[Candidate, Stretch | None] = {}
        with ExitStack() as held:
            executor: Executor | None = None
            while True:
                stretches, asked = next_asked(what, said)
                if not asked:
                    return stretches
                lines = self._remembered(asked)
                new = [one for one in asked if one not in lines]
                if new and executor is None:
                    executor = held.enter_context(self.ws.start_executor(self.slots))
                if executor is not None:
                    lines |= self._looked_at(executor, new)
                said |= {one: self._stretch(one, lines[one]) for one in asked}

    def _stretch(self, candidate: Candidate, line: Line | None) -> Stretch | None:
        if line is None:
            return None
        return judging.stretch(self.shelf.recordings, candidate, line)

    def _key(self, one: Candidate) -> str:
        material, recordings = self.shelf.material, self.shelf.recordings
        return asked_key(judging.ask(recordings, one), material[one.a], material[one.b])

    def _remembered(self, asked: Sequence[Candidate]) -> dict[Candidate, Line | None]:
        by_key = {self._key(one): one for one in asked}
        self.used |= by_key.keys()
        found: dict[Candidate, Line | None] = {}
        keys = sorted(by_key)
        for first in range(0, len(keys), BATCH):
            rows = Comparison.objects.filter(asked__in=keys[first : first + BATCH])
            found |= {by_key[row.asked]: from_json(row.shown) for row in rows}
        return found

    def _looked_at(
        self, executor: Executor, new: Sequence[Candidate]
    ) -> dict[Candidate, Line | None]:
        """In the sandbox, as many at once as there are slots; kept as they come."""
        self.progress.total(amount=-1, steps=self.counted + len(new))
        lines: dict[Candidate, Line | None] = {}
        pool = ThreadPoolExecutor(executor.slots, thread_name_prefix="compare")
        try:
            for first in range(0, len(new), BATCH):
                part = new[first : first + BATCH]
                for one, line in zip(
                    part, pool.map(partial(self._look, executor), part), strict=True
                ):
                    lines[one] = line
                    self.progress.advance(steps=1)
                self._keep({one: lines[one] for one in part})
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        self.compared += len(new)
        self.counted += len(new)
        return lines

    def _look(self, executor: Executor, one: Candidate) -> Line | None:
        material = self.shelf.material
        return shown(executor, self.shelf.recordings, one, material[one.a], material[one.b])

    def _keep(self, lines: dict[Candidate, Line | None]) -> None:
        """Of pairs with something that is no item, nothing is kept: it may be gone tomorrow."""
        rows = self.shelf.rows
        made = [
            Comparison(item_a_id=a, item_b_id=b, asked=self._key(one), shown=to_json(line))
            for one, line in lines.items()
            if (a := rows[one.a]) is not None and (b := rows[one.b]) is not None
        ]
        with transaction.atomic():
            Comparison.objects.bulk_create(made, ignore_conflicts=True)
