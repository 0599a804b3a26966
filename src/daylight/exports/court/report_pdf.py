"""A document as PDF, with Cyrillic letters. What the font has no letter for is shown as an escape."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, TextEmphasis, WrapMode, XPos, YPos
from fpdf.fonts import FontFace, TTFFont

from daylight.exports.court.document import (
    Blank,
    Block,
    Column,
    Commands,
    Document,
    Heading,
    Pairs,
    Points,
    Table,
    Text,
)

_FAMILY: Final = "DejaVu"
_SIZES: Final = {1: 19.0, 2: 13.5, 3: 10.5}  # points, by the level of a heading
_BODY, _SMALL, _TINY = 9.5, 8.5, 7.0
_ACCENT, _INK, _LINE = (31, 78, 95), (26, 26, 26), (200, 210, 215)
_NEEDED: Final = {1: 40.0, 2: 40.0, 3: 30.0}  # mm that must be left below a heading


def to_pdf(document: Document, made: datetime) -> bytes:
    """A4. ``made``: the date that the file states of itself."""
    pdf = _Pages(document)
    pdf.set_creation_date(made)
    pdf.add_page()
    for block in document.blocks:
        _draw(pdf, block)
    return bytes(pdf.output())


@cache
def _font(name: str) -> str:
    return str(files("daylight.exports.court") / "fonts" / name)


class _Pages(FPDF):
    def __init__(self, document: Document) -> None:
        super().__init__(format="A4")
        self._footer = document.footer
        self.add_font(_FAMILY, "", _font("DejaVuSans.ttf"))
        self.add_font(_FAMILY, "B", _font("DejaVuSans-Bold.ttf"))
        font = self.fonts[_FAMILY.lower()]
        self._known = frozenset(font.cmap if isinstance(font, TTFFont) else ())
        self.set_title(self.shown(document.title))
        self.set_lang("en")
        self.set_producer("Daylight")
        self.set_margins(18, 16, 18)
        self.set_auto_page_break(auto=True, margin=20)
        self.set_draw_color(*_LINE)
        self.set_fill_color(255)

    def footer(self) -> None:
        self.set_y(-14)
        self.write_in(_TINY)
        self.set_text_color(110)
        self.cell(0, 5, self.shown(self._footer), align="L")
        self.set_x(self.l_margin)
        self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")
        self.set_text_color(*_INK)

    def write_in(self, size: float, *, bold: bool = False) -> None:
        self.set_font(_FAMILY, "B" if bold else "", size)

    def shown(self, text: str) -> str:
        """``text`` with the letters of this font alone."""
        return "".join(char if ord(char) in self._known else f"\\u{ord(char):04x}" for char in text)


def _draw(pdf: _Pages, block: Block) -> None:
    match block:
        case Heading():
            _heading(pdf, block)
        case Text(text, strong):
            _text(pdf, text, strong=strong)
        case Points(lines, numbered):
            _points(pdf, lines, numbered=numbered)
        case Commands(lines):
            _commands(pdf, lines)
        case Table(columns, rows):
            _table(pdf, columns, rows)
        case Pairs(pairs, code):
            _pairs(pdf, pairs, code)
        case Blank(label):
            _blank(pdf, label)


def _heading(pdf: _Pages, block: Heading) -> None:
    if (block.new_page and pdf.get_y() > pdf.t_margin + 1) or pdf.will_page_break(
        _NEEDED[block.level]
    ):
        pdf.add_page()
    elif pdf.get_y() > pdf.t_margin + 1:
        pdf.ln({1: 0, 2: 4, 3: 2.5}[block.level])
    if block.level < 3:
        pdf.start_section(pdf.shown(block.text), block.level - 1)
    pdf.write_in(_SIZES[block.level], bold=True)
    pdf.set_text_color(*(_ACCENT if block.level > 1 else _INK))
    _paragraph(pdf, block.text, _SIZES[block.level] * 0.46)
    if block.level == 2:
        pdf.set_draw_color(*_ACCENT)
        pdf.line(pdf.l_margin, pdf.get_y() + 0.6, pdf.w - pdf.r_margin, pdf.get_y() + 0.6)
        pdf.set_draw_color(*_LINE)
        pdf.ln(2.5)
    else:
        pdf.ln(1)
    pdf.set_text_color(*_INK)


def _paragraph(pdf: _Pages, text: str, height: float, width: float = 0) -> None:
    pdf.multi_cell(width, height, pdf.shown(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _text(pdf: _Pages, text: str, *, strong: bool) -> None:
    pdf.write_in(_BODY)
    if strong:
        pdf.set_fill_color(253, 246, 232)
        pdf.multi_cell(
            0, 5, pdf.shown(text), align="L", fill=True, padding=2,
            new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip
        pdf.set_fill_color(255)  # tables fill with what was set last
    else:
        _paragraph(pdf, text, 5)
    pdf.ln(1.5)


def _points(pdf: _Pages, lines: Sequence[str], *, numbered: bool) -> None:
    pdf.write_in(_BODY)
    for number, line in enumerate(lines, 1):
        pdf.set_x(pdf.l_margin + 2)
        pdf.cell(6, 5, f"{number}." if numbered else "\u2022")
        _paragraph(pdf, line, 5, pdf.epw - 8)
        pdf.ln(0.8)
    pdf.ln(1)


def _commands(pdf: _Pages, lines: Sequence[str]) -> None:
    pdf.write_in(_BODY)
    pdf.set_fill_color(242, 245, 246)
    text = "\n".join(pdf.shown(line) for line in lines)
    pdf.multi_cell(
        0, 5.5, text, align="L", fill=True, padding=2, new_x=XPos.LMARGIN, new_y=YPos.NEXT
    )
    pdf.set_fill_color(255)
    pdf.ln(2)


def _table(pdf: _Pages, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    wide = len(columns) > 6
    pdf.write_in(_TINY if wide else _SMALL)
    with pdf.table(
        col_widths=[one.share for one in columns],
        text_align=["RIGHT" if one.right else "LEFT" for one in columns],
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis=TextEmphasis.B, color=_INK),
        line_height=4.4,
        padding=(0.8, 0.5 if wide else 1.2),
        v_align="TOP",
        wrapmode=WrapMode.WORD,
    ) as table:
        table.row([pdf.shown(one.title) for one in columns])
        for row in rows:
            table.row([pdf.shown(text) for text in row])
    pdf.ln(2)


def _pairs(pdf: _Pages, pairs: Sequence[tuple[str, str]], code: frozenset[str]) -> None:
    pdf.write_in(_SMALL)
    bold = FontFace(emphasis=TextEmphasis.B)
    small = FontFace(size_pt=_TINY)
    with pdf.table(
        col_widths=[26, 74],
        text_align=["LEFT", "LEFT"],
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        first_row_as_headings=False,
        line_height=4.4,
        padding=(0.8, 1.2),
        v_align="TOP",
    ) as table:
        for name, text in pairs:
            row = table.row()
            row.cell(pdf.shown(name), style=bold)
            row.cell(pdf.shown(text), style=small if name in code else None)
    pdf.ln(2)


def _blank(pdf: _Pages, label: str) -> None:
    if pdf.will_page_break(16):
        pdf.add_page()
    pdf.ln(9)
    pdf.set_draw_color(*_INK)
    pdf.line(pdf.l_margin, pdf.get_y(), pdf.l_margin + 110, pdf.get_y())
    pdf.set_draw_color(*_LINE)
    pdf.write_in(_TINY)
    _paragraph(pdf, label, 4.5)
