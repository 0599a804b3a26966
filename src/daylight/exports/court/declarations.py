"""Templates of the declarations that people sign. They are empty where only a person can know."""

from daylight.exports.court.document import Blank, Document, Heading, Pairs, Points, Text
from daylight.exports.court.records import Court


def _about(court: Court) -> Pairs:
    head = court.head.head
    return Pairs(
        (
            ("Ledger", head.vault),
            ("Head", f"{head.size} entries, signed {head.at}"),
            ("Root", head.root.hex()),
            ("Items", f"{len(court.items)}, listed by SHA-256 in manifest-sha256.txt"),
        ),
        code=frozenset({"Ledger", "Root"}),
    )


_TEMPLATE = (
    "This is a template. It says nothing until somebody has filled it in, struck out what does not "
    "apply, and signed it. Let a lawyer of the jurisdiction look at its wording first."
)
_SIGNED = (
    Blank("Place and date"),
    Blank("Name, or the name under which the court knows the person"),
    Blank("Signature"),
)


def custodian(court: Court) -> Document:
    """What whoever keeps the archive can declare of their own knowledge."""
    title = "Declaration of the custodian (template)"
    return Document(
        title,
        "Template, to be filled in and signed",
        [
            Heading(1, title),
            Text(_TEMPLATE, strong=True),
            _about(court),
            Text("I declare, of my own knowledge:"),
            Points(
                (
                    (
                        "I keep the archive from which this package was made, since the date below, "
                        "and I know how it takes material in and how its ledger is kept."
                    ),
                    (
                        "The package was made by the archive's program. I have run verify.py over it; "
                        "its output is attached."
                    ),
                    (
                        "The originals in it are those that the ledger names. To my knowledge nobody "
                        "has changed them since they were received."
                    ),
                    (
                        "What I know of the material before it was received is written below, and "
                        "nothing else is known to me."
                    ),
                    (
                        "The ledger's key was kept as written below. These people could use it: (offices, or "
                        "pseudonyms that the court knows)."
                    ),
                ),
                numbered=True,
            ),
            Blank("Keeps the archive since"),
            Blank("How the ledger's key is kept, and who can use it"),
            Blank("What is known of the material before it was received"),
            Blank("How the items in this package were chosen, and by whom"),
            Blank("What I cannot say, and why"),
            *_SIGNED,
        ],
    )


def translator(court: Court) -> Document:
    """What a translator of speech or writing in the recordings can declare."""
    title = "Declaration of the translator (template)"
    return Document(
        title,
        "Template, to be filled in and signed",
        [
            Heading(1, title),
            Text(_TEMPLATE, strong=True),
            _about(court),
            Text("I declare, of my own knowledge:"),
            Points(
                (
                    "I am able to translate from and into the languages written below.",
                    (
                        "I translated from the original, or from a working copy made of it, of the "
                        "items written below; their SHA-256 is given with each translation."
                    ),
                    (
                        "The translation attached is complete and true to the best of my ability. What "
                        "I could not hear or read is marked as such and nothing is put in its place."
                    ),
                    "I was not told what the translation should say.",
                ),
                numbered=True,
            ),
            Blank("Languages, and how I know them"),
            Blank("Items, with the first 16 digits of their SHA-256"),
            Blank("Worked from: original, or working copy"),
            Blank("Passages that could not be understood"),
            *_SIGNED,
        ],
    )
