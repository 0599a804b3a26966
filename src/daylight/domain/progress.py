"""How long work tells people that it lives: a port, with a silent end for pipes and tests."""

from typing import Final, Protocol


class Progress(Protocol):
    """``total`` may be called again when more becomes known; -1 is unknown.

    ``say``: a few words beside the numbers, in place of those before. ``wants_total``: somebody looks at it, so that finding out how much there is is worth the time.
    """

    wants_total: bool

    def total(self, *, amount: int, steps: int) -> None: ...
    def advance(self, *, amount: int = 0, steps: int = 0) -> None: ...
    def say(self, words: str) -> None: ...


class Silent:
    wants_total = False

    def total(self, *, amount: int, steps: int) -> None: ...
    def advance(self, *, amount: int = 0, steps: int = 0) -> None: ...
    def say(self, words: str) -> None: ...


SILENT: Final = Silent()
