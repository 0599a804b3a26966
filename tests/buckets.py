"""An S3 server on this machine, for tests of replicas."""

import secrets
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from moto.server import ThreadedMotoServer


@contextmanager
def s3_server() -> Iterator[str]:
    """The server's address; gone afterwards."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def new_bucket(address: str) -> str:
    name = f"b{secrets.token_hex(8)}"
    urllib.request.urlopen(urllib.request.Request(f"{address}/{name}", method="PUT"))
    return name


def environment(address: str) -> dict[str, str]:
    """What a person sets to reach it."""
    return {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
    }
