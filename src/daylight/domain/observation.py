"""What was observed of how a file was written, in a sentence, with what it can and cannot mean.

No observation says that something was changed, nor that nothing was: that is for people to judge.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Observation:
    """``sign``: a stable name. ``can``, ``cannot``: what may explain it, and what it does not show."""

    sign: str
    text: str
    can: str
    cannot: str

    def as_json(self) -> dict[str, str]:
        return {"sign": self.sign, "text": self.text, "can": self.can, "cannot": self.cannot}
