"""How is an object store reached, and what is wrong when it is not?

Everything is set by the environment variables that the stores' own tools read. The library is loaded, and a connection
opened, only when the user names an address. No text of a store's answer is passed on: it may hold credentials.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from obstore.store import AzureStore, ClientConfig, GCSStore, RetryConfig, S3Store

    Store = AzureStore | GCSStore | S3Store


class _Kind(NamedTuple):
    """One kind of store.

    variables: the beginning of its settings' names. servers: those that say which server it is, account: whose store on it.
    credentials: how to come by some.
    """

    variables: str
    servers: tuple[str, ...]
    account: str
    credentials: str


KINDS: Mapping[str, _Kind] = {
    "s3": _Kind(
        "AWS_",
        ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
        "",
        "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (`aws configure export-credentials --format env` prints them), "
        "or AWS_SKIP_SIGNATURE=true for a public bucket",
    ),
    "gs": _Kind(
        "GOOGLE_",
        ("GOOGLE_BASE_URL",),
        "",
        "export GOOGLE_APPLICATION_CREDENTIALS=FILE or run `gcloud auth application-default login`, "
        "or export GOOGLE_SKIP_SIGNATURE=true for a public bucket",
    ),
    "az": _Kind(
        "AZURE_",
        ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
        "AZURE_STORAGE_ACCOUNT_NAME",
        "export AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN, AZURE_USE_AZURE_CLI=true after `az login`, "
        "or AZURE_SKIP_SIGNATURE=true for a public container",
    ),
}

_CONNECT = timedelta(seconds=2)
_STALLED = timedelta(seconds=20)
_REQUEST = timedelta(seconds=120)
_RETRIES = 6
_RETRYING = timedelta(seconds=6)
"""A store that says it is busy is asked for some seconds; one that cannot be reached must not keep the user waiting."""


_AS_STORED = {"Accept-Encoding": "gzip"}
"""Google unpacks what was stored with an encoding, in which case ranges are ignored, unless the packed bytes are welcome."""


class StoreError(Exception):
    """A store that does not give what was asked for: what, and what to do about it."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what, self.hint = what, hint


class ObjectMissingError(StoreError):
    """There is no such object."""


class DeniedError(StoreError):
    """The credentials are good, but not for this."""


_BAD_SETTING = "a setting in the environment cannot be read"
_CHECK_SETTINGS = "check the variables that begin with AWS_, GOOGLE_ or AZURE_"
_CHECK_ENDPOINT = "check the endpoint in the environment, and the connection"
_CAUSES: tuple[tuple[str, str, str | None], ...] = (
    (
        r"<Code>(NoSuchBucket|ContainerNotFound)<|specified (bucket|container) does not exist",
        "no such bucket",
        "check its name, and the account or endpoint in the environment",
    ),
    (r"<Code>(ExpiredToken|TokenRefreshRequired)<", "the credentials have expired", None),
    (
        r"<Code>(InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|AuthenticationFailed)<|InvalidAccessKey \{",
        "the credentials are not accepted",
        None,
    ),
    (r"incorrectly configured region|<Code>(PermanentRedirect|AuthorizationHeaderMalformed)<", "the bucket is elsewhere",
     "export AWS_REGION with the bucket's region"),
    (r"://169\.254\.|://\[?fd00:ec2|://metadata\.", "no credentials were found", None),
    (r"source: Missing(AccessKeyId|SecretAccessKey)", "one half of the credentials is missing", None),
    (r"source: MissingAccount", "no storage account is named", "export AZURE_STORAGE_ACCOUNT_NAME"),
    (r"store: \"Config\"", _BAD_SETTING, _CHECK_SETTINGS),
    (r"(Open|Decode)Credentials|CredentialsError|Credential \{", "the credentials cannot be read", None),
    (r"\"dns error\"", "the store's host is not known", _CHECK_ENDPOINT),
    (r"kind: Connect\b", "the store cannot be reached", _CHECK_ENDPOINT),
    (r"kind: Timeout\b|TimedOut", "the store does not answer in time", _CHECK_ENDPOINT),
)  # fmt: skip
"""What a failure's text holds, what that means, and what to do; None = see to the credentials."""

_URL = re.compile(r"https?://[\w.:\[\]@-]+(/.*)?", re.IGNORECASE)
_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_BAD_NAME = 'a name there cannot be read: one of its parts is empty, "." or ".."'


def _environment(scheme: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, text) for name, text in os.environ.items() if name.startswith(KINDS[scheme].variables)))


def _server(scheme: str) -> str:
    return next((os.environ[name] for name in KINDS[scheme].servers if os.environ.get(name)), "")


def host_of(scheme: str) -> str:
    """Return which server or account the environment names, without user and password; "" = the provider's own."""
    return urlsplit(_server(scheme)).netloc.rpartition("@")[2] or os.environ.get(KINDS[scheme].account, "")


@lru_cache(maxsize=8)  # a store keeps its connections; another environment is another store
def _open(scheme: str, bucket: str, _environment: tuple[tuple[str, str], ...], *, is_to_list: bool) -> Store:
    from obstore.store import AzureStore, GCSStore, S3Store

    server = _server(scheme)
    if server and not _URL.match(server):
        raise StoreError("the endpoint is not an address", "give it with http:// or https:// before the host")
    client: ClientConfig = {
        "allow_http": server.startswith("http://"),  # said so by the user
        "connect_timeout": _CONNECT,
        "read_timeout": _STALLED,
        "timeout": _REQUEST,
    }
    if scheme == "gs" and not is_to_list:
        client["default_headers"] = _AS_STORED
    retry: RetryConfig = {
        "max_retries": _RETRIES,
        "retry_timeout": _RETRYING,
        "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=3), "base": 2},
    }
    if scheme == "s3":
        return S3Store(bucket, client_options=client, retry_config=retry)
    if scheme == "gs":
        return GCSStore(bucket, client_options=client, retry_config=retry)
    return AzureStore(bucket, client_options=client, retry_config=retry)


def store_of(scheme: str, bucket: str, *, is_to_list: bool = False) -> Store:
    """Return the store of a bucket as the environment sets it up. Raises within `explained` only."""
    return _open(scheme, bucket, _environment(scheme), is_to_list=is_to_list)


def _explain(error: Exception, scheme: str) -> StoreError:
    from obstore import exceptions

    text, credentials = str(error), KINDS[scheme].credentials
    for pattern, what, hint in _CAUSES:
        if re.search(pattern, text):
            return StoreError(what, hint or credentials)
    if isinstance(error, FileNotFoundError):
        return ObjectMissingError("no such object", "check the spelling")
    if isinstance(error, exceptions.PermissionDeniedError | exceptions.UnauthenticatedError):
        return DeniedError("no permission to read there", "ask for the right to list and to read, or " + credentials)
    if isinstance(error, exceptions.InvalidPathError | ValueError):
        return StoreError(_BAD_NAME, "name the other objects, or a narrower folder")
    status = _STATUS.search(text)
    what = f"the store answers with status {status[1]}" if status else "the store's answer cannot be read"
    return StoreError(what, "try again later; " + _CHECK_ENDPOINT)


@contextmanager
def explained(scheme: str) -> Iterator[None]:
    """Turn a store's failures into `StoreError`, without the answer that led to them."""
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError, ValueError) as error:
        raise _explain(error, scheme) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the library gives up so on settings that it does not expect
            raise
        raise StoreError(_BAD_SETTING, _CHECK_SETTINGS) from None
