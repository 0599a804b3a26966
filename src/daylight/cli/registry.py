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
    "models": Verb("daylight.cli.models", "Fetch a model that a detector needs, once."),
    "duplicates": Verb("daylight.cli.duplicates", "Which recordings show the same; what is known."),
    "status": Verb("daylight.cli.status", "What the vault holds, and what is still to do."),
    "items": Verb("daylight.cli.items", "List the items."),
    "show": Verb("daylight.cli.show", "Show one item: facts, occurrences, custody."),
    "cameras": Verb("daylight.cli.cameras", "List the cameras, proposed and confirmed."),
    "place": Verb("daylight.cli.place", "Say which camera recordings are of."),
    "clock": Verb("daylight.cli.clock", "Enter how a camera's clock stands to real time."),
    "timeline": Verb("daylight.cli.timeline", "What each camera recorded when, and the gaps."),
    "signs": Verb("daylight.cli.signs", "How recordings were written, and which differ."),
    "marks": Verb("daylight.cli.marks", "What people said of footage."),
    "search": Verb("daylight.cli.search", "Find what was said, by words."),
    "redact": Verb("daylight.cli.redact", "Make a copy in which people are covered."),
    "hold": Verb("daylight.cli.hold", "Put items under legal hold, or ask to lift it."),
    "purge": Verb("daylight.cli.purge", "Ask that items go for good; a second person approves."),
    "requests": Verb("daylight.cli.requests", "List what waits for a second person."),
    "approve": Verb("daylight.cli.approve", "Sign as the second of two; then it is done."),
    "ledger": Verb("daylight.cli.ledger", "Heads, proofs and checks of the ledger; its key."),
    "export": Verb("daylight.cli.export", "Give originals out, as a package that can be checked."),
    "seal": Verb("daylight.cli.seal", "Have outside authorities time-stamp the ledger."),
    "work": Verb("daylight.cli.work", "Do what is due by the clock: seals."),
    "verify": Verb("daylight.cli.verify", "Hash every object again; check that all agrees."),
    "user": Verb("daylight.cli.user", "Add, list and disable the people who work here."),
    "replicate": Verb("daylight.cli.replicate", "Keep a sealed copy on another disk or server."),
    "repair": Verb("daylight.cli.repair", "Bring back from a replica what is broken."),
    "backup": Verb("daylight.cli.backup", "Catalogue, ledger and keys in one encrypted file."),
    "restore": Verb("daylight.cli.restore", "A vault out of a backup or a replica."),
    "shares": Verb("daylight.cli.shares", "The key of replicas on cards for several people."),
    "views": Verb("daylight.cli.views", "Who watched what: its key, and reading it."),
    "help-page": Verb("daylight.cli.help_page", "Write the page where people find help."),
    "serve": Verb("daylight.cli.serve", "Open the review room in a browser."),
}
