"""Speech by a model: items with sound, minus those that were listened to, is the work.

Sound is decoded in a sandboxed child, handed on here as samples, ten seconds at a time, and shown to
the model in its own locked worker. Where the model is not installed nothing is wanted of it, and what
``sound`` found is all there is.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from daylight.catalogue.queries.work import Todo, facts_of, todo
from daylight.detectors.registry import PROBE_VERSION, Wants
from daylight.detectors.results import CheckedFinding
from daylight.detectors.samples import PROGRAM, Stretches
from daylight.detectors.sound_slabs import RATE
from daylight.detectors.voices import SIGNATURE, Spoken, Voices
from daylight.domain.models import SPEECH
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.errors import InferenceFailed, MediaRefused
from daylight.media.executor import SLOTS, End, Executor, Message, Outcome, Task, TaskLimits
from daylight.media.inference.base import Inference
from daylight.services import findings, heads
from daylight.services.models import library_there
from daylight.services.workspace import Workspace
from daylight.storage import models
from daylight.storage.layout import in_use, lock
from daylight.storage.models import Installed

NAME: Final = "speech"
VERSION: Final = 1  # with another model, another version
MOST_SPANS: Final = 500
BATCH: Final = 24  # items a transaction
_SECONDS: Final = 600.0
_LONGEST: Final = 6600.0  # seconds more
_TOTAL: Final = 16 << 30  # bytes of samples: six days
_MESSAGE: Final = 1 << 20  # bytes: three times what a stretch has
_TIMES: Final = 16 << 20  # bytes of JSON beside all stretches


@dataclass(frozen=True, slots=True)
class SpeechReport:
    """``failed`` of the ``items``: findings that could not be made."""

    items: int
    failed: int


def there() -> bool:
    """Whether model and library are installed."""
    return models.state(SPEECH) is not Installed.NO and library_there()


def listen(ws: Workspace, principal: Principal, progress: Progress) -> SpeechReport:
    """Raises ``ModelMissing``, ``ModelRefused``, ``SandboxMissing``, ``VaultBusy`` while another examines."""
    principal.require(Right.EXAMINE)
    with ExitStack() as held:
        held.enter_context(in_use(ws.layout))
        held.enter_context(lock(ws.layout, "examine"))
        wanted = {NAME: (VERSION, Wants.SAMPLES.value)}
        work = [one for one in todo(wanted, PROBE_VERSION) if one.probed]
        progress.total(amount=sum(one.size for one in work), steps=len(work))
        if not work:
            return SpeechReport(0, 0)
        model = ws.start_inference(models.read(SPEECH), SPEECH.digest, SIGNATURE)
        listener = _Listener(
            ws, held.enter_context(ws.start_executor(SLOTS)), held.enter_context(model)
        )
        failed = 0
        for batch, found in listener.batches(work):
            made = list(zip(batch, found, strict=True))
            findings.keep_further(ws, made, {"model": SPEECH.digest.hex()})
            failed += sum(bool(one.failed) for one in found)
            progress.advance(amount=sum(one.size for one in batch), steps=len(batch))
        heads.keep(ws)
        return SpeechReport(len(work), failed)


class _Listener:
    def __init__(self, ws: Workspace, executor: Executor, model: Inference) -> None:
        self._ws, self._executor, self._model = ws, executor, model

    def batches(
        self, work: Sequence[Todo]
    ) -> Iterator[tuple[Sequence[Todo], list[CheckedFinding]]]:
        """Slots decode side by side; the model answers one of them at a time."""
        with ThreadPoolExecutor(self._executor.slots, thread_name_prefix="listen") as pool:
            for at in range(0, len(work), BATCH):
                batch = work[at : at + BATCH]
                facts = facts_of([one.key for one in batch])
                yield batch, list(pool.map(self._found, batch, [facts[one.key] for one in batch]))

    def _found(self, one: Todo, facts: Any) -> CheckedFinding:
        """A child or a model's worker that dies costs this finding, which says why."""
        stretches, voices = Stretches(), Voices(self._model)

        def hear(message: Message) -> None:
            stretch = stretches.take(message)
            if stretch is not None:
                voices.push(stretch)

        file = self._ws.store.open_fd(one.digest)
        try:
            outcome = self._executor.run(
                Task(PROGRAM, {"facts": facts}, [file], _limits(one)), hear
            )
            spoken = voices.finish()
        except (MediaRefused, InferenceFailed) as error:
            return CheckedFinding(NAME, VERSION, {}, failed=str(error)[:300])
        finally:
            os.close(file)
        failed = _failure(outcome, stretches)
        facts = {} if failed else _facts(stretches, voices, spoken)
        return CheckedFinding(NAME, VERSION, facts, failed=failed)


def _limits(one: Todo) -> TaskLimits:
    seconds = _SECONDS + min(one.size / 1e5, _LONGEST)
    return TaskLimits(
        seconds, int(seconds), message_bytes=_MESSAGE, total_bytes=_TOTAL, facts_bytes=_TIMES
    )


def _failure(outcome: Outcome, stretches: Stretches) -> str:
    if outcome.end is End.DONE:
        return "" if stretches.ended else "the reader did not come to an end"
    said = f"the reader {outcome.end.value.replace('-', ' ')}: {outcome.untrusted_reason}"
    return said[:300]


def _facts(stretches: Stretches, voices: Voices, spoken: Sequence[Spoken]) -> dict[str, Any]:
    """Times in milliseconds from media zero."""
    return {
        "model": {"name": SPEECH.title, "version": SPEECH.version, "sha256": SPEECH.digest.hex()},
        "heard_s": round(voices.heard / RATE, 1),
        "seconds": round(sum(one.last - one.first for one in spoken) / RATE, 1),
        "count": len(spoken),
        "spans": [
            [one.first * 1000 // RATE, one.last * 1000 // RATE, round(one.confidence, 2)]
            for one in spoken[:MOST_SPANS]
        ],
        "gaps": stretches.gaps,
        "ran_back": stretches.ran_back,
    }
