"""What does a LangSmith run say?

Chains, agents and tools repeat the tokens and the cost of the runs below them: only runs of type `llm` and `embedding` are
calls. `session_id` is the project; the team's own session stands in the metadata. Times without a zone are UTC.
Source: LangSmith SDK, `schemas.RunBase`; run data format; bulk export; CATALOGUE 12.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from tokaudit.readers.apis.kept_exchanges import better_usage, billed_usage, kept_call
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.attribution import Attribution, attribution
from tokaudit.readers.exchange.outcome import error_code, failure, status_in
from tokaudit.readers.exchange.parts import definitions
from tokaudit.readers.tracing.span_tree import without_repeats
from tokaudit.readers.usage.embeddings import embedding_usage
from tokaudit.readers.usage.langchain import metadata_usage, run_usage, tier_of
from tokaudit.readers.values.embedded import open_object, open_text
from tokaudit.readers.values.labels import first_label, is_missing, label
from tokaudit.readers.values.nesting import nested
from tokaudit.readers.values.numbers import amount, decimal_text
from tokaudit.readers.values.providers import plain_model, provider_of_name
from tokaudit.readers.values.team_names import team_name, team_tag
from tokaudit.readers.values.times import micros
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Record, RejectRecordError, Usage

NAME = "langsmith"
_OBJECTS = ("extra", "inputs", "outputs", "prompt_token_details", "completion_token_details", "serialized")
_TYPES = ("llm", "chain", "tool", "retriever", "embedding", "prompt", "parser")
_CALLS = ("llm", "embedding")
_MODELS = ("model", "model_name", "model_id", "deployment_name", "azure_deployment")
_DEEPEST = 50
_REPEAT = Aside("repeated llm run")


def identify(record: Record) -> bool:
    """Say whether the record is a run: its type, and the order that only LangSmith gives to runs."""
    kind = record.get("run_type")
    if type(kind) is not str or kind not in _TYPES:
        return False
    return "dotted_order" in record or ("trace_id" in record and ("session_id" in record or "parent_run_id" in record))


def read(record: Record, options: ReadOptions) -> Sequence[Outcome]:
    """Tell what a run is, and the runs inside it where they were loaded with it. Raises RejectRecordError."""
    runs = list(_runs(record, 0))
    if len(runs) == 1:
        return [_read_run(record, options)]
    keys = [label(run.get("id")) or f"#{number}" for number, run in enumerate(runs)]
    parents = {key: label(run.get("parent_run_id")) for key, run in zip(keys, runs, strict=True)}
    told = {key: _told(run, options) for key, run in zip(keys, runs, strict=True)}
    kept = without_repeats({key: call for key, call in told.items() if isinstance(call, Call)}, parents)
    return [kept.get(key, _REPEAT) if isinstance(told[key], Call) else told[key] for key in keys]


def _runs(run: Record, depth: int) -> Iterator[Record]:
    yield run
    children = run.get("child_runs")
    for child in children if type(children) is list and depth < _DEEPEST else ():
        if type(child) is dict:
            yield from _runs(child, depth + 1)


def _told(run: Record, options: ReadOptions) -> Outcome:
    try:
        return _read_run(run, options)
    except RejectRecordError as error:
        return error


def _read_run(record: Record, options: ReadOptions) -> Outcome:
    kind = record.get("run_type")
    run_id, trace_id, parent_id = (label(record.get(key)) for key in ("id", "trace_id", "parent_run_id"))
    span_id = f"{trace_id}:{run_id}" if trace_id and run_id else None
    parent_span_id = f"{trace_id}:{parent_id}" if trace_id and parent_id else None
    if kind not in _CALLS:
        name = f"{kind} run" if kind in _TYPES else "untyped run"
        return Aside(
            name, span_id, parent_span_id, *_attribution(_without_project(nested(record, ("extra",))), None, options)
        )
    run = nested(record, _OBJECTS)
    extra = open_object(run.get("extra"))
    metadata, parameters = open_object(extra.get("metadata")), open_object(extra.get("invocation_params"))
    asked = first_label(parameters, *_MODELS) or label(metadata.get("ls_model_name"))
    outputs = run.get("outputs")
    kept = kept_call(NAME, run.get("inputs"), outputs, options, asked)
    error_type = _error(run)
    started_at, ended_at = (micros(run.get(key), "UTC") for key in ("start_time", "end_time"))
    told = _attribution(run, asked, options)
    is_embedding = kind == "embedding" or metadata.get("ls_model_type") == "embeddings"
    usage = billed_usage(kept.usage, _counted(run, outputs, asked), _status(run), error_type)
    return replace(
        kept,
        call_id=None if kept.response_id or not run_id else f"langsmith:{run_id}",
        log_id=run_id,
        started_at=started_at,
        latency_ms=_latency(started_at, ended_at),
        provider_name=_provider(metadata) or kept.provider_name,
        request_model=plain_model(asked) or kept.request_model,
        response_model=plain_model(kept.response_model),
        operation_name="embeddings" if is_embedding else kept.operation_name,
        http_status=_status(run),
        error_type=error_type,
        feature=told.feature,
        feature_from=told.feature_from,
        user_id=told.user_id,
        conversation_id=told.conversation_id,
        service_tier=kept.service_tier or tier_of(open_object(run.get("prompt_token_details"))),
        usage=_embedding(usage) if is_embedding else usage,
        logged_cost=_cost(run),
        answer=() if is_embedding else kept.answer,
        tools=kept.tools or definitions(parameters.get("tools"), parameters.get("functions")),
        response_schema=kept.response_schema or _schema(parameters.get("response_format")),
        span_id=span_id,
        parent_span_id=parent_span_id,
    )


def _counted(run: Record, outputs: Json, model: str | None) -> Usage:
    """Read the counts beside the run, and those that a traced function returned by itself."""
    metadata = outputs.get("usage_metadata") if type(outputs) is dict else None
    details = {key: open_object(run.get(key)) for key in ("prompt_token_details", "completion_token_details")}
    beside = run_usage({**run, **details}, model)
    if not beside.input_tokens and not beside.output_tokens and beside.state != "exact":
        beside = MISSING_USAGE  # zeros without details are what LangSmith writes where nothing was reported
    return better_usage(metadata_usage(metadata, model), beside)


def _embedding(usage: Usage) -> Usage:
    return usage if usage.input_tokens is None else embedding_usage({"input_tokens": usage.input_tokens})


def _latency(started_at: int | None, ended_at: int | None) -> int | None:
    if started_at is None or ended_at is None or ended_at < started_at:
        return None
    return round((ended_at - started_at) / 1000)


def _error(run: Record) -> str | None:
    """Name the class of an exception, which stands before its message: `RateLimitError('Error code: 429 …')`."""
    error = run.get("error")
    error = None if is_missing(error) else error
    if error is None and run.get("status") not in ("error", "cancelled", "interrupted"):
        return None
    head = error[:200].partition("(")[0].rpartition(".")[2] if type(error) is str else error
    named = error_code(head)
    return failure(None, None if named == "error" else named, error_code(error), "error")


def _status(run: Record) -> int | None:
    return None if is_missing(run.get("error")) else status_in(run["error"])


def _provider(metadata: Record) -> str | None:
    named = label(metadata.get("ls_provider"))
    return provider_of_name(named) if named else None


def _without_project(run: Record) -> Record:
    """A run above calls says no more of its project than they do."""
    return {key: value for key, value in run.items() if key != "session_name"}


def _attribution(run: Record, model: str | None, options: ReadOptions) -> Attribution:
    """Read the team's keys in the metadata; else the run's name, its tags, and at last the project."""
    metadata = open_object(open_object(run.get("extra")).get("metadata"))
    own = {key: value for key, value in metadata.items() if not key.startswith(("ls_", "langgraph_"))}
    named = (
        ("name", team_name(run.get("name"), model)),
        ("tags", team_tag(run.get("tags"))),
        ("session_name", label(run.get("session_name"))),
    )
    return attribution(run, options, [("extra.metadata.", own)], named)


def _cost(run: Record) -> str | None:
    """Read the cost in USD, which is decimal text."""
    total = amount(run.get("total_cost"))
    if total is None:
        parts = [found for key in ("prompt_cost", "completion_cost") if (found := amount(run.get(key))) is not None]
        total = sum(parts, Decimal(0)) if parts else None
    return None if total is None else decimal_text(total)


def _schema(response_format: Json) -> Json:
    value = open_text(response_format) if type(response_format) is str else response_format
    return value if type(value) is dict and "json_schema" in value else None


READER = Reader(
    name=NAME,
    title="LangSmith runs (SDK, API, bulk export)",
    sign="`run_type` with `dotted_order` or `trace_id` and `session_id`",
    how_to_export=(
        "Write the runs of client.list_runs(project_name=..., run_type='llm') as JSON lines, or set up LangSmith's bulk "
        "export and convert its Parquet files to JSON lines."
    ),
    switch_on={
        "cache split": "Use a LangChain version that fills usage_metadata with input_token_details.",
        "content": "Export the fields inputs and outputs; large ones stand behind inputs_s3_urls and are not in the run.",
        "features": "Put a key such as feature into the metadata of runs, or name them after what they are for.",
        "conversations": "Put thread_id or session_id into the metadata of runs: the run's own session_id is the project.",
    },
    limits={"retries": "Retries of the provider's SDK happen inside one run and leave no run of their own."},
    identify=identify,
    keys=frozenset({"run_type"}),
    read=read,
)
