"""Which spelling of a key does a body use? Google's REST API writes camelCase, dumps of its SDKs snake_case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from tokaudit.schema import Json

_INNER_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


@lru_cache(maxsize=1024)
def snake_case(name: str) -> str:
    """Write a camelCase name in snake_case."""
    return _INNER_CAPITAL.sub("_", name).lower()


def either(body: Mapping[str, Json], name: str) -> Json:
    """Return the value of a camelCase key or of its snake_case twin; None when neither holds one."""
    value = body.get(name)
    return body.get(snake_case(name)) if value is None else value


def either_object(body: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """Return the object under a key in either spelling; {} when there is none."""
    value = either(body, name)
    return value if type(value) is dict else {}
