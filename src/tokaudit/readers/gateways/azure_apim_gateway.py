"""What does a gateway log of Azure API Management say of a call to a model?

Bodies are logged up to a number of bytes, at most 8,192, and an answer's usage comes last in it: it is often cut off. The
gateway passes on any API: requests to none of a model are no calls. Source: CATALOGUE 7.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import unquote

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import attribution
from tokaudit.readers.exchange.kept_bodies import first_whole, without_cut_texts
from tokaudit.readers.exchange.outcome import error_code, failure, unreported_usage
from tokaudit.readers.gateways.azure_monitor import (
    NAMED,
    category_of,
    correlation_id,
    fields_of,
    status_code,
    time_of,
)
from tokaudit.readers.gateways.operations import operation_of_url
from tokaudit.readers.values.durations import milliseconds
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.providers import provider_of_url
from tokaudit.schema import Aside, Call, Json, Record

NAME = "azure_apim_gateway"
_CATEGORY = "GatewayLogs"
_TABLE = "ApiManagementGatewayLogs"
_COLUMNS = ("BackendResponseBody", "BackendUrl", "BackendResponseCode", "ApimSubscriptionId")
_OTHER_REQUEST = Aside("request to another API")
_DEPLOYMENT = re.compile(r"/deployments/([^/?]+)")


def identify(record: Record) -> bool:
    """Say whether the record is a gateway log, whole or with the columns that a query chose."""
    category = category_of(record)
    if category:
        return category == _CATEGORY
    if record.get("Type") == _TABLE:
        return True
    return (
        "CorrelationId" in record
        and any(name in record for name in _COLUMNS)
        and "PromptTokens" not in record  # joined to the LLM log: its reader knows both
    )


def read(record: Record, options: ReadOptions) -> Call | Aside:
    """Turn the record into a call, if it is one to a model. Raises RejectRecordError."""
    fields = fields_of(record)
    urls = [url for name in ("backendurl", "url") if (url := label(fields.get(name)))]
    call = _call_of_bodies(fields, urls, options)
    if call is None:
        return _OTHER_REQUEST
    for_whom = attribution(record, options, (), ((path, fields.get(name)) for path, name in NAMED))
    key, is_hit = correlation_id(fields), fields.get("cache") == "hit"
    error_type = call.error_type or _stated_failure(fields, call.http_status)
    untold = error_type is not None and call.usage.input_tokens is None
    return replace(
        call,
        reader=NAME,
        call_id=f"apim:{key}" if key else None,
        response_id=None if is_hit else call.response_id,  # a cached answer carries the id of the call that paid for it
        log_id=key,
        started_at=time_of(fields, "time", "timegenerated") or call.started_at,
        latency_ms=milliseconds(fields.get("durationms"), fields.get("totaltime")),
        provider_name=next((name for url in urls if (name := provider_of_url(url))), call.provider_name),
        # Azure ignores the model in the body: the URL names the deployment that answered.
        request_model=next((name for url in urls if (name := _deployment(url))), call.request_model),
        error_type=error_type,
        feature=for_whom.feature,
        feature_from=for_whom.feature_from,
        user_id=for_whom.user_id or label(fields.get("userid")) or call.user_id,
        gateway_cache_hit=is_hit,
        usage=unreported_usage(call.http_status, error_type) if untold else call.usage,
    )


def _call_of_bodies(fields: Mapping[str, Json], urls: list[str], options: ReadOptions) -> Call | None:
    """Read the bodies as they went to and from the model, else as the caller sent and got them."""
    request = first_whole(fields.get("backendrequestbody"), fields.get("requestbody"))
    response = first_whole(fields.get("backendresponsebody"), fields.get("responsebody"))
    http_status = status_code(fields.get("backendresponsecode"), fields.get("responsecode"))
    url = urls[0] if urls else None
    call = call_of_bodies(request.body, response.body, options, {"url": url, "status_code": http_status})
    operation = next((name for each in urls if (name := operation_of_url(each))), None)
    if call is None and operation is None:
        return None
    if call is None:  # the log keeps no bodies: when, where and with what status is still known
        error_type = failure(http_status)
        call = Call(
            NAME,
            operation_name=operation or "chat",
            http_status=http_status,
            error_type=error_type,
            usage=unreported_usage(http_status, error_type),
        )
    return without_cut_texts(call, request, response)


def _deployment(url: str) -> str | None:
    named = _DEPLOYMENT.search(url)
    return label(unquote(named[1])) if named else None


def _stated_failure(fields: Mapping[str, Json], http_status: int | None) -> str | None:
    """Read what the gateway says of a request that it refused itself or that ended too early."""
    if http_status is not None and http_status < 400:
        return None
    reason = error_code(fields.get("lasterrorreason"))
    succeeded = fields.get("isrequestsuccess") in (None, True, "True", "true")
    return failure(http_status, reason, None if succeeded else "error")


READER = Reader(
    name=NAME,
    title="Azure API Management gateway logs",
    sign="`category` GatewayLogs, or the columns of the table ApiManagementGatewayLogs",
    how_to_export="Send the gateway's GatewayLogs to an event hub, a storage account or Log Analytics, and export them.",
    identify=identify,
    keys=frozenset({"category", "Category", "Type", "CorrelationId"}),
    read=read,
    switch_on={
        "money": "Log 8,192 bytes of backend responses in the API's diagnostic settings, and the LLM logs beside them.",
        "content": "Log 8,192 bytes of backend requests and responses; longer texts stand in the LLM logs alone.",
        "features": "Give each application a subscription of its own in API Management.",
    },
    limits={
        "conversations": "The gateway knows no sessions: they are found where the texts are logged whole.",
        "retries": "Of the tries that a retry policy makes the gateway logs the last one only.",
    },
)
