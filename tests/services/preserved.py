"""A vault with objects in it, for the tests of replicas, repair and backups."""

import os

from daylight.domain.progress import Silent
from daylight.services.intake import ImportRequest, import_material
from daylight.storage.quarantine import object_path

SIZES = [0, 1, 5000, (1 << 20) + 3, 3 << 20]


def fill(ws, principal, folder, sizes=SIZES):
    """Import random files; gives the digests of all objects."""
    folder.mkdir()
    for number, size in enumerate(sizes):
        (folder / f"{number}").write_bytes(os.urandom(size))
    import_material(ws, principal, ImportRequest(roots=[folder], accession=folder.name), Silent())
    return list(ws.store.digests())


def spoil(ws, digest, how="flipped"):
    path = object_path(ws.layout, digest)
    path.chmod(0o600)
    data = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "truncated":
        path.write_bytes(data[:-1])
    else:
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:])


def everything(ws) -> dict[bytes, bytes]:
    return {one: object_path(ws.layout, one).read_bytes() for one in ws.store.digests()}
