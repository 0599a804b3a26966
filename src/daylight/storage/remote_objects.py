"""A replica in an S3-compatible bucket, or in memory for tests: both through obstore."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import obstore
from obstore import exceptions
from obstore.store import MemoryStore, S3Store

from daylight.errors import ReplicaUnreachable, UsageError
from daylight.storage.remote import NAME, Listed

if TYPE_CHECKING:  # a type that the library has in its stubs alone
    from obstore.store import RetryConfig

PIECE: Final = 1 << 20  # bytes that are handed on at once
PART: Final = 16 << 20  # bytes of a request; at most 10,000 of them make a file of 160 GB
RETRY: "RetryConfig" = {"max_retries": 5, "retry_timeout": timedelta(minutes=2)}
_AT_ONCE: Final = 2  # parts of one file under way; several files are sent beside each other


class ObjectRemote:
    """Files of ``store``, whose prefix is the replica's place; the store shows only whole ones."""

    def __init__(self, store: S3Store | MemoryStore) -> None:
        self._store = store

    def put(self, name: str, chunks: Iterator[bytes]) -> None:
        with _typed():
            obstore.put(self._store, name, chunks, chunk_size=PART, max_concurrency=_AT_ONCE)

    def get(self, name: str) -> Iterator[bytes]:
        with _typed():
            try:
                found = obstore.get(self._store, name)
            except FileNotFoundError:
                raise KeyError(name) from None
            for chunk in found.stream(min_chunk_size=PIECE):
                yield bytes(chunk)

    def list(self) -> Iterator[Listed]:
        with _typed():
            for page in obstore.list(self._store):
                for one in page:
                    if NAME.fullmatch(one["path"]):
                        yield Listed(one["path"], one["size"])

    def delete(self, name: str) -> None:
        with _typed():
            try:
                obstore.delete(self._store, name)
            except FileNotFoundError:
                return

    def flush(self) -> None:
        """A server acknowledges only what it keeps."""


class MemoryRemote(ObjectRemote):
    """For tests: everything is gone with the process."""

    def __init__(self, *, nothing_kept_here_matters: bool) -> None:
        if not nothing_kept_here_matters:
            raise AssertionError("a replica in memory is no replica")
        super().__init__(MemoryStore())


def s3(url: str) -> ObjectRemote:
    """``s3://bucket/prefix``; keys, region and endpoint come from the environment (``AWS_…``)."""
    try:
        return ObjectRemote(S3Store.from_url(url, retry_config=RETRY))
    except (exceptions.BaseError, ValueError) as error:
        raise UsageError(
            "the replica's place is no s3://bucket/prefix, or AWS_… is wrong"
        ) from error


@contextmanager
def _typed() -> Iterator[None]:
    """The library's words hold addresses and replies; the kind alone is told."""
    try:
        yield
    except exceptions.PermissionDeniedError as error:
        raise ReplicaUnreachable("the replica's server refuses these credentials") from error
    except exceptions.UnauthenticatedError as error:
        raise ReplicaUnreachable("the replica's server does not know these credentials") from error
    except exceptions.BaseError as error:
        raise ReplicaUnreachable("the replica's server does not answer as it should") from error
