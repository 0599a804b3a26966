"""The fake beside the port: a function in this very process. For tests of what lies above."""

from collections.abc import Callable, Sequence
from typing import Self

from daylight.errors import InferenceFailed, UsageError
from daylight.media.inference.arrays import Floats, Numbers, believed, placed, unpacked
from daylight.media.inference.base import Signature, length

Answer = Callable[[Sequence[int], list[Floats]], list[Floats]]


class InlineInference:
    """No sandbox and no model: raises unless told that this is a test.

    ``answer`` stands for the model; what it raises comes through, so that a test shows it.
    """

    def __init__(self, signature: Signature, answer: Answer, *, i_am_a_test: bool = False) -> None:
        if not i_am_a_test:
            raise UsageError("The inline inference has no sandbox; it is for tests only.")
        self.signature = signature
        self._answer = answer
        self._closed = False

    def run(self, free: Sequence[int], inputs: Sequence[Numbers]) -> list[Floats]:
        if self._closed:
            raise UsageError("The model's worker was closed.")
        self.signature.check(free)
        data = bytearray(length(self.signature.inputs, free))
        placed(self.signature.inputs, free, inputs, data)
        found = self._answer(free, unpacked(self.signature.inputs, free, data))
        said = bytearray(length(self.signature.outputs, free))
        try:
            placed(self.signature.outputs, free, found, said)
        except ValueError as error:
            raise InferenceFailed("the model's worker died") from error
        return believed(unpacked(self.signature.outputs, free, said))

    def close(self) -> None:
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
