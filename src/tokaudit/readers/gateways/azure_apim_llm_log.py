"""What does the LLM log of Azure API Management say?

One request is one row with tokens and many rows with pieces of its messages, tied by `CorrelationId` and put in order by
`SequenceNumber`; the rows come in any order. Sources: the table ApiManagementGatewayLlmLog; CATALOGUE 7.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tokaudit.readers.contract import Reader, ReadOptions, Spot, read_alone
from tokaudit.readers.exchange.attribution import attribution
from tokaudit.readers.exchange.kept_bodies import kept_body
from tokaudit.readers.exchange.parts import add_message, choice_parts, definitions, message_parts
from tokaudit.readers.gateways.azure_monitor import NAMED, category_of, correlation_id, fields_of, time_of
from tokaudit.readers.gateways.operations import with_cache_of
from tokaudit.readers.usage.counts import Counts, Producer, first_count, is_claude, usage_of
from tokaudit.readers.values.labels import label
from tokaudit.readers.values.numbers import count
from tokaudit.readers.values.providers import is_openai_model
from tokaudit.schema import MISSING_USAGE, Aside, Call, Json, Outcome, Part, Record, RejectRecordError, Usage

NAME = "azure_apim_llm_log"
_CATEGORY = "GatewayLlmLogs"
_TABLE = "ApiManagementGatewayLlmLog"
_COLUMNS = ("PromptTokens", "RequestMessages", "ResponseMessages")
_PIECE = Aside("message chunk")
_PRODUCER = Producer("Azure API Management", cache="as the provider", reasoning="as the provider")
_NO_COUNTS = replace(MISSING_USAGE, rule="Azure API Management counted no tokens")
_WRITES_UNKNOWN = "Azure API Management: cache writes are not logged"

WAITING_REQUESTS = 4096
"""Rows of one request are logged within seconds; exports sorted by time keep them that near."""
WAITING_CHARACTERS = 32 * 2**20
"""Texts held until their request is complete: a gateway logs at most 2 MB of a message."""


def identify(record: Record) -> bool:
    """Say whether the record is a row of the log, whole or with the columns that a query chose."""
    category = category_of(record)
    if category:
        return category == _CATEGORY
    if record.get("Type") == _TABLE:
        return True
    return "CorrelationId" in record and any(name in record for name in _COLUMNS)


@dataclass(slots=True)
class _Request:
    """What has been read of one request: its rows with tokens, and pieces of messages by their place."""

    calls: list[tuple[Spot, Call]] = field(default_factory=list)
    asked: dict[int, Json] = field(default_factory=dict)
    answered: dict[int, Json] = field(default_factory=dict)
    characters: int = 0

    def add_pieces(self, fields: Mapping[str, Json], place: int) -> int:
        """Keep a row's pieces; return how many characters they have."""
        before = self.characters
        for name, pieces in (("requestmessages", self.asked), ("responsemessages", self.answered)):
            piece = fields.get(name)
            if piece and place not in pieces:
                pieces[place] = piece
                self.characters += len(piece) if type(piece) is str else 0
        return self.characters - before

    def outcomes(self) -> Iterator[tuple[Spot, Outcome]]:
        """Return the calls with the texts that their rows hold whole."""
        for spot, call in self.calls:
            yield spot, _with_texts(call, _joined(self.asked), _joined(self.answered))


class _Session:
    """The rows of one file. Requests wait until the file ends, or until too many of them wait."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._requests: dict[str, _Request] = {}
        self._characters = 0

    def add(self, record: Record, spot: Spot) -> Iterable[tuple[Spot, Outcome]]:
        fields = fields_of(record)
        key = correlation_id(fields)
        call = _call(fields, key)
        if call is not None:
            call = self._attributed(call, record, fields)
        if key is None:
            return [(spot, call or _PIECE)]
        request = self._requests.setdefault(key, _Request())
        self._characters += request.add_pieces(fields, _place(fields))
        if call is not None:
            request.calls.append((spot, call))
        known: list[tuple[Spot, Outcome]] = [] if call is not None else [(spot, _PIECE)]
        while len(self._requests) > WAITING_REQUESTS or self._characters > WAITING_CHARACTERS:
            known.extend(self._let_go())
        return known

    def _attributed(self, call: Call, record: Record, fields: Mapping[str, Json]) -> Call:
        """Read for whom the call was, where a query joined the gateway's log to the row."""
        for_whom = attribution(record, self._options, (), ((path, fields.get(name)) for path, name in NAMED))
        return replace(
            call,
            feature=for_whom.feature,
            feature_from=for_whom.feature_from,
            user_id=for_whom.user_id or label(fields.get("userid")),
            conversation_id=for_whom.conversation_id,
        )

    def end(self) -> Iterable[tuple[Spot, Outcome]]:
        while self._requests:
            yield from self._let_go()

    def _let_go(self) -> Iterator[tuple[Spot, Outcome]]:
        """Tell the request that has waited longest."""
        oldest = self._requests.pop(next(iter(self._requests)))
        self._characters -= oldest.characters
        return oldest.outcomes()


