"""What does Bedrock's model invocation log say?

One record a call, in S3 and in CloudWatch under the same request id. Its counts leave cache reads and writes out of the
input; its bodies are those of the API that was called, and missing where they were too large or not to be logged.
Source: AWS docs, model-invocation-logging; CATALOGUE 6.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from tokaudit.readers.apis.bedrock_invoke import as_embedding
from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.envelope import Envelope, envelope, gather
from tokaudit.readers.exchange.outcome import error_code, unreported_usage
from tokaudit.readers.usage.bedrock import invocation_metrics, metered_usage
from tokaudit.readers.values.bedrock_models import BedrockModel, bedrock_model, is_embedding_model
from tokaudit.readers.values.embedded import open_object, open_text
from tokaudit.readers.values.labels import begins, label
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Record, Usage

NAME = "bedrock_log"
_SCHEMA = "ModelInvocationLog"
_PERMISSION_CHECK = "Permissions are correctly set for Amazon Bedrock logs"
_MADE_UP_SESSION = re.compile(
    r"i-[0-9a-f]+|[0-9a-f]{16,}|\d{10,}|(botocore-session|aws-sdk-[a-z]+(-session)?|aws-go-sdk|session)-?\d*"
)
"""Names of sessions that AWS' tools make up: instances, tasks, times."""

_IMAGES = Usage(None, None, state="missing", rule="Bedrock: billed by images, not by tokens")
_SINGLE_SIGN_ON = "AWSReservedSSO_"


def identify(record: Record) -> bool:
    """Say whether the record is of the log, as it was written or as columns of a query on it."""
    if record.get("schemaType") == _SCHEMA or _is_permission_check(record):
        return True
    if "modelId" not in record or "operation" not in record:
        return "modelId" in record and "input.inputTokenCount" in record and "@message" not in record
    sides = (record.get("input"), record.get("output"))
    return any(type(side) is dict and ("inputTokenCount" in side or "outputTokenCount" in side) for side in sides)


def _is_permission_check(record: Record) -> bool:
    """Bedrock writes one line of text into a log when it is set up."""
    return any(begins(record.get(key), _PERMISSION_CHECK) for key in ("message", "@message"))


def read(record: Record, options: ReadOptions) -> Outcome:
    """Turn the record into a call. Raises RejectRecordError."""
    if _is_permission_check(record):
        return Aside("permission check")
    log = _nested(record)
    sent, answered = open_object(log.get("input")), open_object(log.get("output"))
    model = bedrock_model(label(log.get("modelId")))
    body = _opened(answered.get("outputBodyJson"))
    error_type = error_code(log.get("errorCode"))
    call = call_of_bodies(_opened(sent.get("inputBodyJson")), body, options, _around(log)) or Call(NAME)
    metadata = log.get("requestMetadata")
    team = envelope(gather([("requestMetadata.", open_object(metadata))]), options.timezone)
    caller = _caller(open_object(log.get("identity")).get("arn"))
    request_id = label(log.get("requestId"))
    feature, feature_from = _feature(team, model, caller, call)
    return replace(
        call,
        reader=NAME,
        # The id in the body is also in the application's own log; without a body the request's id is the call's.
        call_id=None if call.response_id or not request_id else f"bedrock:{request_id}",
        log_id=request_id,
        started_at=micros(log.get("timestamp", log.get("@timestamp")), "UTC"),
        latency_ms=_latency(call, body),
        provider_name="aws",
        request_model=model.name or label(log.get("modelId")),
        response_model=model.name or call.response_model,
        operation_name=_operation(model, call, answered),
        http_status=None,
        error_type=error_type or call.error_type,
        service_tier="provisioned_throughput" if model.is_reserved else call.service_tier or _tier(log),
        usage=_usage(sent, answered, call, error_type, is_embedding=_is_embedding(model, call)),
        region=_region(log),
        user_id=team.user_id or caller.user or call.user_id,
        conversation_id=team.conversation_id or call.conversation_id,
        operation_id=team.operation_id,
        feature=feature,
        feature_from=feature_from,
    )


def _nested(record: Record) -> Mapping[str, Json]:
    """Put columns such as `input.inputTokenCount` back into objects."""
    if not any("." in key for key in record):
        return record
    nested: dict[str, Json] = {key: value for key, value in record.items() if "." not in key}
    for key, value in record.items():
        above, _, name = key.rpartition(".")
        if above and type(nested.setdefault(above, {})) is dict:
            nested[above][name] = value
    return nested


