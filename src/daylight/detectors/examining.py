"""The programs that examine: what runs inside the sandboxed child of every item.

``examine``  request {detectors: [name …]}, files [media]. Sends ``facts`` (facts/1 as JSON, the
key-frame index as payload), then for a short item ``seen`` and one ``finding`` or ``failed`` a
detector, for a long one ``spans`` {bounds: [[first, last] …]}.

``look``     request {facts, first, last, detectors}, files [media, index]. Sends ``seen``
{decoded, corrupt} and one ``partial`` or ``failed`` a detector.

``merge``    request {facts, partials: [{detector, facts, size} …]}, files [index, data]. Sends one
``finding`` or ``failed`` a detector.

A ``finding`` {detector, version, facts, blobs: [{name, media_type, facts, size} …]} has its blobs
end to end as payload. The parent checks all of it: ``detectors.results``.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from typing import Any, Final, NamedTuple

from daylight.detectors.base import (
    Deeper,
    Detector,
    Finding,
    Material,
    Partial,
    Samples,
    Session,
    Span,
    Still,
    Subject,
)
from daylight.detectors.loading import load
from daylight.detectors.registry import Wants, applicable
from daylight.domain.media import Kind
from daylight.media.facts_json import from_json, to_json
from daylight.media.failures import EXPECTED
from daylight.media.groups import groups, lengths
from daylight.media.keyframes import pack, unpack
from daylight.media.pictures import FAR, Tally, key_pictures
from daylight.media.probe import Probe, probe
from daylight.media.program import Emit, Json, Programs, Request
from daylight.media.reading import DEFAULT_RATE, Kept, size_of
from daylight.media.sound import RATE, sound_blocks
from daylight.media.stills import still_pixels

SPAN_WORK: Final = 160  # pictures decoded a task: some seconds
MOST_DEEP: Final = 3_000_000_000  # pixels decoded a task for sessions that ask for whole groups

DETECTORS: Final = load()


class _Source(NamedTuple):
    """Where the media is read: the file, and what of it is there already."""

    descriptor: int
    kept: Kept | None = None


def examine(request: Request, files: Sequence[int], emit: Emit) -> None:
    with ExitStack() as keep:
        _examine(request, files[0], emit, keep)


def _examine(request: Request, descriptor: int, emit: Emit, keep: ExitStack) -> None:
    probed = probe(descriptor, keep)
    subject = Subject(probed.facts, probed.index)
    emit("facts", to_json(probed.facts), b"" if probed.index is None else pack(probed.index))
    chosen = [d for d in _named(request) if d.wants in applicable(probed.facts)]
    _say_structure(probed, subject, chosen, emit)
    chosen = [d for d in chosen if d.wants is not Wants.CONTAINER]
    keys = 0 if probed.index is None else len(probed.index)
    bounds = _bounds(subject)
    if len(bounds) > 1:
        said: list[Json] = [list(one) for one in bounds]
        emit("spans", {"bounds": said})
        return
    source = _Source(descriptor, probed.kept)
    partials = _look(source, subject, Span(0, keys), chosen, emit)
    for name, partial in partials.items():
        _merge(DETECTORS[name], subject, [partial], emit)


def _say_structure(probed: Probe, subject: Subject, chosen: Sequence[Detector], emit: Emit) -> None:
    """What needs no decoding is said at once, of long items too."""
    if probed.signs is None:
        return
    for detector in (d for d in chosen if d.wants is Wants.CONTAINER):
        session = detector.start(subject, Span(0, 0))
        session.push(probed.signs)
        _merge(detector, subject, [session.finish()], emit)


def look(request: Request, files: Sequence[int], emit: Emit) -> None:
    subject = Subject(from_json(request["facts"]), _index(files[1]))
    first, last = request["first"], request["last"]
    if not isinstance(first, int) or not isinstance(last, int):
        raise TypeError("a span has a first and a last key frame")
    found = _look(_Source(files[0]), subject, Span(first, last), _named(request), emit)
    for name, partial in found.items():
        emit("partial", {"detector": name, "facts": partial.facts}, partial.data)


def merge(request: Request, files: Sequence[int], emit: Emit) -> None:
    subject = Subject(from_json(request["facts"]), _index(files[0]))
    by_name: dict[str, list[Partial]] = {}
    at = 0
    for one in _mappings(request["partials"]):
        data = os.pread(files[1], one["size"], at)
        at += one["size"]
        by_name.setdefault(one["detector"], []).append(Partial(one["facts"], data))
    for name, partials in by_name.items():
        _merge(DETECTORS[name], subject, partials, emit)


EXAMINING: Final[Programs] = {"examine": examine, "look": look, "merge": merge}


def _named(request: Request) -> list[Detector]:
    names = request["detectors"]
    if not isinstance(names, list):
        raise TypeError("detectors are named in a list")
    return [DETECTORS[name] for name in names]


def _mappings(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _index(descriptor: int) -> Any:
    size = size_of(descriptor)
    return unpack(os.pread(descriptor, size, 0)) if size else None


def _look(
    source: _Source, subject: Subject, span: Span, detectors: Sequence[Detector], emit: Emit
) -> dict[str, Partial]:
    """Decode once for all detectors of one kind; a kind that fails does not take others with it."""
    partials: dict[str, Partial] = {}
    tally = Tally()
    for wants in Wants:
        group = [d for d in detectors if d.wants is wants]
        if not group and not (wants is Wants.KEY_FRAMES and span.last > span.first):
            continue  # key frames are decoded in any case: whether they are whole is a fact
        sessions = {d.name: d.start(subject, span) for d in group}
        try:
            looked_at = bool(group)
            _feed(_material(source, subject, span, wants, tally, looked_at=looked_at), sessions)
            if wants is Wants.KEY_FRAMES:
                _feed_groups(source.descriptor, subject, sessions)
        except EXPECTED as error:
            _say_failed(emit, list(sessions), error)
            continue
        partials |= {name: session.finish() for name, session in sessions.items()}
    if subject.facts.kind is Kind.VIDEO:
        emit("seen", {"decoded": tally.decoded, "corrupt": tally.corrupt})
    return partials


def _bounds(subject: Subject) -> list[tuple[int, int]]:
    """The key-frame index cut into spans of about the same work."""
    if subject.index is None:
        return []
    bounds, first, work = [], 0, Fraction(0)
    after = lengths(subject.facts, subject.index)
    for number in range(len(subject.index)):
        if work >= SPAN_WORK:
            bounds.append((first, number))
            first, work = number, Fraction(0)
        work += 1 + _between(after.get(number, Fraction(0)), subject)
    return [*bounds, (first, len(subject.index))]


def _between(length: Fraction, subject: Subject) -> Fraction:
    """What a long group costs, in key frames; one picture in eight is as dear."""
    return length * _rate(subject) / 8 if length > FAR else Fraction(0)


def _rate(subject: Subject) -> Fraction:
    video = subject.facts.video
    return (video.frame_rate if video else None) or Fraction(DEFAULT_RATE)


def _feed(material: Iterator[Material], sessions: Mapping[str, Session]) -> None:
    for one in material:
        for session in sessions.values():
            session.push(one)


def _feed_groups(descriptor: int, subject: Subject, sessions: Mapping[str, Session]) -> None:
    """The second, selective pass: each group decoded once for all who asked for it."""
    index = subject.index
    deeper = [session for session in sessions.values() if isinstance(session, Deeper)]
    asked = [(session, _affordable(session.groups(), subject)) for session in deeper]
    every = sorted(set().union(*(wanted for _, wanted in asked)))
    if index is None or not every:
        return
    for one in groups(descriptor, subject.facts, index, every):
        for session, wanted in asked:
            if one.number in wanted:
                session.push(one)


def _affordable(numbers: Sequence[int], subject: Subject) -> frozenset[int]:
    """Of the groups asked for, the first ones that together cost no more than a task may."""
    video = subject.facts.video
    if video is None or subject.index is None:
        return frozenset()
    pixels = (video.width or 1) * (video.height or 1) * _rate(subject)
    after, cost, taken = lengths(subject.facts, subject.index), Fraction(0), set()
    for number in numbers:
        cost += after.get(number, Fraction(0)) * pixels
        if cost > MOST_DEEP:
            break
        taken.add(number)
    return frozenset(taken)


def _material(
    source: _Source, subject: Subject, span: Span, wants: Wants, tally: Tally, *, looked_at: bool
) -> Iterator[Material]:
    """``looked_at``: whether anybody asked; else key frames come for the sake of ``tally`` alone."""
    facts, index = subject.facts, subject.index
    descriptor, kept = source
    if wants is Wants.KEY_FRAMES and index is not None:
        reach = (span.first, span.last)
        yield from key_pictures(
            descriptor, facts, index, reach, tally, keys_only=not looked_at, kept=kept
        )
    elif wants is Wants.SAMPLES:
        for values, at in sound_blocks(descriptor, facts):
            yield Samples(values, RATE, at)
    elif wants is Wants.STILL:
        yield Still(still_pixels(descriptor, facts.container, facts.demuxer))


def _merge(detector: Detector, subject: Subject, partials: Sequence[Partial], emit: Emit) -> None:
    try:
        finding = detector.merge(subject, partials)
    except EXPECTED as error:
        _say_failed(emit, [detector.name], error)
        return
    _say_found(emit, detector, finding)


def _say_found(emit: Emit, detector: Detector, finding: Finding) -> None:
    blobs: list[Json] = [
        {"name": b.name, "media_type": b.media_type, "facts": b.facts, "size": len(b.data)}
        for b in finding.blobs
    ]
    said: dict[str, Json] = {
        "detector": detector.name,
        "version": detector.version,
        "facts": finding.facts,
        "blobs": blobs,
    }
    emit("finding", said, b"".join(blob.data for blob in finding.blobs))


def _say_failed(emit: Emit, names: Sequence[str], error: Exception) -> None:
    for name in names:
        emit("failed", {"detector": name, "reason": f"{type(error).__name__}: {error}"[:300]})
