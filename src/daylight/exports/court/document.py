"""A printable document as blocks, so that HTML and PDF say the same: the report, and declarations."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """``level`` 1 is the title; 2 begins a section. ``new_page``: in print, and in the PDF."""

    level: int
    text: str
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. ``strong``: a sentence that nobody should miss."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """Short sentences, one below the other. ``numbered``: their order matters."""

    lines: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Commands:
    """What is typed, a line each."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """``share``: of the page's width, in percent. ``code``: hashes and the like, that may break anywhere."""

    title: str
    share: int
    code: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names and what they are. ``code``: which values are hashes and the like."""

    rows: tuple[tuple[str, str], ...]
    code: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Blank:
    """A line to fill in by hand, with what belongs on it."""

    label: str


Block = Heading | Text | Points | Commands | Table | Pairs | Blank


@dataclass(frozen=True, slots=True)
class Document:
    """``footer``: printed on every page of the PDF."""

    title: str
    footer: str
    blocks: Sequence[Block]
