"""What do the tests of reading share? An object store, started when a test first asks for it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from ingest.store import make_bucket, serving, settings

_numbers = itertools.count()


@pytest.fixture(scope="session")
def store_address() -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.fixture
def bucket(store_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket of the test's own, and the environment that leads to it."""
    for name, text in settings(store_address).items():
        monkeypatch.setenv(name, text)
    name = f"logs-{next(_numbers)}"
    make_bucket(name)
    return name
