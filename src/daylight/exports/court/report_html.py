"""A document as one HTML file: no script, nothing loaded from elsewhere, prints on A4."""

from collections.abc import Iterator
from html import escape

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

_STYLE = """
:root { color-scheme: light; }
body { font: 11pt/1.5 "DejaVu Sans", Verdana, Arial, sans-serif; color: #1a1a1a; background: #fff;
  max-width: 48rem; margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .8rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 2px solid #1f4e5f; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; color: #1f4e5f; }
p, ul, ol { margin: .5rem 0; }
li { margin: .25rem 0; }
.strong { border-left: 4px solid #8a5a00; background: #fdf6e8; padding: .6rem .9rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: .85rem; margin: .6rem 0; }
th { text-align: left; border-bottom: 2px solid #9ab; padding: .25rem .5rem; vertical-align: bottom; }
td { border-bottom: 1px solid #dde3e6; padding: .25rem .5rem; vertical-align: top; overflow-wrap: anywhere; }
table.pairs th { width: 26%; font-weight: 600; border-bottom: 1px solid #dde3e6; vertical-align: top; }
.right { text-align: right; }
code, pre { font-family: "DejaVu Sans Mono", Consolas, monospace; font-size: .82rem; overflow-wrap: anywhere; }
pre { background: #f2f5f6; padding: .7rem .9rem; white-space: pre-wrap; }
.blank { border-bottom: 1px solid #1a1a1a; height: 2.4rem; margin-top: .8rem; }
.label { font-size: .8rem; color: #444; }
footer { margin-top: 3rem; font-size: .75rem; color: #555; border-top: 1px solid #dde3e6; }
@media print {
  @page { size: A4; margin: 18mm 16mm; }
  body { max-width: none; margin: 0; padding: 0; font-size: 10pt; }
  .new-page { break-before: page; }
  h2, h3 { break-after: avoid; }
  tr, .strong { break-inside: avoid; }
}
"""


def to_html(document: Document) -> bytes:
    """UTF-8. Every text is escaped: it may come from hostile files."""
    return "".join(_lines(document)).encode("utf-8", "backslashreplace")


def _lines(document: Document) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    yield '<meta name="viewport" content="width=device-width">\n'
    yield f"<title>{escape(document.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
    for block in document.blocks:
        yield _block(block) + "\n"
    yield f"<footer>{escape(document.footer)}</footer>\n</body>\n</html>\n"


def _block(block: Block) -> str:
    match block:
        case Heading(level, text, new_page):
            page = ' class="new-page"' if new_page else ""
            return f"<h{level}{page}>{escape(text)}</h{level}>"
        case Text(text, strong):
            return f'<p class="strong">{escape(text)}</p>' if strong else f"<p>{escape(text)}</p>"
        case Points(lines, numbered):
            name = "ol" if numbered else "ul"
            return f"<{name}>" + "".join(f"<li>{escape(one)}</li>" for one in lines) + f"</{name}>"
        case Commands(lines):
            return f"<pre>{escape(chr(10).join(lines))}</pre>"
        case Blank(label):
            return f'<div class="blank"></div><div class="label">{escape(label)}</div>'
        case _:
            return _grid(block)


def _grid(block: Table | Pairs) -> str:
    if isinstance(block, Table):
        return _table(block.columns, block.rows)
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        f"<td>{_cell(text, code=name in block.code)}</td></tr>"
        for name, text in block.rows
    )
    return f'<table class="pairs"><tbody>{body}</tbody></table>'


def _table(columns: tuple[Column, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    head = "".join(
        f'<th scope="col" style="width:{one.share}%"{_right(one)}>{escape(one.title)}</th>'
        for one in columns
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{_right(column)}>{_cell(text, code=column.code)}</td>"
            for column, text in zip(columns, row, strict=True)
        )
        + "</tr>\n"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _right(column: Column) -> str:
    return ' class="right"' if column.right else ""


def _cell(text: str, *, code: bool) -> str:
    return f"<code>{escape(text)}</code>" if code else escape(text)
