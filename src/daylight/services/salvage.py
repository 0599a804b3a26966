"""Salvage: recordings that cannot be opened, put together anew beside their originals.

What cannot be opened minus what was salvaged is the work; what failed is tried again when there are
other siblings than before. The original stays as it is. The salvage is a rendition that says what
was done, and of which sibling the parameters are. What detectors find in it, ``examine`` has them find.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from daylight.catalogue.models import Finding, Rendition
from daylight.catalogue.queries.broken import Broken, Lender, broken, folders, lenders, nearest
from daylight.catalogue.queries.salvages import DETECTOR, INDEX, MADE
from daylight.catalogue.queries.vault import agents
from daylight.detectors.results import CheckedBlob, Results, parse
from daylight.domain.digest import Digest
from daylight.domain.media import MediaFacts, State, judged
from daylight.domain.principal import Principal, Right
from daylight.domain.progress import Progress
from daylight.errors import MediaRefused
from daylight.media.executor import End, Executor, Outcome, Task, TaskLimits
from daylight.media.facts_json import to_json
from daylight.media.keyframes import unpack
from daylight.media.lent import LENDING
from daylight.media.program import Json
from daylight.media.recipe import LARGEST_PART, Proof, Recipe, Window
from daylight.media.salvaged import MESSAGE, PROGRAM, Salvaged, from_message
from daylight.services import heads
from daylight.services.findings import row_of
from daylight.services.record import record
from daylight.services.workspace import Workspace
from daylight.storage.layout import in_use, lock

VERSION: Final = 3
MEDIA_TYPES: Final = {"mov": "video/mp4", "matroska": "video/x-matroska", "avi": "video/x-msvideo"}
_SECONDS: Final = 120.0
_SECONDS_A_GIGABYTE: Final = 1200.0  # where pictures are stored in another order, all are decoded
_LONGEST: Final = 7200.0  # seconds, however large the file says that it is
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class SalvageReport:
    """``rebuilt`` of the ``tried``; the others stay unreadable, and are tried again some day."""

    tried: int
    rebuilt: int


@dataclass(frozen=True, slots=True)
class _Rebuilt:
    """``sibling``: None where none was needed."""

    made: Salvaged
    proof: Proof
    sibling: Lender | None


def salvage(ws: Workspace, principal: Principal, progress: Progress) -> SalvageReport:
    """Raises ``VaultBusy`` while another process examines, ``SandboxMissing``."""
    principal.require(Right.EXAMINE)
    with ExitStack() as held:
        held.enter_context(in_use(ws.layout))
        held.enter_context(lock(ws.layout, "examine"))
        work = _work()
        progress.total(amount=sum(one.size for one, _ in work), steps=len(work))
        if not work:
            return SalvageReport(0, 0)
        executor = held.enter_context(ws.start_executor(1))
        rebuilt = 0
        for one, siblings in work:
            rebuilt += _Attempt(ws, executor, one, siblings).run()
            progress.advance(amount=one.size, steps=1)
        heads.keep(ws)
        return SalvageReport(len(work), rebuilt)


def _work() -> list[tuple[Broken, list[Lender]]]:
    """What is to be tried, each with its siblings; not what was tried with the same in vain."""
    by_container: dict[str, list[Broken]] = defaultdict(list)
    for one in broken(DETECTOR, VERSION):
        by_container[one.container].append(one)
    work: list[tuple[Broken, list[Lender]]] = []
    for container, ones in by_container.items():
        whole = lenders(container, LENDING if container == "mp4" else ())
        lying = folders([*(one.key for one in ones), *(one.key for one in whole)])
        pairs = [(one, nearest(one, whole, lying)) for one in ones]
        work += [(one, near) for one, near in pairs if one.tried != _noted(near)]
    return sorted(work, key=lambda pair: pair[0].key)


def _noted(siblings: Sequence[Lender]) -> str:
    """What was tried, in short."""
    digests = b"".join(sorted(one.digest for one in siblings))
    return hashlib.sha256(bytes([VERSION]) + digests).hexdigest()[:16]


class _Attempt:
    """One item."""

    def __init__(
        self, ws: Workspace, executor: Executor, one: Broken, siblings: Sequence[Lender]
    ) -> None:
        self._ws, self._executor = ws, executor
        self._one, self._siblings = one, siblings
        self._fault = ""  # of the program itself, which is no fault of the siblings

    def run(self) -> bool:
        """Whether something was rebuilt; either way what came of it is kept."""
        rebuilt = self._best()
        if rebuilt is None:
            self._keep_failure(self._fault or "no recording here lends it what it lost")
            return False
        digest, size = self._laid_out(rebuilt.made.recipe)
        try:
            results = self._probed(digest)
        except MediaRefused as error:
            self._keep_failure(f"what was rebuilt cannot be read: {error}")
            return False
        self._keep(rebuilt, digest, size, results)
        return True

    def _best(self) -> _Rebuilt | None:
        """What needs no sibling; else of the first whose parameters fit; else what gives most.

        Where a recording describes itself and does not say how fast it runs, a sibling that fits knows better.
        """
        alone = self._made(None, trial=False)
        if alone is not None and not alone.made.rate_assumed:
            return alone
        best = self._fitting()
        if best is None or (alone is not None and not best.proof.clean):
            return alone
        return self._made(best.sibling, trial=False)

    def _fitting(self) -> _Rebuilt | None:
        """A trial with the sibling that fits best."""
        best: _Rebuilt | None = None
        for sibling in self._siblings:
            tried = self._made(sibling, trial=True)
            if tried is not None and (best is None or _worth(tried) > _worth(best)):
                best = tried
            if best is not None and best.proof.clean:
                break
        return best

    def _made(self, sibling: Lender | None, *, trial: bool) -> _Rebuilt | None:
        request: dict[str, Json] = {
            "container": self._one.container,
            "trial": trial,
            "lender": sibling.container if sibling else "",
        }
        digests = [self._one.digest, *([sibling.digest] if sibling else [])]
        outcome = self._run(PROGRAM, request, digests, [])
        sent = [m for m in outcome.messages if m.untrusted_kind == MESSAGE]
        if outcome.end not in (End.DONE, End.FAILED):
            self._fault = f"the reader {outcome.end.value.replace('-', ' ')}"
        if outcome.end is not End.DONE or len(sent) != 1:
            return None
        facts = sent[0].untrusted_facts
        if not isinstance(facts, Mapping):
            return None
        payload = sent[0].untrusted_payload
        try:
            made, proof = from_message(facts, payload, self._one.size)
        except MediaRefused:  # a program that lies has made nothing
            return None
        return _Rebuilt(made, proof, sibling)

    def _run(
        self,
        program: str,
        request: dict[str, Json],
        digests: Sequence[Digest],
        blobs: Sequence[bytes],
    ) -> Outcome:
        seconds = min(_SECONDS + self._one.size / 1e9 * _SECONDS_A_GIGABYTE, _LONGEST)
        limits = TaskLimits(
            wall_seconds=seconds,
            cpu_seconds=int(seconds),
            message_bytes=LARGEST_PART,
            total_bytes=2 * LARGEST_PART,
        )
        with ExitStack() as held:
            files = [self._ws.store.open_fd(digest) for digest in digests]
            files += [_memory_file(blob) for blob in blobs]
            for descriptor in files:
                held.callback(os.close, descriptor)
            return self._executor.run(Task(program, request, files, limits))

    def _laid_out(self, recipe: Recipe) -> tuple[Digest, int]:
        """The rebuilt file as an object, durable."""
        with closing(_Pieces(self._ws.store.open_fd(self._one.digest), recipe)) as source:
            staged = self._ws.store.stage(source, recipe.size)
        self._ws.store.settle([staged], verify=False)
        return staged.digest, staged.size

    def _probed(self, digest: Digest) -> Results:
        """Facts, index and state of what was rebuilt. Raises ``MediaRefused``."""
        results = _done(self._run("examine", {"detectors": []}, [digest], []))
        if results.facts is None or results.facts.state is State.UNREADABLE:
            raise MediaRefused("nothing in it can be decoded")
        if not results.spans:
            return results
        asked: dict[str, Json] = {
            "facts": to_json(results.facts),
            "first": 0,
            "last": len(unpack(results.index)),
            "detectors": [],
        }
        looked = _done(self._run("look", asked, [digest], [results.index]))
        return Results(results.facts, results.index, seen=looked.seen)

    def _keep(self, rebuilt: _Rebuilt, digest: Digest, size: int, results: Results) -> None:
        facts = _judged(results)
        said = _said(rebuilt, facts)
        index = CheckedBlob(
            INDEX, "application/octet-stream", results.index, {"keys": facts.key_frames}
        )
        self._ws.store.put_many([index.data])
        with transaction.atomic():
            self._record(rebuilt.made.method)
            finding = self._finding("", said)
            Rendition.objects.create(
                item_id=self._one.key,
                finding=finding,
                name=MADE,
                media_type=MEDIA_TYPES[rebuilt.made.demuxer],
                sha256=digest,
                size=size,
                facts={**said, "facts": to_json(facts)},
            )
            row_of(self._one.key, finding, index).save()

    def _keep_failure(self, reason: str) -> None:
        with transaction.atomic():
            self._record("none")
            self._finding(reason, {"tried": _noted(self._siblings)})

    def _finding(self, failed: str, facts: dict[str, Any]) -> Finding:
        """In place of what an earlier run has kept."""
        same = {"item_id": self._one.key, "detector": DETECTOR, "version": VERSION}
        Rendition.objects.filter(finding__in=Finding.objects.filter(**same)).delete()
        Finding.objects.filter(**same).delete()
        return Finding.objects.create(**same, failed=failed[:300], facts=facts)

    def _record(self, method: str) -> None:
        record(
            self._ws,
            agents().software,
            "salvaged",
            objects=[self._one.digest],
            details={"method": method, "version": VERSION},
        )


def _worth(tried: _Rebuilt) -> tuple[bool, int]:
    return tried.proof.clean, tried.proof.decoded - tried.proof.broken


def _done(outcome: Outcome) -> Results:
    results = parse(outcome.messages)
    if outcome.end is not End.DONE:
        raise MediaRefused(f"the reader {outcome.end.value}")
    return results


def _judged(results: Results) -> MediaFacts:
    if results.facts is None:
        raise AssertionError("only what has facts is kept")
    if results.seen is None:
        return results.facts
    return judged(results.facts, results.seen.decoded, results.seen.corrupt)


def _said(rebuilt: _Rebuilt, facts: MediaFacts) -> dict[str, Any]:
    made = rebuilt.made
    return {
        "method": made.method,
        "sibling": None if rebuilt.sibling is None else rebuilt.sibling.digest.hex(),
        "pictures": made.pictures if facts.video is None else facts.video.frames,
        "key_frames": facts.key_frames,
        "corrupt_key_frames": facts.corrupt_key_frames,
        "used_bytes": made.used,
        "skipped_bytes": made.skipped,
        "holes": made.holes,
        "clean": rebuilt.proof.clean,
        "times_assumed": made.times_assumed,
        "rate_assumed": made.rate_assumed,
        "sound_left_out": made.sound_left_out,
    }


def _memory_file(data: bytes) -> int:
    descriptor = os.memfd_create("blob", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(data)
    return descriptor


class _Pieces:
    """What a recipe makes, read front to back; ``descriptor`` is closed with it."""

    def __init__(self, descriptor: int, recipe: Recipe) -> None:
        self._descriptor, self._window = descriptor, Window(descriptor, recipe)

    def readinto(self, buffer: memoryview, /) -> int:
        data = self._window.read(min(len(buffer), _CHUNK))
        buffer[: len(data)] = data
        return len(data)

    def fileno(self) -> None:
        return None

    def close(self) -> None:
        os.close(self._descriptor)
