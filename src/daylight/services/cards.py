"""Head cards as files and as pictures in text, and what they say when they are read back."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from daylight.catalogue import ledger_scan
from daylight.catalogue.ledger_rows import head_at
from daylight.domain.principal import Principal, Right
from daylight.errors import UsageError
from daylight.ledger import card
from daylight.ledger.head import SignedHead
from daylight.services import ledger
from daylight.services.workspace import Workspace

QUIET = 4  # modules of white around a QR code (ISO/IEC 18004)
_INK = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}
_WIDTH, _LINE, _MARGIN, _COLUMN = 760, 28, 24, 160  # of a picture, in pixels
_FORMS = "a card is written as .txt, .svg or .png"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a card that was read back says. ``head``: whose card it is, None where no head has it.

    ``holds``: whether the ledger grew from it. ``words`` are those of the card, whole.
    """

    words: tuple[str, ...]
    head: SignedHead | None
    holds: bool


def compare(
    ws: Workspace, principal: Principal, said: Sequence[str], size: int | None = None
) -> Comparison:
    """Words, or the text of a code, as an outsider reads them back. ``size`` makes it quick.

    Raises ``CardRefused`` for what was misread, ``HeadRefused`` for the code of another vault.
    """
    principal.require(Right.SEE_CUSTODY)
    read = card.find_text("".join(said).encode())
    phrase = card.words(read) if read else card.read_words(said)
    head = read or _with_words(phrase, size)
    holds = head is not None and ledger.growth(ws, principal, head).holds
    return Comparison(phrase, head, holds)


def _with_words(phrase: tuple[str, ...], size: int | None) -> SignedHead | None:
    if size is not None:
        head = head_at(size)
        return head if head is not None and card.words(head) == phrase else None
    heads = (head for _, head in ledger_scan.heads() if head is not None)
    return next((head for head in heads if card.words(head) == phrase), None)


def matrix(head: SignedHead) -> list[bytes]:
    """The code, a byte a module, 1 is dark; with its quiet zone."""
    import segno  # half a second of parsers that a start-up need not wait for

    code = segno.make_qr(card.to_text(head), error="m", boost_error=False)
    return [bytes(row) for row in code.matrix_iter(border=QUIET)]


def code_lines(head: SignedHead) -> list[str]:
    """The code in half blocks, two modules a character: ink is dark, as on paper."""
    rows = matrix(head)
    rows += [bytes(len(rows[0]))] * (len(rows) % 2)
    return [
        "".join(_INK[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]


def to_file(head: SignedHead, name: Path) -> bytes:
    """The card in the form that the name asks for; each holds the code's text in the open as well."""
    forms = {".txt": _as_text, ".svg": _as_svg, ".png": _as_png}
    form = forms.get(name.suffix.lower())
    if form is None:
        raise UsageError(_FORMS)
    return form(head)


def _as_text(head: SignedHead) -> bytes:
    lines = [*card.lines(head), "", *code_lines(head), card.to_text(head)]
    return ("\n".join(lines) + "\n").encode()


def _as_svg(head: SignedHead) -> bytes:
    rows, scale = matrix(head), 6
    said = card.lines(head)
    top = _MARGIN + _LINE * len(said)
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    texts = "".join(
        f'<text xml:space="preserve" x="{_MARGIN}" y="{_MARGIN + _LINE * number}">{escape(one)}</text>'
        for number, one in enumerate(said, 1)
    )
    height = top + scale * len(rows) + _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}">'
        f"<desc>{card.to_text(head)}</desc>"
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>'
        f'<g font-family="monospace" font-size="15">{texts}</g>'
        f'<path transform="translate(0 {top}) scale({scale})" d="{path}"/></svg>\n'
    ).encode()


def _as_png(head: SignedHead) -> bytes:
    from PIL import Image, ImageDraw, ImageFont  # as above: few runs need them
    from PIL.PngImagePlugin import PngInfo

    rows, scale = matrix(head), 6
    said = card.lines(head)
    top, side = _MARGIN + _LINE * len(said), scale * len(rows)
    page = Image.new("L", (_WIDTH, top + side + _MARGIN), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(17)
    for number, line in enumerate(said):
        for column, text in enumerate(re.split(r"  +(?=[ \d]\d )", line)):
            place = (_MARGIN + column * _COLUMN, _MARGIN + _LINE * number)
            pen.text(place, text.strip(), fill=0, font=font)
    dots = b"".join(rows).translate(bytes([255, 0]) + bytes(254))
    code = Image.frombytes("L", (len(rows), len(rows)), dots)
    page.paste(code.resize((side, side), Image.Resampling.NEAREST), (0, top))
    note, out = PngInfo(), io.BytesIO()
    note.add_text("Description", card.to_text(head) + "\n")  # else the check sum seems to go on
    page.save(out, "PNG", pnginfo=note)
    return out.getvalue()
