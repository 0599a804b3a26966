"""Files that appear under their names together and whole, or not at all; nothing is written over."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from daylight.errors import DestinationExists, DestinationFailed, UsageError
from daylight.services.workspace import Workspace


class Files:
    """What goes out beside each other. ``publish`` gives all their names, the first one last."""

    def __init__(self, ws: Workspace, out: Path) -> None:
        self.out = Path(os.path.realpath(out.parent)) / out.name
        if self.out.is_relative_to(os.path.realpath(ws.layout.root)):
            raise UsageError("what goes out does not go into the vault itself")
        self._token = secrets.token_hex(8)
        self._made: list[tuple[Path, Path]] = []

    def __enter__(self) -> Self:
        _check_free(self.out)
        return self

    def __exit__(self, *exc: object) -> None:
        for partial, _ in self._made:
            with contextlib.suppress(OSError):  # what went wrong is being told already
                partial.unlink(missing_ok=True)

    @contextmanager
    def file(self, suffix: str = "") -> Iterator[BinaryIO]:
        """Of OUT itself, or of OUT with a suffix; flushed to the disk at the end."""
        final = self.out.with_name(self.out.name + suffix)
        _check_free(final)
        partial = final.with_name(f".{final.name}.partial-{self._token}")
        with _typed():
            made = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._made.append((partial, final))
        with os.fdopen(made, "w+b") as file:
            yield file
            with _typed():
                file.flush()
                os.fsync(file.fileno())

    def publish(self) -> None:
        """A link writes over nothing: ``DestinationExists``, and then none of the names is there."""
        given: list[Path] = []
        try:
            with _typed():
                for partial, final in reversed(self._made):
                    os.link(partial, final)
                    given.append(final)
                folder = os.open(self.out.parent, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
        except (DestinationExists, DestinationFailed):
            for one in given:
                one.unlink(missing_ok=True)
            raise


def _check_free(path: Path) -> None:
    if os.path.lexists(path):
        raise DestinationExists(f"there is something already: {path.name}")


@contextmanager
def _typed() -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise DestinationExists("there is something already where it should go") from error
    except OSError as error:
        raise DestinationFailed(f"what goes out cannot be written: {error.strerror}") from error