def _place(fields: Mapping[str, Json]) -> int:
    try:
        return count(fields.get("sequencenumber")) or 0
    except RejectRecordError:
        return 0


def _call(fields: Mapping[str, Json], key: str | None) -> Call | None:
    """Read a row with tokens; None for a row of pieces. Raises RejectRecordError."""
    deployment, model = label(fields.get("deploymentname")), label(fields.get("modelname"))
    operation_name = "embeddings" if "embed" in (model or deployment or "").lower() else "chat"
    usage = with_cache_of(operation_name, _usage(fields, model or deployment))
    if deployment is None and model is None and usage is _NO_COUNTS:
        return None
    return Call(
        NAME,
        call_id=f"apim:{key}" if key else None,
        response_id=label(fields.get("requestid")),
        log_id=key,
        started_at=time_of(fields, "time", "timegenerated"),
        provider_name="azure" if is_openai_model(model or deployment) else None,
        request_model=deployment,
        response_model=model,
        operation_name=operation_name,
        usage=usage,
    )


def _usage(fields: Mapping[str, Json], model: str | None) -> Usage:
    """Read the counts. All zeros are none: a stream that did not report, or a request that failed."""
    names = ("prompttokens", "completiontokens", "totaltokens", "promptcachedtokens")
    prompt, completion, total, cached = (first_count(fields, name) for name in names)
    if not prompt and not completion and not total:
        return _NO_COUNTS
    usage = usage_of(Counts(prompt, completion, total, cached), _PRODUCER, model)
    if usage.state == "exact" and is_claude(model):
        return replace(usage, state="cache_split_unknown", rule=_WRITES_UNKNOWN)
    return usage


def _joined(pieces: Mapping[int, Json]) -> Json:
    """Put the pieces together; pieces of JSON text that end too early are no texts."""
    ordered = [pieces[place] for place in sorted(pieces)]
    if all(type(piece) is str for piece in ordered):
        kept = kept_body("".join(ordered))
        return None if kept.is_cut else kept.body
    return ordered[0] if len(ordered) == 1 else None


def _with_texts(call: Call, asked: Json, answered: Json) -> Call:
    request: Mapping[str, Json] = asked if type(asked) is dict else {"messages": asked}
    prompt = message_parts(request.get("messages"))
    tools = definitions(request.get("tools"), request.get("functions"))
    return replace(call, prompt=tuple(prompt), answer=tuple(_answer(answered)), tools=tools)


def _answer(answered: Json) -> list[Part]:
    """Read the messages of the answer, or its text."""
    if type(answered) is dict and "choices" in answered:
        return choice_parts(answered["choices"])
    parts: list[Part] = []
    for index, message in enumerate(answered if type(answered) is list else [answered]):
        if type(message) is dict:
            add_message(parts, message, index, "assistant")
        elif type(message) is str and message:
            parts.extend(choice_parts([{"message": {"content": message}}]))
    return parts


READER = Reader(
    name=NAME,
    title="Azure API Management LLM logs",
    sign="`category` GatewayLlmLogs, or rows with CorrelationId, SequenceNumber and PromptTokens",
    how_to_export="Send the gateway's GatewayLlmLogs to an event hub or Log Analytics, and export the table.",
    identify=identify,
    keys=frozenset({"category", "Category", "Type", "CorrelationId"}),
    read=read_alone(_Session),
    open_session=_Session,
    switch_on={
        "money": "Let streams report their usage: the gateway counts no tokens of a stream that does not.",
        "cache split": "Send the log to an event hub: it tells cached tokens there, which Log Analytics leaves out.",
        "content": "Log request and response messages in the API's LLM diagnostic settings.",
        "features": "Export the gateway logs too: they name the subscription, and the same CorrelationId ties them.",
    },
    limits={
        "conversations": "The LLM log holds no session id: conversations are found where messages are logged.",
        "retries": "The LLM log tells answers only: tries that failed stand in the gateway logs.",
    },
)
