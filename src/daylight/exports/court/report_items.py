"""The report's pages on the items: the table of all, the transfers, a section for each."""

import json
from collections.abc import Iterator
from fractions import Fraction

from daylight.domain.media import MediaFacts, StreamFacts
from daylight.exports.court import words
from daylight.exports.court.document import Block, Column, Heading, Pairs, Points, Table, Text
from daylight.exports.court.records import (
    NOT_RECORDED,
    Court,
    CourtItem,
    Found,
    Met,
    OpenedEntry,
    Transfer,
    Written,
    WrittenItem,
)

_STATES = {
    "ok": "No sign of damage was found.",
    "damaged": "Damaged; what can be read of it can be looked at.",
    "unreadable": "Nothing of it could be decoded.",
}


def overview(court: Court) -> Iterator[Block]:
    """All items in one table."""
    yield Heading(2, "The items")
    columns = (
        Column("No.", 7, right=True),
        Column("SHA-256 begins", 24, code=True),
        Column("What", 22),
        Column("Length", 13, right=True),
        Column("Received", 20),
        Column("State", 14),
    )
    yield Table(columns, tuple(_row(court, one) for one in court.items))


def _row(court: Court, one: CourtItem) -> tuple[str, ...]:
    received = [e.at for e in court.entries_about(one.number) if e.action == "received"]
    facts = one.facts
    return (
        str(one.number),
        one.digest.hex()[:16],
        "not examined" if facts is None else f"{facts.kind.value}, {facts.container}".rstrip(", "),
        "" if facts is None or facts.duration is None else words.length(facts.duration),
        words.minute(min(received, default="")),
        "" if facts is None else facts.state.value,
    )


def transfers(court: Court) -> Iterator[Block]:
    """Where the items came from, as far as it may be told."""
    yield Heading(2, "Transfers: how the material came in")
    for number, one in enumerate(court.transfers, 1):
        name = f": {words.plain(one.name)}" if one.name else ""
        yield Heading(3, f"Transfer {number}{name}")
        yield Text(f"Of this package it brought items {_numbers(one.items)}.")
        yield _custody(court, [e for e in court.entries if e.index in one.entries])
        yield from _stated(one)


def _stated(one: Transfer) -> Iterator[Block]:
    if one.stated is not None:
        rows = [(topic.replace("_", " "), text) for topic, text in one.stated.items()]
        yield Pairs(tuple((topic, words.plain(text, 2000) or "unknown") for topic, text in rows))
    elif one.topics:
        told = ", ".join(topic.replace("_", " ") for topic in one.topics)
        yield Text(f"Something was written down on: {told}. It is withheld to protect the source.")
    else:
        yield Text("Nothing was written down on device, place or who handed it over: unknown.")


def sections(court: Court, written: Written) -> Iterator[Block]:
    """One section for each item."""
    for one in court.items:
        yield Heading(2, f"Item {one.number}", new_page=True)
        yield from _identity(one, written.items[one.number])
        yield Heading(3, "What it is")
        yield from _what(one)
        yield Heading(3, "Three clocks")
        yield from _clocks(court, one)
        yield Heading(3, "How it came in")
        yield from _provenance(court, one)
        yield Heading(3, "Custody, in order")
        yield _custody(court, court.entries_about(one.number))
        yield Heading(3, "Examined with")
        yield from _examined(one)
        yield Heading(3, "What speaks against it, and its neighbours")
        yield Pairs(
            (
                ("Contradicting marks", _sentences(one.marks)),
                ("Same camera, same time", _sentences(one.neighbours)),
            )
        )


def _identity(one: CourtItem, lies: WrittenItem) -> Iterator[Block]:
    rows = [("SHA-256", lies.hashes["sha256"])]
    rows += [
        (n.upper().replace("SHA1", "SHA-1"), lies.hashes[n])
        for n in ("md5", "sha1")
        if n in lies.hashes
    ]
    rows += [("Size", words.size(one.size)), ("Original", lies.original)]
    lost = f"; {words.plain(lies.no_copy)}" if lies.no_copy else ""
    copy = f"{lies.copy} (for playing only, not the evidence{lost})"
    rows.append(("Working copy", copy if lies.copy else f"none: {words.plain(lies.no_copy)}"))
    if lies.copy:
        rows.append(("SHA-256 of the copy", lies.copy_sha256))
    yield Pairs(tuple(rows), code=frozenset({"SHA-256", "MD5", "SHA-1", "SHA-256 of the copy"}))


def _what(one: CourtItem) -> Iterator[Block]:
    facts = one.facts
    if facts is None:
        yield Text("It has not been examined.")
        return
    rows = [("Kind", facts.kind.value), ("Container", facts.container or "none known")]
    rows += [(_STREAMS.get(s.media, s.media), _stream(s)) for s in facts.streams[:8]]
    if facts.duration is not None:
        rows.append(("Length", words.length(facts.duration)))
    if facts.encoder:
        rows.append(("Encoder, it states", words.plain(facts.encoder)))
    reason = f" {words.plain(facts.reason)}" if facts.reason else ""
    rows.append(("Damage", _STATES[facts.state.value] + reason))
    if facts.corrupt_key_frames:
        rows.append(("Key frames", f"{facts.corrupt_key_frames} of {facts.key_frames} are corrupt"))
    yield Pairs(tuple(rows))