def _opened(value: Json) -> Json:
    return open_text(value) if type(value) is str else value


def _around(log: Mapping[str, Json]) -> dict[str, Json]:
    """Say which API was called: its path decides where no answer does."""
    operation = log.get("operation")
    action = "converse" if begins(operation, "Converse") else "invoke"
    return {"url": f"https://bedrock-runtime.amazonaws.com/model/-/{action}", "error": log.get("errorCode")}


def _latency(call: Call, body: Json) -> int | None:
    """Read how long the answer took, which only bodies tell."""
    stated = invocation_metrics(body).get("invocationLatency")
    return stated if type(stated) is int and stated >= 0 else call.latency_ms


def _is_embedding(model: BedrockModel, call: Call) -> bool:
    return is_embedding_model(model.name) or call.operation_name == "embeddings"


def _operation(model: BedrockModel, call: Call, answered: Mapping[str, Json]) -> str:
    if answered.get("outputImageCount"):
        return "image"
    name = model.name or ""
    return "embeddings" if _is_embedding(model, call) else "rerank" if "rerank" in name else call.operation_name


def _tier(log: Mapping[str, Json]) -> str | None:
    tier = log.get("serviceTier")
    return label(tier.get("type")) if type(tier) is dict else label(tier)


def _region(log: Mapping[str, Json]) -> str | None:
    """Read the region that was called: its prices hold wherever a profile sends the call (AWS, cross-Region inference)."""
    return label(log.get("region")) or label(log.get("inferenceRegion"))


def _usage(
    sent: Mapping[str, Json], answered: Mapping[str, Json], call: Call, error_type: str | None, *, is_embedding: bool
) -> Usage:
    """Choose between the body's usage, which may split cache writes by lifetime, and the log's own counts."""
    if answered.get("outputImageCount"):
        return _IMAGES
    logged = metered_usage({**answered, **sent})
    if is_embedding:
        logged = as_embedding(logged)
    if logged is MISSING_USAGE:
        unreported = unreported_usage(None, error_type)
        return call.usage if call.usage.state != "missing" and error_type is None else unreported
    told_more = call.usage.state == "exact" and _cached(call.usage) >= _cached(logged)
    return call.usage if told_more and call.error_type is None else logged


def _cached(usage: Usage) -> int:
    writes = (usage.cache_write_5m_input_tokens or 0) + (usage.cache_write_1h_input_tokens or 0)
    return (usage.cache_read_input_tokens or 0) + writes


class _Caller(NamedTuple):
    """Who called, taken out of an ARN: a user, or a role and the name of its session."""

    user: str | None
    role: str | None


def _caller(arn: Json) -> _Caller:
    """Read a caller. A session's name is its user's, unless a tool made it up."""
    kind, _, name = arn.rpartition(":")[2].partition("/") if type(arn) is str else ("", "", "")
    if kind == "user":
        return _Caller(label(name.rpartition("/")[2]), None)
    if kind != "assumed-role":
        return _Caller(None, None)
    role, _, session = name.rpartition("/")
    user = None if _MADE_UP_SESSION.fullmatch(session) else label(session)
    return _Caller(user, None if role.startswith(_SINGLE_SIGN_ON) else label(role))


def _feature(team: Envelope, model: BedrockModel, caller: _Caller, call: Call) -> tuple[str | None, str | None]:
    """Find the use case: named with the request, else the team's own profile of the model, else the role that called."""
    named = (
        (team.feature, team.feature_from),
        (call.feature, call.feature_from),
        (model.profile, "modelId"),
        (caller.role, "identity.arn"),
    )
    return next((found for found in named if found[0]), (None, None))


READER = Reader(
    name=NAME,
    title="Amazon Bedrock model invocation log (S3 and CloudWatch)",
    sign="`schemaType` is `ModelInvocationLog`, or `modelId` and `operation` beside `input.inputTokenCount`",
    how_to_export="Turn on model invocation logging in the Bedrock console's settings and copy the `AWSLogs/` folder from S3.",
    identify=identify,
    keys=frozenset({"schemaType", "modelId", "message", "@message"}),
    read=read,
    switch_on={
        "content": "Turn on text delivery; bodies over 100 KB stand in S3 under `data/`, not in the log.",
        "features": "Send `requestMetadata` with each request, or give each use case an application inference profile.",
        "conversations": "Send a `session_id` in `requestMetadata`.",
    },
    limits={"retries": "The log does not say which calls repeat one that failed."},
)
