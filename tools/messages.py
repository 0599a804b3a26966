"""Translations without GNU gettext: collects what is to be translated and compiles what was.

``python tools/messages.py`` brings every ``django.po`` of the review room up to date (new messages
come empty, gone ones go) and writes the ``django.mo`` beside it. ``--check`` changes nothing and
fails when something is missing or stale; the tests call that.
"""

import ast
import re
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation.template import templatize

WEB = Path(__file__).resolve().parents[1] / "src" / "daylight" / "web"
CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "ngettext": 2, "pgettext": 2}
PLURALS = "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"
HEADER = f"Content-Type: text/plain; charset=UTF-8\nPlural-Forms: {PLURALS}\n"


@dataclass(frozen=True, order=True)
class Key:
    """A message as gettext looks it up."""

    text: str
    plural: str = ""
    context: str = ""


def wanted() -> set[Key]:
    """Every message of the templates and the code."""
    found: set[Key] = set()
    for path in sorted(WEB.rglob("*.html")):
        # templatize turns a template into calls of gettext among blanked-out text
        source = templatize(path.read_text(encoding="utf-8"), origin=path.name)
        for call in re.finditer(r"\b(?:gettext|ngettext|pgettext|_)\((?=u?['\"])", source):
            found |= set(_called(_balanced(source[call.start() :])))
    for path in sorted(WEB.rglob("*.py")):
        found |= set(_called(path.read_text(encoding="utf-8")))
    return found


def _balanced(text: str) -> str:
    """The shortest beginning that is Python: one call."""
    for end in (match.end() for match in re.finditer(r"\)", text)):
        try:
            ast.parse(text[:end])
        except SyntaxError:
            continue
        return text[:end]
    raise ValueError("a call without an end")


def _called(source: str) -> Iterator[Key]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if (count := CALLS.get(node.func.id)) is None:
            continue
        texts = [arg.value for arg in node.args[:count] if isinstance(arg, ast.Constant)]
        if node.func.id == "pgettext":
            yield Key(str(texts[1]), context=str(texts[0]))
        elif texts:
            yield Key(*map(str, texts))


def read(path: Path) -> dict[Key, list[str]]:
    """A .po of the plain form that :func:`write` makes."""
    known: dict[Key, list[str]] = {}
    for block in path.read_text(encoding="utf-8").split("\n\n") if path.exists() else []:
        fields = dict(re.findall(r'^(msg\S+) (".*")$', block, re.MULTILINE))
        if "msgid" not in fields:
            continue
        values = {name: ast.literal_eval(text) for name, text in fields.items()}
        key = Key(values["msgid"], values.get("msgid_plural", ""), values.get("msgctxt", ""))
        known[key] = [text for name, text in values.items() if name.startswith("msgstr")]
    return known


def text_of(messages: dict[Key, list[str]]) -> str:
    blocks = [f'msgid ""\nmsgstr {_quoted(HEADER)}']
    for key in sorted(messages):
        lines = [f"msgctxt {_quoted(key.context)}"] if key.context else []
        lines.append(f"msgid {_quoted(key.text)}")
        if key.plural:
            lines.append(f"msgid_plural {_quoted(key.plural)}")
            forms = [*messages[key], "", "", ""][:3]
            lines += [f"msgstr[{n}] {_quoted(form)}" for n, form in enumerate(forms)]
        else:
            lines.append(f"msgstr {_quoted(messages[key][0])}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def compiled(messages: dict[Key, list[str]]) -> bytes:
    """The .mo format of GNU gettext: sorted keys and values, each with length and offset."""
    table = {b"": HEADER.encode()}
    for key, forms in messages.items():
        if all(forms):
            name = (f"{key.context}\x04" if key.context else "") + key.text
            name += f"\0{key.plural}" if key.plural else ""
            table[name.encode()] = "\0".join(forms).encode()
    names = sorted(table)
    start = 28 + 16 * len(names)
    index, blob = {}, b""
    for text in [*names, *(table[name] for name in names)]:
        index[text, len(index)] = (len(text), start + len(blob))
        blob += text + b"\0"
    pairs = b"".join(struct.pack("<II", *place) for place in index.values())
    count = len(names)
    return struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, start) + pairs + blob


def _fits(key: Key, forms: list[str]) -> bool:
    """Whether each form has the same places to fill in: one that lacks them is of another message."""
    wanted = [set(re.findall(r"%\(\w+\)s", text)) for text in (key.text, key.plural) if text]
    return all(set(re.findall(r"%\(\w+\)s", form)) in wanted for form in forms if form)


def main(*, check: bool) -> int:
    settings.configure()
    keys, faults = wanted(), 0
    for path in sorted(WEB.glob("locale/*/LC_MESSAGES/django.po")):
        known = read(path)
        messages = {key: known.get(key, [""]) for key in keys}
        missing = [key.text for key, forms in messages.items() if not all(forms)]
        outputs = {path: text_of(messages).encode(), path.with_suffix(".mo"): compiled(messages)}
        for target, data in outputs.items():
            if check and (not target.exists() or target.read_bytes() != data):
                faults += 1
                print(f"{target.name} is stale: run tools/messages.py")
            elif not check:
                target.write_bytes(data)
        for text in sorted(missing):
            faults += 1
            print(f"not translated: {text}")
        for key in sorted(key for key, forms in messages.items() if not _fits(key, forms)):
            faults += 1
            print(f"not the same places to fill in: {key.text}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
