"""A head's card where people see it: words, and on a terminal the QR code."""

import sys

from daylight.cli.output import say
from daylight.ledger import card
from daylight.ledger.head import SignedHead
from daylight.services.cards import code_lines

BLACK_ON_WHITE, AS_BEFORE = "\x1b[30;107m", "\x1b[0m"  # whatever the terminal's own colours are


def show(head: SignedHead) -> None:
    for line in card.lines(head):
        say(line)
    if sys.stdout.isatty():
        for line in code_lines(head):
            sys.stdout.write(f"{BLACK_ON_WHITE}{line}{AS_BEFORE}\n")
        sys.stdout.flush()


def document(head: SignedHead) -> dict[str, object]:
    return {"size": head.head.size, "root": head.head.root.hex(), "words": list(card.words(head))}
