import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daylight.media.pool import ZygotePool

HERE = Path(__file__).parent
LOCKED = [sys.executable, str(HERE / "probe_programs.py")]
UNLOCKED = [sys.executable, str(HERE / "unlocked_zygote.py")]


@pytest.fixture(scope="session")
def locked() -> Iterator[ZygotePool]:
    with ZygotePool(LOCKED, 1) as pool:
        yield pool


@pytest.fixture(scope="session")
def unlocked() -> Iterator[ZygotePool]:
    with ZygotePool(UNLOCKED, 1) as pool:
        yield pool


@pytest.fixture
def given(tmp_path: Path) -> Iterator[int]:
    """A descriptor of a small file, opened for reading and writing, not at its beginning."""
    (tmp_path / "given").write_bytes(b"0123456789")
    number = os.open(tmp_path / "given", os.O_RDWR)
    os.lseek(number, 3, os.SEEK_SET)
    yield number
    os.close(number)
