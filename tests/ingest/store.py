"""An object store to read from: a server process of our own, and what stands in it."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from tokaudit.ingest.storage.stores import store_of

SERVER = """
import sys, threading
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()  # until the parent is gone
server.stop()
"""


@contextmanager
def serving() -> Iterator[str]:
    """Run a server that speaks S3; yields its address."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.stdin.close()


def settings(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "AKIAOURTESTSONLY",
        "AWS_SECRET_ACCESS_KEY": "the-secret-of-our-tests",
        "AWS_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
    }


def make_bucket(name: str) -> None:
    request = urllib.request.Request(f"{os.environ['AWS_ENDPOINT_URL']}/{name}", method="PUT")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


def put(bucket: str, **objects: bytes) -> None:
    for name, data in objects.items():
        store_of("s3", bucket).put(name, data, use_multipart=False)
