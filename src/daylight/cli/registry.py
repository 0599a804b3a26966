"""The verbs, by name: where each lives and its one line of help. Nothing is imported here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verb:
    module: str
    help: str


VERBS: dict[str, Verb] = {
    "init": Verb("daylight.cli.init", "Make a vault on an encrypted volume."),
    "import": Verb("daylight.cli.import_", "Take material in, beyond doubt."),
    "custody": Verb("daylight.cli.custody", "Add what became known of a transfer."),
    "examine": Verb("daylight.cli.examine", "Recognise what came in; make filmstrips."),
    "status": Verb("daylight.cli.status", "What the vault holds, and what is still to do."),
    "items": Verb("daylight.cli.items", "List the items."),
    "show": Verb("daylight.cli.show", "Show one item: facts, occurrences, custody."),
    "ledger": Verb("daylight.cli.ledger", "Heads, proofs and checks of the ledger; its key."),
    "verify": Verb("daylight.cli.verify", "Hash every object again; check that all agrees."),
    "user": Verb("daylight.cli.user", "Add, list and disable the people who work here."),
    "serve": Verb("daylight.cli.serve", "Open the review room in a browser."),
}
