"""Which objects does an address name, and is it said clearly when there are none?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.store import put
from tokaudit.errors import InputError
from tokaudit.ingest.sources import find_sources
from tokaudit.ingest.storage import stores


def names(*addresses: str) -> list[str]:
    return [source.name for source in find_sources(addresses)]


def refusal_of(*addresses: str) -> InputError:
    with pytest.raises(InputError) as caught:
        find_sources(addresses)
    assert caught.value.where == addresses[0]
    assert caught.value.hint
    for text in (caught.value.what, caught.value.hint, str(caught.value.__cause__)):
        assert "AKIA" not in text
        assert "secret-of-our-tests" not in text
    return caught.value


@pytest.fixture
def tree(bucket: str) -> str:
    found = (
        "b.jsonl",
        "a.jsonl",
        "sub/c.csv",
        "sub/deep/d.jsonl",
        ".hidden.jsonl",
        ".git/e",
        "sub/.f",
        "sub-2/g.jsonl",
    )
    put(
        bucket,
        **dict.fromkeys(found, b"{}\n"),
        **{"x[1].jsonl": b"{}\n", "x1.jsonl": b"{}\n", "é ü+%20#?.jsonl": b"{}\n"},
    )
    return f"s3://{bucket}"


def test_a_folder_is_all_below_it_without_what_is_hidden(tree: str) -> None:
    whole = ["a.jsonl", "b.jsonl", "sub-2/g.jsonl", "sub/c.csv", "sub/deep/d.jsonl", "x1.jsonl", "x[1].jsonl"]
    expected = [f"{tree}/{name}" for name in [*whole, "é ü+%20#?.jsonl"]]
    assert names(tree) == names(f"{tree}/") == expected
    assert names(f"{tree}/sub") == names(f"{tree}/sub/") == [f"{tree}/sub/c.csv", f"{tree}/sub/deep/d.jsonl"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("a*", ["a.jsonl"]),
        ("*/c.*", ["sub/c.csv"]),
        ("su*", ["sub-2/g.jsonl", "sub/c.csv", "sub/deep/d.jsonl"]),
        ("sub/**/*.jsonl", ["sub/deep/d.jsonl"]),
        ("**/?.csv", ["sub/c.csv"]),
        (".h*", [".hidden.jsonl"]),
        ("x[1].jsonl", ["x[1].jsonl"]),
        ("x[12].jsonl", ["x1.jsonl"]),
        ("é ü+%20#?.jsonl", ["é ü+%20#?.jsonl"]),
    ],
)
def test_patterns(tree: str, pattern: str, found: list[str]) -> None:
    assert names(f"{tree}/{pattern}") == [f"{tree}/{name}" for name in found]


def test_each_object_once_in_the_order_named(tree: str) -> None:
    assert names(f"{tree}/b.jsonl", f"{tree}/*.jsonl", f"{tree}/sub-2")[:3] == [
        f"{tree}/{name}" for name in ("b.jsonl", "a.jsonl", "x1.jsonl")
    ]
    assert [source.named for source in find_sources([f"{tree}/b.jsonl", f"{tree}/sub"])] == [True, False, False]


def test_an_object_that_only_marks_a_folder_is_no_log(bucket: str) -> None:
    put(bucket, **{"day": b"", "day/a.jsonl": b"{}\n", "empty": b""})
    assert names(f"s3://{bucket}") == [f"s3://{bucket}/{name}" for name in ("day/a.jsonl", "empty")]
    assert names(f"s3://{bucket}/day") == [f"s3://{bucket}/day/a.jsonl"]
    assert names(f"s3://{bucket}/empty") == [f"s3://{bucket}/empty"]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("/nothing.jsonl", "no such object or folder"),
        ("/nothing/", "the folder holds no objects"),
        ("/nothing*", "no such object"),
        ("/a//b", "a name there cannot be read"),
        ("-of-others/a", "no such bucket"),
        ("-of-others", "no such bucket"),
        (" of others/a", "no bucket has such a name"),
    ],
)
def test_what_is_not_there_is_an_error(tree: str, name: str, what: str) -> None:
    assert refusal_of(f"{tree}{name}").what.startswith(what)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "the store cannot be reached"),
        ({"AWS_ENDPOINT_URL": "127.0.0.1"}, "the endpoint is not an address"),
        ({"AWS_SKIP_SIGNATURE": "perhaps"}, "a setting in the environment cannot be read"),
        ({"AWS_SKIP_SIGNATURE": "true"}, "no permission to read there"),
        ({"AWS_ACCESS_KEY_ID": ""}, "one half of the credentials is missing"),
    ],
)
def test_what_keeps_us_from_the_store_is_said(
    tree: str, changes: dict[str, str], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_RETRIES", 1)
    for name, text in changes.items():
        monkeypatch.delenv(name, raising=False) if not text else monkeypatch.setenv(name, text)
    assert refusal_of(f"{tree}/a.jsonl").what == what


@pytest.mark.parametrize(
    ("address", "what"),
    [("s3://", "names no bucket"), ("az://logs/a", "no storage account"), ("https://host/a.jsonl", "no such file")],
)
def test_addresses_that_lead_nowhere(address: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    assert what in refusal_of(address).what


@pytest.mark.parametrize("command", ["audit", "doctor"])
def test_the_command_line_says_it_in_three_lines(bucket: str, command: str, tmp_path: Path) -> None:
    address = f"s3://{bucket}/nothing.jsonl"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-m", "tokaudit", command, address],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (1, "")
    what, where, hint = done.stderr.splitlines()
    assert "no such object or folder" in what
    assert address in where
    assert "check the spelling" in hint
