"""What parent, zygote and child say to each other.

Frames go from the child to the parent: a fixed head, JSON, then raw bytes. Both sides hold the limits: the child so that an honest program ends with a clear word, the parent
because the child may have been taken over and then says what it likes.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from daylight.media.executor import End, Hear, Message, TaskLimits
from daylight.media.program import Json

_HEAD: Final = struct.Struct("=BIQ")  # what it is, bytes of JSON, bytes of payload
_MESSAGE: Final = 1
_END: Final = 2

_END_LENGTH: Final = 8 << 10  # bytes of JSON

# Between parent and zygote: datagrams.
DATAGRAM: Final = 64 << 10  # bytes of an order or a report
MAX_FILES: Final = 64
KILL: Final = b"kill"
TWINS: Final = b"twins"  # with a socket for each

KIND_LENGTH: Final = 64  # characters
REASON_LENGTH: Final = 500  # characters


@dataclass(frozen=True, slots=True)
class Verdict:
    end: End
    untrusted_reason: str


def _frame(what: int, body: Mapping[str, Json], payload: bytes) -> bytes:
    text = json.dumps(body, allow_nan=False, separators=(",", ":")).encode("ascii")
    return _HEAD.pack(what, len(text), len(payload)) + text


def message_frame(kind: str, facts: Json, payload: bytes) -> bytes:
    """Head and JSON of a message; the payload follows it on the wire.

    Raises ``ValueError`` or ``TypeError`` for facts that JSON cannot carry.
    """
    if len(kind) > KIND_LENGTH:
        raise ValueError("the kind of a message is too long")
    return _frame(_MESSAGE, {"kind": kind, "facts": facts}, payload)


def end_frame(verdict: Verdict) -> bytes:
    reason = verdict.untrusted_reason[:REASON_LENGTH]
    return _frame(_END, {"end": verdict.end.value, "reason": reason}, b"")


class Allowance:
    """What a task may still send."""

    def __init__(self, limits: TaskLimits) -> None:
        self._message = limits.message_bytes
        self._total = limits.total_bytes
        self._facts = limits.facts_bytes

    def take(self, facts: int, payload: int) -> str:
        """Book one message; "" or the limit that it breaks."""
        self._total -= facts + payload
        self._facts -= facts
        if facts + payload > self._message:
            return "a message was longer than allowed"
        if self._facts < 0:
            return "the facts of all messages were longer than allowed"
        if self._total < 0:
            return "all messages together were longer than allowed"
        return ""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _decode(text: bytes) -> dict[str, Json] | None:
    """The JSON object in ``text``, or None if it is anything else."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class FrameReader:
    """Collects what one child sends. Feed it until ``fault`` is set or the pipe ends.

    ``said``: the child's own last word. ``fault``: why it must be stopped. It holds at most what
    the limits allow plus one message, whatever comes in; with ``hear``, one message.
    """

    def __init__(self, limits: TaskLimits, hear: Hear | None = None) -> None:
        self.messages: list[Message] = []
        self._hear = hear or self.messages.append
        self.said: Verdict | None = None
        self.fault: Verdict | None = None
        self._allowance = Allowance(limits)
        self._untrusted = bytearray()
        self._head: tuple[int, int, int] | None = None

    def feed(self, untrusted: bytes) -> None:
        self._untrusted += untrusted
        while self._take_body(*self._head) if self._head else self._take_head():
            pass

    def _stop(self, end: End, why: str) -> bool:
        self.fault = Verdict(end, why)
        self._untrusted.clear()
        return False

    def _garbage(self, why: str) -> bool:
        return self._stop(End.CRASHED, f"the child sent garbage: {why}")

    def _take_head(self) -> bool:
        """Take one head off the buffer; False when more bytes are needed, or no more wanted."""
        if not self._untrusted or self.fault is not None:
            return False
        if self.said is not None:
            return self._garbage("bytes after the end")
        if len(self._untrusted) < _HEAD.size:
            return False
        what, facts, payload = _HEAD.unpack_from(self._untrusted)
        if what == _END:
            excess = "" if facts + payload <= _END_LENGTH else "the last word was too long"
        elif what == _MESSAGE:
            excess = self._allowance.take(_HEAD.size + facts, payload)
        else:
            return self._garbage("an unknown frame")
        if excess:
            return self._stop(End.OVERSIZE, excess)
        del self._untrusted[: _HEAD.size]
        self._head = (what, facts, payload)
        return True

    def _take_body(self, what: int, facts: int, payload: int) -> bool:
        if len(self._untrusted) < facts + payload:
            return False
        body = _decode(bytes(self._untrusted[:facts]))
        with memoryview(self._untrusted) as view:
            data = bytes(view[facts : facts + payload])
        del self._untrusted[: facts + payload]
        self._head = None
        if body is None:
            return self._garbage("a frame without a JSON object")
        return self._take_end(body) if what == _END else self._take_message(body, data)

    def _take_message(self, body: dict[str, Json], data: bytes) -> bool:
        kind = body.get("kind")
        if not isinstance(kind, str) or len(kind) > KIND_LENGTH:
            return self._garbage("a message without a kind")
        self._hear(Message(kind, body.get("facts"), data))
        return True

    def _take_end(self, body: dict[str, Json]) -> bool:
        end, reason = body.get("end"), body.get("reason")
        if end not in tuple(End) or not isinstance(reason, str):
            return self._garbage("an end without a word")
        self.said = Verdict(End(str(end)), reason[:REASON_LENGTH])
        return True
