"""Whether coded bytes are a picture and nothing else, by the form they say they have. Pure."""

from typing import Final

AVC: Final = b"avc1"
VP9: Final = b"vp09"
_SLICES: Final = frozenset(
    {1, 5}
)  # H.264: what codes pictures, and nothing that says anything else
# VP9, first byte: the frame marker, profile 0, no picture shown again, and this one is shown.
_FRAME, _FRAME_BITS, _INTER = 0x82, 0xFA, 0x04
_KEY_CODE: Final = b"\x49\x83\x42"


def codes_picture(form: bytes, data: bytes) -> bool:
    return _is_slices(data) if form == AVC else form == VP9 and _is_frame(data)


def _is_slices(data: bytes) -> bool:
    """Slices, each after its length in four bytes."""
    at = 0
    while at + 4 < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if not size or data[at + 4] & 0x1F not in _SLICES:
            return False
        at += 4 + size
    return at == len(data) and bool(data)


def _is_frame(data: bytes) -> bool:
    """One frame of VP9 that is shown: no bundle of several, of which players show one."""
    if len(data) < 4 or data[0] & _FRAME_BITS != _FRAME:
        return False
    if not data[0] & _INTER and data[1:4] != _KEY_CODE:
        return False
    mark = data[-1]
    bundle = 2 + ((mark >> 3 & 3) + 1) * ((mark & 7) + 1)
    return not (mark & 0xE0 == 0xC0 and len(data) >= bundle and data[-bundle] == mark)
