"""What do the diagnostic logs of an Azure OpenAI resource say?

They hold neither tokens nor texts: which model was called, when, how long and with what status is all there is. Byte counts
are no tokens. Source: CATALOGUE 7.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.outcome import failure, unreported_usage
from tokaudit.readers.gateways.azure_monitor import (
    category_of,
    correlation_id,
    fields_of,
    status_code,
    time_of,
)
from tokaudit.readers.values.durations import elapsed_ms, milliseconds
from tokaudit.readers.values.embedded import open_object
from tokaudit.readers.values.labels import begins, label
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Record

NAME = "azure_diagnostics"
_CALLS = "RequestResponse"
_ASIDES = {
    "Audit": Aside("audit record"),
    "Trace": Aside("trace record"),
    "AzureOpenAIRequestUsage": Aside("usage record of the service"),
}
_NO_MODEL = Aside("request without a model")
_NO_TOKENS = replace(MISSING_USAGE, rule="Azure diagnostics hold no tokens")
_ACCOUNT = "MICROSOFT.COGNITIVESERVICES/ACCOUNTS"
_OPERATIONS = (
    ("embed", "embeddings"),
    ("chat", "chat"),
    ("response", "chat"),
    ("image", "image"),
    ("transcription", "transcription"),
    ("translation", "transcription"),
    ("speech", "speech"),
    ("completion", "completion"),
)
"""Words in names of operations such as `ChatCompletions_Create`, the more telling ones first."""


def identify(record: Record) -> bool:
    """Say whether the record is a diagnostic log of an AI service's account."""
    category = category_of(record)
    return (category == _CALLS or category in _ASIDES) and _is_of_account(record)


def _is_of_account(record: Record) -> bool:
    if record.get("event") == "ShoeboxCallResult" or record.get("event_s") == "ShoeboxCallResult":
        return True
    resources = (record.get(name) for name in ("resourceId", "ResourceId", "_ResourceId"))
    if any(type(resource) is str and _ACCOUNT in resource[:400].upper() for resource in resources):
        return True
    return "apiName" in open_object(record.get("properties", record.get("properties_s")))


def read(record: Record, options: ReadOptions) -> Call | Aside:
    """Turn the record into a call without usage."""
    category = category_of(record)
    if category in _ASIDES:
        return _ASIDES[category]
    fields = fields_of(record)
    operation = _operation(fields.get("operationname"))
    deployment, model = label(fields.get("modeldeploymentname")), label(fields.get("modelname"))
    if operation is None and deployment is None and model is None:
        return _NO_MODEL
    http_status = status_code(fields.get("resultsignature"))
    error_type = failure(http_status)
    return Call(
        reader=NAME,
        log_id=correlation_id(fields),
        started_at=time_of(fields, "requesttime", "time", "timegenerated"),
        latency_ms=_latency(fields),
        provider_name="azure",
        request_model=deployment,
        response_model=model,
        operation_name=operation or "chat",
        http_status=http_status,
        error_type=error_type,
        usage=_NO_TOKENS if error_type is None else unreported_usage(http_status, error_type),
    )


def _operation(name: Json) -> str | None:
    """Name the operation; threads, files and batches are requests to no model."""
    if type(name) is not str or begins(name, "Microsoft."):
        return None
    words = name[:100].lower()
    return next((operation for word, operation in _OPERATIONS if word in words), None)


def _latency(fields: Mapping[str, Json]) -> int | None:
    """Subtract the times, which are exact: `durationMs` is sometimes negative."""
    elapsed = elapsed_ms(time_of(fields, "requesttime"), time_of(fields, "responsetime"))
    return milliseconds(fields.get("durationms")) if elapsed is None else elapsed


READER = Reader(
    name=NAME,
    title="Azure OpenAI diagnostic logs",
    sign="`category` RequestResponse of an Azure AI account",
    how_to_export="Send the resource's RequestResponse logs to a storage account, an event hub or Log Analytics.",
    identify=identify,
    keys=frozenset({"category", "Category"}),
    read=read,
    limits={
        "money": "Azure's diagnostic logs hold no tokens; log the calls at a gateway such as API Management instead.",
        "cache split": "Azure's diagnostic logs hold no tokens.",
        "content": "Azure's diagnostic logs hold byte counts, not texts.",
        "features": "Azure's diagnostic logs name the deployment, not who called it.",
        "conversations": "Azure's diagnostic logs hold no session id and no texts.",
        "retries": "Nothing in Azure's diagnostic logs ties a retry to the request it repeats.",
    },
)
