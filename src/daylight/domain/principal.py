"""Who asks, and what they may do."""

from dataclasses import dataclass
from enum import StrEnum

from daylight.errors import Forbidden


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    ARCHIVIST = "archivist"
    ANALYST = "analyst"
    EDITOR = "editor"
    COUNSEL = "counsel"


class Right(StrEnum):
    MANAGE_USERS = "manage-users"
    IMPORT = "import"
    EXAMINE = "examine"
    SEE_ITEMS = "see-items"
    WATCH = "watch"
    SEE_LEAKED_PATHS = "see-leaked-paths"
    SEE_CUSTODY = "see-custody"
    PRESERVE = "preserve"  # replicas, repair, backups, shares of the key
    MANAGE_KEYS = "manage-keys"
    EXPORT = "export"
    HOLD = "hold"
    APPROVE = "approve"
    MARK = "mark"  # say what one saw: marks, descriptions, severity; take and end tasks
    ASSIGN = "assign"  # give tasks to others
    SEE_ALERTS = "see-alerts"  # who opens or exports unusually much
    REDACT = "redact"  # decide what is covered; to give it out takes EXPORT and two people
    PLACE = "place"  # say which camera a recording is of, and how its clock stands


RIGHTS: dict[Role, frozenset[Right]] = {
    # An administrator keeps the machine running and does not need to see footage for it.
    Role.ADMINISTRATOR: frozenset(
        {
            Right.MANAGE_USERS,
            Right.MANAGE_KEYS,
            Right.SEE_CUSTODY,
            Right.HOLD,
            Right.APPROVE,
            Right.SEE_ALERTS,
        }
    ),
    Role.ARCHIVIST: frozenset(
        {
            Right.IMPORT,
            Right.EXAMINE,
            Right.SEE_ITEMS,
            Right.WATCH,
            Right.SEE_LEAKED_PATHS,
            Right.SEE_CUSTODY,
            Right.EXPORT,
            Right.APPROVE,
            Right.PLACE,
            Right.MARK,
            Right.ASSIGN,
            Right.REDACT,
        }
    ),
    Role.ANALYST: frozenset({Right.SEE_ITEMS, Right.WATCH, Right.PLACE, Right.MARK}),
    Role.EDITOR: frozenset({Right.SEE_ITEMS, Right.WATCH, Right.MARK, Right.ASSIGN, Right.REDACT}),
    Role.COUNSEL: frozenset(
        {
            Right.SEE_ITEMS,
            Right.SEE_CUSTODY,
            Right.SEE_LEAKED_PATHS,
            Right.EXPORT,
            Right.HOLD,
            Right.APPROVE,
            Right.SEE_ALERTS,
        }
    ),
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: ``agent`` is the random id that ledger entries bear, never a name.

    ``collections`` holds the public ids the principal may see; ``None`` means every collection,
    which only the custodian (a shell on the machine) has.
    """

    agent: str
    rights: frozenset[Right]
    collections: frozenset[str] | None

    def may(self, right: Right) -> bool:
        return right in self.rights

    def require(self, right: Right) -> None:
        """Raise :class:`Forbidden` unless ``right`` is held."""
        if right not in self.rights:
            raise Forbidden(f"this needs the right '{right}', which you do not have")


def rights_of(roles: frozenset[Role]) -> frozenset[Right]:
    return frozenset().union(*(RIGHTS[role] for role in roles))


def custodian(agent: str) -> Principal:
    """Whoever has a shell on the machine; docs/threats.md says what that means."""
    return Principal(agent=agent, rights=frozenset(Right), collections=None)
