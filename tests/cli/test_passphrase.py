"""Where a passphrase comes from: what is named first wins, and nobody is asked who is not there."""

import os

import pytest

from daylight.cli import passphrase
from daylight.errors import UsageError


@pytest.fixture(autouse=True)
def nobody_there(monkeypatch):
    monkeypatch.delenv(passphrase.VARIABLE, raising=False)
    there(monkeypatch, False)
    monkeypatch.setattr(passphrase.typer, "prompt", lambda *_, **__: pytest.fail("it asked"))


def there(monkeypatch, somebody: bool, *answers: str) -> list[dict]:
    """Somebody at the terminal, who answers; what they were asked."""
    asked, left = [], list(answers)

    class Terminal:
        def isatty(self):
            return somebody

    def prompt(what, **options):
        asked.append({"what": what, **options})
        return left.pop(0)

    monkeypatch.setattr(passphrase.sys, "stdin", Terminal())
    monkeypatch.setattr(passphrase.typer, "prompt", prompt)
    return asked


@pytest.mark.parametrize(
    ("data", "phrase"),
    [
        (b"four words\n", "four words"),
        (b"four words", "four words"),
        (b"four words\r\nmore\n", "four words"),
        (b" spaces count \n", " spaces count "),
        ("пароль 🌅\n".encode(), "пароль 🌅"),
        (b"\xff\xfe raw\n", os.fsdecode(b"\xff\xfe raw")),
    ],
)
def test_the_first_line_of_a_file(tmp_path, data, phrase):
    file = tmp_path / "phrase"
    file.write_bytes(data)
    assert passphrase.known(file) == passphrase.ask(file) == passphrase.choose(file, "a") == phrase


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n", b"\nsecond\n"])
def test_an_empty_first_line_is_no_passphrase(tmp_path, monkeypatch, data):
    monkeypatch.setenv(passphrase.VARIABLE, "not this one")
    file = tmp_path / "phrase"
    file.write_bytes(data)
    with pytest.raises(UsageError, match="empty line"):
        passphrase.known(file)


def test_a_file_that_cannot_be_read_is_told_without_its_path(tmp_path, monkeypatch):
    monkeypatch.setenv(passphrase.VARIABLE, "not this one")
    for file in (tmp_path / "Ivanov", tmp_path):
        with pytest.raises(UsageError, match="cannot be read") as told:
            passphrase.known(file)
        assert str(tmp_path) not in str(told.value)


def test_the_environment_is_next_and_the_file_wins(tmp_path, monkeypatch):
    monkeypatch.setenv(passphrase.VARIABLE, "of the environment")
    assert passphrase.known(None) == "of the environment"
    assert passphrase.choose(None, "the vault's keys") == "of the environment"
    file = tmp_path / "phrase"
    file.write_text("of the file\n")
    assert passphrase.ask(file) == "of the file"


def test_where_nobody_is_nothing_is_asked():
    assert passphrase.known(None) == passphrase.ask(None) == ""
    with pytest.raises(UsageError, match="--no-passphrase"):
        passphrase.choose(None, "the vault's keys")


def test_somebody_is_asked_in_secret(monkeypatch):
    (asked,) = [there(monkeypatch, True, "typed")]
    assert passphrase.ask(None) == "typed"
    assert asked[0]["hide_input"] is True
    assert asked[0]["err"] is True
    assert not asked[0]["confirmation_prompt"]


def test_a_new_one_is_asked_for_twice(monkeypatch):
    asked = there(monkeypatch, True, "typed")
    assert passphrase.choose(None, "the vault's keys") == "typed"
    assert asked[0]["confirmation_prompt"] is True
    assert "the vault's keys" in asked[0]["what"]


def test_a_huge_file_is_not_read_whole(tmp_path):
    file = tmp_path / "phrase"
    with file.open("wb") as opened:
        opened.truncate(1 << 40)  # a hole
    assert len(passphrase.known(file)) <= passphrase.MAX_BYTES
