"""What was observed of how a file was written, in a sentence, with what it can and cannot mean.

No observation says that something was changed, nor that nothing was: that is for people to judge.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Observation:
    """``sign``: a stable name. ``can``, ``cannot``: what may explain it, and what it does not show.

    ``values``: the figures and names within ``text``, in its order, for who says it in another language.
    """

    sign: str
    text: str
    can: str
    cannot: str
    values: tuple[str, ...] = ()

    def as_json(self) -> dict[str, str]:
        return {"sign": self.sign, "text": self.text, "can": self.can, "cannot": self.cannot}
