"""The forms of the room as its own pages define them: where they go, how, and what their fields take."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.urls import resolve

_TYPED = {"input", "textarea"}


@dataclass
class Field:
    """``kind``: the type of an input, ``select`` or ``textarea``. ``values``: those that the page offers."""

    name: str
    kind: str
    values: list[str] = field(default_factory=list)
    longest: int | None = None


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the address that it goes to."""
        return resolve(self.action.partition("?")[0]).url_name or ""

    @property
    def shape(self) -> tuple[object, ...]:
        """By which two forms are the same: the same page offers many of one kind."""
        return self.method, self.name, tuple(sorted(self.fields))


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self._page = page
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._chosen: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form" and said.get("method") != "dialog":
            action = said.get("hx-post") or said.get("action") or ""
            action = self._page if action[:1] in {"", "#"} else action
            self._open = Form(action, said.get("method", "get").upper())
            self.forms.append(self._open)
        elif self._open is not None and "name" in said:
            self._take(self._open, tag, said)
        elif tag == "option" and self._chosen is not None:
            self._chosen.values.append(said.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag == "select":
            self._chosen = None

    def _take(self, form: Form, tag: str, said: dict[str, str]) -> None:
        kind = said.get("type", "text") if tag in _TYPED else tag
        one = form.fields.setdefault(said["name"], Field(said["name"], kind))
        if said.get("value"):
            one.values.append(said["value"])
        if said.get("maxlength", "").isdigit():
            one.longest = int(said["maxlength"])
        if tag == "select":
            self._chosen = one


def forms_of(page: str, address: str) -> list[Form]:
    """Every form of a page; where it says no action it goes to the page's own address."""
    reader = _Reader(address)
    reader.feed(page)
    return reader.forms


def distinct(forms: Iterable[Form]) -> list[Form]:
    return list({form.shape: form for form in forms}.values())
