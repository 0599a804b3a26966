"""The report that a judge reads: what is claimed, what is not, and how to check it."""

from collections.abc import Iterator

from daylight.exports.court import report_items, words
from daylight.exports.court.document import (
    Block,
    Column,
    Commands,
    Document,
    Heading,
    Pairs,
    Points,
    Table,
    Text,
)
from daylight.exports.court.rates import (
    BLIND,
    DAMAGE_KINDS,
    DAMAGE_SEEN,
    NO_FALSE_ALARM,
    rate_of,
)
from daylight.exports.court.records import Court, HeldHead, Written

GLOSSARY = (
    ("Original", "A file exactly as the archive received it, byte for byte."),
    (
        "Hash (SHA-256)",
        (
            "A number computed from all bytes of a file. Two different files with the same SHA-256 "
            "are not known to exist, and nobody knows how to make them. MD5 and SHA-1 are older and "
            "can be forged; they are given, if asked for, to compare with old lists only."
        ),
    ),
    (
        "Ledger",
        (
            "A list of what was done, to which only new entries can be added. Each entry is bound to "
            "all others by hashes (RFC 6962), so that none can be changed, removed or put between "
            "without its showing."
        ),
    ),
    (
        "Head",
        (
            "The number of entries in the ledger, one hash over all of them, and the signature of the "
            "ledger's key. Whoever keeps a head can hold the ledger to it for ever."
        ),
    ),
    (
        "Witness",
        "Somebody outside the archive who signed a head, and can say when they received it.",
    ),
    (
        "Seal",
        (
            "A time stamp (RFC 3161) by an authority outside: the head existed at that time. "
            "It says nothing on what the entries are about."
        ),
    ),
    (
        "Opening",
        (
            "Entries hold what they are about under lock: a hash with a random number mixed in. An "
            "opening gives that number, so that it can be checked which file an entry means."
        ),
    ),
    ("Working copy", "Made from the original for playing. It is not the evidence."),
    ("Detector", "A program that looks at a file and writes down what it found."),
)


def report(court: Court, written: Written) -> Document:
    """The whole report."""
    return Document(
        title="Report on the originals in this package",
        footer=f"Ledger {court.vault[:8]}, head of {court.head.head.size} entries, "
        f"root {court.head.head.root.hex()[:16]}",
        blocks=[
            *_first_page(court),
            *_check_yourself(),
            *_selection(court),
            *report_items.overview(court),
            *report_items.transfers(court),
            *report_items.sections(court, written),
            *_tools(court),
            *_people(court),
            *_left_out(court),
            Heading(2, "Glossary", new_page=True),
            Pairs(GLOSSARY),
        ],
    )


def _first_page(court: Court) -> Iterator[Block]:
    count = len(court.items)
    yield Heading(1, "Report on the originals in this package")
    yield Text(
        f"{_files(count)}, exported by Daylight {court.version} on {words.minute(court.made)}. All times are in "
        "UTC. The package was made by a program from records; this page says what they can show."
    )
    yield Heading(2, "What is claimed")
    yield Points(
        (
            (
                f"The {_files(count, 'original')} in this package are, byte for byte, what the archive "
                "received and entered in its ledger under the entries given for each."
            ),
            (
                "What was done with them since, by which program or person, stands in the ledger in "
                "the order in which it was entered."
            ),
            _oldest_claim(court),
        ),
        numbered=True,
    )
    yield Heading(2, "What is not claimed")
    yield Points(
        (
            (
                "That what is seen or heard is true, who recorded it, where, or when. A file cannot "
                "tell that by itself, and no program here has judged it."
            ),
            (
                "Anything about the time before the material was received, beyond what whoever "
                "handed it over stated, where that is opened."
            ),
            "That times inside the files are right: they are what the files say.",
            "That what programs found is so: nobody has confirmed it unless that is written.",
        )
    )
    yield from _head(court)


def _oldest_claim(court: Court) -> str:
    sealed = [seal.made for one in court.heads for seal in one.seals]
    if sealed:
        return (
            f"The ledger existed in the form it has here at {min(sealed)} at the latest, as far as "
            "the oldest seal below reaches; who witnessed it, and when, stands there too."
        )
    if any(one.witnesses for one in court.heads):
        return "Those named below as witnesses signed the ledger's head; they can say when."
    return (
        "No time before this package was made is claimed beyond the archive's own word: no "
        "authority has sealed the ledger and no witness has signed it."
    )


