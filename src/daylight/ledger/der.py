"""Just enough DER (X.690) to look where libraries do not: take values apart, put them together.

Tags of one byte and definite lengths only, which is all that time stamps use. ``ValueError`` for
anything else.
"""

from collections.abc import Iterable
from dataclasses import dataclass

SEQUENCE, SET, OCTETS, OID = 0x30, 0x31, 0x04, 0x06
FIRST, SECOND = 0xA0, 0xA1  # [0], [1]: context-specific, constructed
_CONSTRUCTED = 0x20
_LONG_TAG = 0x1F
_MAX_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Value:
    """``whole`` is tag, length and ``content``."""

    tag: int
    content: bytes
    whole: bytes

    def parts(self) -> list["Value"]:
        """What a constructed value holds, in its order."""
        if not self.tag & _CONSTRUCTED:
            raise ValueError("a plain value where others should be inside")
        found, rest = [], self.content
        while rest:
            one, rest = _first(rest)
            found.append(one)
        return found

    def expect(self, tag: int) -> "Value":
        """Itself, if its tag is ``tag``."""
        if self.tag != tag:
            raise ValueError(f"tag {self.tag:#x} where {tag:#x} should be")
        return self


def parse(data: bytes) -> Value:
    """The one value that ``data`` is, whole."""
    value, rest = _first(data)
    if rest:
        raise ValueError("bytes behind the value")
    return value


def encode(tag: int, parts: Iterable[bytes]) -> bytes:
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def _first(data: bytes) -> tuple[Value, bytes]:
    if len(data) < 2 or data[0] & _LONG_TAG == _LONG_TAG:
        raise ValueError("no value of DER")
    start, length = 2, data[1]
    if length & 0x80:
        start += length & 0x7F
        length = _long_length(data[2:start], length & 0x7F)
    end = start + length
    if len(data) < end:
        raise ValueError("the value is cut short")
    return Value(data[0], data[start:end], data[:end]), data[end:]


def _long_length(digits: bytes, count: int) -> int:
    length = int.from_bytes(digits, "big")
    minimal = length >= 0x80 and (digits[:1] != b"\0")
    if not 1 <= count <= _MAX_LENGTH_BYTES or len(digits) != count or not minimal:
        raise ValueError("a length that is not DER")
    return length