_STREAMS = {"video": "Pictures", "audio": "Sound", "subtitle": "Subtitles"}


def _stream(one: StreamFacts) -> str:
    parts = [one.codec]
    if one.width and one.height:
        parts.append(f"{one.width} by {one.height}")
    if one.frame_rate:
        parts.append(f"{float(one.frame_rate):.3f} pictures a second".replace(".000", ""))
    if one.sample_rate:
        parts.append(f"{one.sample_rate} Hz, {one.channels or '?'} channels")
    return words.plain(", ".join(parts))


def _clocks(court: Court, one: CourtItem) -> Iterator[Block]:
    said = [] if one.facts is None else _container_times(one.facts)
    rows = [
        ("In the file", "; ".join(said) or "the file states no time that was recognised"),
        ("Burnt into the picture", one.burnt_in or NOT_RECORDED),
        ("Real time", one.real_time or NOT_RECORDED),
    ]
    if court.with_paths:
        changed = [words.moment(met.mtime) for met in one.met if met.mtime is not None]
        rows.insert(1, ("File's date of change", "; ".join(changed) or "none came with it"))
    yield Pairs(tuple(rows))


def _container_times(facts: MediaFacts) -> list[str]:
    """Dates that container and streams state; whoever wrote the file could write any."""
    pairs = [*facts.untrusted_metadata, *(p for s in facts.streams for p in s.untrusted_metadata)]
    dated = {text for name, text in pairs if name.lower() in ("creation_time", "date", "icrd")}
    times = [words.plain(text, 60) for text in sorted(dated)]
    if facts.start not in (None, Fraction(0)):
        times.append(f"its own clock begins at {float(facts.start or 0):.3f} s")
    return times


def _provenance(court: Court, one: CourtItem) -> Iterator[Block]:
    number = {name: n for n, t in enumerate(court.transfers, 1) for name in t.entries}
    lines = [_met(met, number.get(met.entry), with_paths=court.with_paths) for met in one.met]
    yield Points(tuple(lines))


def _met(met: Met, transfer: int | None, *, with_paths: bool) -> str:
    where = "" if transfer is None else f" in transfer {transfer}"
    checked = "read back from the disk and compared" if met.read_back else "not read back"
    name = ""
    if with_paths and met.untrusted_path is not None:
        text = met.untrusted_path.decode("utf-8", "surrogateescape")
        name = f", under the name “{words.plain(text, 2000)}”"
    return f"Entry {met.entry}{where}: {checked}{name}."


def _custody(court: Court, entries: list[OpenedEntry]) -> Table:
    columns = (
        Column("Entry", 9, right=True),
        Column("When", 18),
        Column("What was done", 32),
        Column("By", 15),
        Column("Details", 26),
    )
    return Table(
        columns,
        tuple(
            (
                str(one.index),
                words.minute(one.at),
                words.act(one.action),
                words.plain(court.agents.get(one.agent, "a user")),
                "withheld" if one.details is None else _details(one.details),
            )
            for one in entries
        ),
    )


_TOLD = {
    "bytes": "of {} bytes in all",
    "read_back": "read back: {}",
    "probe": "probe/{}",
    "detectors": "{}",
    "kind": "as a {} package",
}


def _details(body: bytes) -> str:
    """The few details that say something in a table; the rest stands in package.json."""
    said = json.loads(body)
    told = (
        text.format(words.plain(str(said[name]))) for name, text in _TOLD.items() if said.get(name)
    )
    return ", ".join(told)


def _examined(one: CourtItem) -> Iterator[Block]:
    if one.probe_version is None:
        yield Text("No program has examined it.")
        return
    done = [f"probe {one.probe_version}"]
    done += [_program(found) for found in one.found if not found.failed and not found.read_from]
    rows = [("Programs", ", ".join(done)), *_in_salvages(one)]
    failed = [found for found in one.found if found.failed]
    rows += [(_program(f), f"failed: {words.plain(f.failed)}") for f in failed]
    yield Pairs(tuple(rows))


def _in_salvages(one: CourtItem) -> list[tuple[str, str]]:
    """What was not read from the original is told apart."""
    read = sorted({found.read_from for found in one.found if found.read_from})
    done = [(made, [f for f in one.found if f.read_from == made and not f.failed]) for made in read]
    where = "not in the original, which cannot be opened, but in a file that a program made of it"
    return [
        (
            "In what was rebuilt",
            f"{', '.join(map(_program, found))}: {where} (SHA-256 {made.hex()})",
        )
        for made, found in done
        if found
    ]


def _program(found: Found) -> str:
    return f"{found.detector} {found.version}"


def _sentences(found: tuple[str, ...] | None) -> str:
    if found is None:
        return NOT_RECORDED
    return " ".join(words.plain(one) for one in found) or "none recorded"


def _numbers(numbers: tuple[int, ...]) -> str:
    """``1 to 4, 7``."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] + 1 == number:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in spans)