def _head(court: Court) -> Iterator[Block]:
    head = court.head.head
    yield Heading(2, "The ledger's head, and who knows of it")
    yield Pairs(
        (
            ("Ledger", court.vault),
            ("Entries", str(head.size)),
            ("Root", head.root.hex()),
            ("Signed", words.minute(head.at)),
            ("By key", head.key.hex()),
        ),
        code=frozenset({"Ledger", "Root", "By key"}),
    )
    rows = [row for one in court.heads for row in _outside(one)]
    if not rows:
        yield Text(
            "Nobody outside has signed or sealed this ledger. Until somebody shows a head that "
            "they kept, all of this rests on the word of whoever keeps the ledger's key.",
            strong=True,
        )
        return
    columns = (
        Column("Head of", 14, right=True),
        Column("How", 16),
        Column("Who", 40),
        Column("When", 30),
    )
    yield Table(columns, tuple(rows))


def _outside(one: HeldHead) -> Iterator[tuple[str, ...]]:
    size = f"{one.head.head.size} entries"
    for seal in one.seals:
        yield (size, "sealed", words.plain(seal.authority), seal.made)
    for witness in one.witnesses:
        yield (size, "witnessed", words.plain(witness.name), "ask the witness")


def _check_yourself() -> Iterator[Block]:
    yield Heading(2, "Check it yourself")
    yield Text(
        "In this folder, on any computer with Python 3.9 or newer and its library “cryptography”, "
        "without Daylight and without a network:"
    )
    yield Commands(
        (
            "sha256sum -c manifest-sha256.txt",
            "python3 verify.py",
            "python3 verify.py --head HEAD-FROM-A-WITNESS.json",
        )
    )
    yield Points(
        (
            "compares every file with the list of hashes;",
            "checks hashes, entries, signatures, witnesses and seals, and says what it cannot;",
            (
                "compares with a head that you received from somebody other than whoever gave you "
                "this package. Only this, a witness whom you know, or a seal shows that the ledger was "
                "not made up as a whole."
            ),
        ),
        numbered=True,
    )
    yield Text(
        "verify.py is one file that can be read before it is run; premis.xml is for archives."
    )


def _selection(court: Court) -> Iterator[Block]:
    chosen = court.selection
    yield Heading(2, "How these items were chosen")
    yield Pairs(
        (
            (
                "Chosen by",
                words.plain(chosen.text, 4000) or "Whoever made the package did not say.",
            ),
            ("Search", words.plain(chosen.search, 1000) or "Nobody named a search."),
            ("In the archive", f"{chosen.items_in_vault} items"),
            ("In this package", f"{len(court.items)} items"),
            ("Left out", f"{chosen.left_out} items"),
        )
    )


def _tools(court: Court) -> Iterator[Block]:
    yield Heading(2, "Programs used, and their measured errors", new_page=True)
    used = {(found.detector, found.version) for one in court.items for found in one.found}
    used |= {("probe", one.probe_version) for one in court.items if one.probe_version is not None}
    if not used:
        yield Text("No program has examined these items.")
        return
    rates = [rate_of(*one) for one in sorted(used)]
    columns = (Column("Program", 18), Column("Version", 12, right=True), Column("Known errors", 70))
    yield Table(columns, tuple((r.detector, str(r.version), r.text) for r in rates))
    yield Text(
        "Damage recognised by the probe, of six files damaged each in a random place. The material "
        "was synthetic, made for the test; on other recordings it may do better or worse."
    )
    kinds = tuple(Column(name, 10) for name in DAMAGE_KINDS)
    yield Table(
        (Column("", 18), *kinds), tuple((kind, *seen) for kind, seen in DAMAGE_SEEN.items())
    )
    yield Text(f"{NO_FALSE_ALARM} {BLIND}")


def _people(court: Court) -> Iterator[Block]:
    yield Heading(2, "Who acted")
    named = "" if court.with_names else " Their names are withheld here; the ledger holds none."
    yield Text(
        "The ledger names whoever acts by a random number, always the same for the same person "
        f"or program.{named}"
    )
    acted = {one.agent for one in court.entries}
    columns = (Column("Number", 50, code=True), Column("Stands for", 50))
    rows = [(agent, words.plain(court.agents.get(agent, "a user"))) for agent in sorted(acted)]
    yield Table(columns, tuple(rows))


def _left_out(court: Court) -> Iterator[Block]:
    yield Heading(2, "What is withheld")
    closed = [one for one in court.entries if one.details is None]
    reasons = sorted({one.withheld for one in closed})
    lines = [
        f"The details of {sum(e.withheld == reason for e in closed)} entries: {reason}"
        for reason in reasons
    ]
    if not court.with_paths:
        lines.append("The names under which the files came in, and their dates of change.")
    if not court.with_names:
        lines.append("The names of those who work with the archive.")
    lines.append("Whatever could tell who gave the material.")
    yield Points(tuple(lines))


def _files(count: int, word: str = "file") -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")
