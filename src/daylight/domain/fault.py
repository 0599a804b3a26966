"""What a check has found wrong: a stable name, what it is about, and a sentence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """``object``: a digest in hexadecimal, ``entry N``, ``head N`` or a file's name in the vault."""

    name: str
    object: str
    detail: str
