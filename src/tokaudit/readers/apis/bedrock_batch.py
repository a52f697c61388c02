"""What do the files of a Bedrock batch job say? Nothing in a line names the model, nor that a batch costs half."""

from __future__ import annotations

from dataclasses import replace

from tokaudit.readers.apis.exchanges import call_of_bodies
from tokaudit.readers.contract import Reader, ReadOptions
from tokaudit.readers.exchange.outcome import error_code
from tokaudit.readers.values.labels import label
from tokaudit.schema import MISSING_USAGE, Aside, Call, Outcome, Record, Usage

NAME = "bedrock_batch"
_TIER = "batch"
_URL = "https://bedrock-runtime.amazonaws.com/model/-/invoke"
_NOT_CHARGED = Usage(0, 0, 0, 0, 0, 0, rule="requests of a batch that failed are not charged")


def identify(record: Record) -> bool:
    """Say whether the record is a line of a job's input or output, or the job's sums."""
    if "totalRecordCount" in record:
        return "processedRecordCount" in record
    return "recordId" in record and type(record.get("modelInput")) is dict


def read(record: Record, options: ReadOptions) -> Outcome:
    """Tell what the line is: a call, or a request that tells more of one. Raises RejectRecordError."""
    if "totalRecordCount" in record:
        return Aside("batch job")
    answer, error = record.get("modelOutput"), record.get("error")
    asked = record.get("modelInput")
    call = call_of_bodies(asked, answer, options, {"url": _URL})
    call = call or Call(NAME, provider_name="aws", usage=MISSING_USAGE)
    if answer is None and error is None:
        call = replace(call, is_fragment=True, usage=MISSING_USAGE)
    elif error is not None:
        code = error.get("errorCode") if type(error) is dict else error
        call = replace(call, error_type=error_code(code) or "error", usage=_NOT_CHARGED)
    record_id = label(record.get("recordId"))
    return replace(
        call,
        reader=NAME,
        provider_name="aws",
        request_model=label(asked.get("modelId")) if type(asked) is dict else None,
        service_tier=_TIER,
        link_id=f"{NAME}:{record_id}" if record_id else None,
    )


READER = Reader(
    name=NAME,
    title="Amazon Bedrock batch files (model invocation jobs)",
    sign="`recordId` beside `modelInput` and `modelOutput`",
    how_to_export="Copy the job's output files (`*.jsonl.out`) from its S3 folder.",
    identify=identify,
    keys=frozenset({"totalRecordCount", "modelInput"}),
    read=read,
    switch_on={"content": "Copy the output files whole: they repeat each request."},
    limits={
        "money": "Only Claude's answers name their model: of the others the job's settings do, not its files.",
        "features": "A batch names no use case: they are told apart by their prompts.",
        "retries": "A batch makes each request once.",
    },
)
