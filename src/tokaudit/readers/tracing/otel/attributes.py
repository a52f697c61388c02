"""Which attributes does a span have, however they are written?

OpenTelemetry's protocol writes a list of keys with typed values, its SDKs an object, stores a map, tables a JSON text. All
become one flat mapping: dotted key -> text, number, truth, or a list or object where the attribute is structured.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from tokaudit.readers.values.embedded import open_text
from tokaudit.readers.values.labels import is_missing, label
from tokaudit.schema import Json

Attributes: TypeAlias = Mapping[str, Json]

_DEPTH = 12
"""Attributes nest a few levels; more is no telemetry but an attack."""

_SCALARS = ("stringvalue", "intvalue", "doublevalue", "boolvalue")
_JAEGER_VALUES = ("vStr", "vInt64", "vFloat64", "vBool")
_CLICKHOUSE_PAIR = re.compile(r"'((?:[^'\\]|\\.)*)':'((?:[^'\\]|\\.)*)'")
_CLICKHOUSE_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0"}


def attributes_of(value: Json) -> dict[str, Json]:
    """Read attributes in any notation; {} where there are none."""
    if type(value) is str:
        value = _opened(value)
    if type(value) is list:
        return dict(_listed(value))
    return dict(_flat(value, "", 0)) if type(value) is dict else {}


def _opened(text: str) -> Json:
    """Read attributes written as JSON, or as ClickHouse writes a map in CSV: `{'key':'value'}`."""
    if text.startswith("{'"):
        return {_unescaped(key): _unescaped(value) for key, value in _CLICKHOUSE_PAIR.findall(text)}
    return open_text(text)


def _unescaped(text: str) -> str:
    return _CLICKHOUSE_ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text) if "\\" in text else text


def _listed(items: Iterable[Json]) -> Iterator[tuple[str, Json]]:
    """Read `[{"key": …, "value": …}]`, also as Go (`Key`, `Value`) and Jaeger's protobuf (`vStr`) write it."""
    for item in items:
        if type(item) is not dict:
            continue
        key = item.get("key", item.get("Key"))
        if type(key) is str:
            held = next((item[name] for name in ("value", "Value", *_JAEGER_VALUES) if name in item), None)
            yield key, any_value(held)


def any_value(value: Json, depth: int = 0) -> Json:
    """Read a typed value: `{"intValue": "5"}` is "5"; what is no typed value stays as it is."""
    if type(value) is not dict or depth > _DEPTH:
        return value if depth <= _DEPTH else None
    if "Type" in value and "Value" in value:  # Go's SDK
        return value["Value"]
    if len(value) != 1:
        return value
    ((name, held),) = value.items()
    kind = name.replace("_", "").lower()
    if kind in _SCALARS:
        return _whole(held) if type(held) is dict else held
    if kind == "arrayvalue":
        held = held.get("values") if type(held) is dict else None
        return [any_value(item, depth + 1) for item in held] if type(held) is list else []
    if kind == "kvlistvalue":
        held = held.get("values") if type(held) is dict else None
        return {key: any_value(item, depth + 1) for key, item in _pairs(held)}
    return None if kind == "bytesvalue" else value


def _pairs(items: Json) -> Iterator[tuple[str, Json]]:
    for item in items if type(items) is list else ():
        if type(item) is dict and type(item.get("key")) is str:
            yield item["key"], item.get("value")


def _whole(halves: Mapping[str, Json]) -> Json:
    """Read a 64-bit number that JavaScript wrote as two halves."""
    high, low = halves.get("high"), halves.get("low")
    return (high << 32) + (low & 0xFFFFFFFF) if type(high) is int and type(low) is int else None


def _flat(value: Mapping[str, Json], path: str, depth: int) -> Iterator[tuple[str, Json]]:
    """Spread objects under plain names (`{"llm": {"model_name": …}}`); under a dotted name an object is a value."""
    for key, held in value.items():
        typed = any_value(held) if type(held) is dict else held
        if type(typed) is dict and "." not in key and depth < _DEPTH:
            yield from _flat(typed, f"{path}{key}.", depth + 1)
        else:
            yield f"{path}{key}", typed


def first(attributes: Attributes, *names: str) -> Json:
    """Return the first of the attributes that says something."""
    return next((found for name in names if not is_missing(found := attributes.get(name))), None)


def first_label(attributes: Attributes, *names: str) -> str | None:
    """Return the first of the attributes that is a name or an id."""
    return next((found for name in names if name in attributes and (found := label(attributes[name]))), None)


def opened(attributes: Attributes, *names: str) -> Json:
    """Return the first of the attributes that says something, read if it is JSON in text."""
    found = first(attributes, *names)
    return open_text(found) if type(found) is str else found


def below(attributes: Attributes, prefix: str) -> dict[str, Json]:
    """Return the attributes under a prefix (ending in a point), without it."""
    return {key[len(prefix) :]: value for key, value in attributes.items() if key.startswith(prefix)}


def listed(attributes: Attributes, prefix: str) -> list[Json]:
    """Rebuild a list spread over attributes: `prefix.0.role`, `prefix.1.role` … in the order of its numbers."""
    tree: dict[str, Json] = {}
    for key, value in below(attributes, f"{prefix}.").items():
        steps = key.split(".")
        if len(steps) > _DEPTH or not steps[0].isdigit():
            continue
        place = tree
        for step in steps[:-1]:
            held = place.setdefault(step, {})
            place = held if type(held) is dict else {}
        place[steps[-1]] = value
    return [_rebuilt(tree[number]) for number in sorted(tree, key=_number)]


def _number(step: str) -> int:
    return int(step[:9]) if step.isascii() else 0


def _rebuilt(value: Json) -> Json:
    if type(value) is not dict:
        return value
    rebuilt = {key: _rebuilt(held) for key, held in value.items()}
    if rebuilt and all(key.isdigit() for key in rebuilt):
        return [rebuilt[key] for key in sorted(rebuilt, key=_number)]
    return rebuilt
