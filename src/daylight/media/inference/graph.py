"""A model's graph, edited on the bytes: fields of protocol buffers moved about, nothing else read.

Only for bytes that were held against a pinned digest; what comes out is held against one as well.
Source: developers.google.com/protocol-buffers/docs/encoding; onnx.proto3 of ONNX 1.17 (field numbers).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MODEL_GRAPH: Final = 7
_NODE, _GRAPH_NAME, _WEIGHT, _INPUT, _OUTPUT = 1, 2, 5, 11, 12
_NODE_OUTPUT: Final = 2
FLOAT, UINT8 = 1, 2  # TensorProto.DataType
_INTS: Final = 7  # AttributeProto.AttributeType
_INT: Final = 2

Field = tuple[int, int, bytes]  # number, wire type, and its bytes without tag and length


@dataclass(frozen=True, slots=True)
class Shape:
    """A tensor of the graph: its name, its elements' type, and lengths, or names of free ones."""

    name: str
    kind: int
    lengths: tuple[int | str, ...]


def varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*made, value))


def _varint_at(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        one = data[at]
        value |= (one & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not one & 0x80:
            return value, at
        if shift > 63:
            raise ValueError("a number of more than 64 bits")


def fields(data: bytes) -> Iterator[Field]:
    """Raises ``ValueError`` for what is no message."""
    at = 0
    while at < len(data):
        try:
            tag, at = _varint_at(data, at)
            length, at = _length(data, at, tag & 7)
        except IndexError:
            raise ValueError("a message ends in the middle") from None
        if at + length > len(data):
            raise ValueError("a message ends in the middle")
        yield tag >> 3, tag & 7, data[at : at + length]
        at += length


def _length(data: bytes, at: int, wire: int) -> tuple[int, int]:
    """How many bytes the value has, and where it begins."""
    match wire:
        case 0:
            return _varint_at(data, at)[1] - at, at
        case 1:
            return 8, at
        case 2:
            return _varint_at(data, at)
        case 5:
            return 4, at
    raise ValueError(f"no wire type: {wire}")


def message(many: Iterable[Field]) -> bytes:
    """The reverse of :func:`fields`."""
    return b"".join(
        varint(number << 3 | wire) + (varint(len(value)) if wire == _BYTES else b"") + value
        for number, wire, value in many
    )


def _words(number: int, *texts: str) -> list[Field]:
    return [(number, _BYTES, text.encode()) for text in texts]


def _value_info(shape: Shape) -> bytes:
    lengths = [
        (1, _BYTES, message(_words(2, n) if isinstance(n, str) else [(1, _VARINT, varint(n))]))
        for n in shape.lengths
    ]
    tensor = message([(1, _VARINT, varint(shape.kind)), (2, _BYTES, message(lengths))])
    return message([*_words(1, shape.name), (2, _BYTES, message([(1, _BYTES, tensor)]))])


def _node(operator: str, source: str, target: str, attribute: bytes) -> Field:
    body = [*_words(1, source), *_words(2, target), *_words(4, operator), (5, _BYTES, attribute)]
    return (_NODE, _BYTES, message(body))


def _permutation(order: Sequence[int]) -> bytes:
    ints: list[Field] = [(8, _VARINT, varint(one)) for one in order]
    return message([*_words(1, "perm"), *ints, (20, _VARINT, varint(_INTS))])


def _to_float() -> bytes:
    return message(
        [*_words(1, "to"), (3, _VARINT, varint(FLOAT)), (20, _VARINT, varint(_INT))],
    )


def for_pixels(
    model: bytes, pixels: Shape, image: str, wanted: Sequence[Shape], unwanted: Sequence[str]
) -> bytes:
    """The same network, fed with bytes (n, height, width, 3) instead of floats (n, 3, height, width).

    ``image``: the input that it had; all others, which are its weights, become constants, so that
    they can be folded. ``wanted``: the outputs that remain. ``unwanted``: what is not reckoned any
    more: tensors that one node alone makes and none takes. Raises ``ValueError`` for no model.
    """
    made: list[Field] = []
    for number, wire, value in fields(model):
        if number == _MODEL_GRAPH:
            value = message(_graph(value, pixels, image, wanted, frozenset(unwanted)))  # noqa: PLW2901
        made.append((number, wire, value))
    return message(made)


def _graph(
    graph: bytes, pixels: Shape, image: str, wanted: Sequence[Shape], unwanted: frozenset[str]
) -> Iterator[Field]:
    turned = f"{pixels.name}.turned"
    yield _node("Transpose", pixels.name, turned, _permutation((0, 3, 1, 2)))
    yield _node("Cast", turned, image, _to_float())
    for number, wire, value in fields(graph):
        made = (
            {v.decode() for n, _, v in fields(value) if n == _NODE_OUTPUT}
            if number == _NODE
            else ()
        )
        if number not in (_INPUT, _OUTPUT) and not (number == _NODE and unwanted.issuperset(made)):
            yield number, wire, value
    yield _INPUT, _BYTES, _value_info(pixels)
    for one in wanted:
        yield _OUTPUT, _BYTES, _value_info(one)
