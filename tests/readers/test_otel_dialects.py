"""Are the kinds, counts and bodies read that single libraries write into spans under names of their own?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from readers.otel_exports import CALL_A, CHAT, asides, call, calls, classes, event, export, read, span, texts
from readers.platform_calls import BODY_A
from tokaudit.schema import Aside

ASKED = {"model": "gpt-4.1-mini", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"gen_ai.span.kind": "CHAIN"}, "chain span"),
        ({"gen_ai.span_kind_name": "AGENT"}, "agent span"),
        ({"agentops.span.kind": "session"}, "chain span"),
        ({"fi.span.kind": "TOOL"}, "tool span"),
        ({"mlflow.spanType": '"RETRIEVER"'}, "retrieval span"),
        ({"genkit:metadata:subtype": "flow"}, "chain span"),
    ],
)
def test_a_kind_of_its_own_comes_before_counts(attributes: dict[str, Any], kind: str) -> None:
    counted = {"gen_ai.request.model": "gpt-4.1-mini", "gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 9}
    assert asides(export(span({**counted, **attributes}))) == [kind]


def test_mlflow_sends_its_own_attributes() -> None:
    held = {
        "mlflow.spanType": '"CHAT_MODEL"',
        "mlflow.spanInputs": json.dumps(ASKED),
        "mlflow.spanOutputs": json.dumps(BODY_A),
    }
    found = call(held)
    assert (classes(found.usage), found.response_id) == (CALL_A, "chatcmpl-a")
    counted = {"input_tokens": 1420, "output_tokens": 100, "cache_read_input_tokens": 1280}
    alone = call({"mlflow.spanType": '"LLM"', "mlflow.chat.tokenUsage": json.dumps(counted)})
    assert classes(alone.usage) == CALL_A


def test_langchains_result_tells_the_cache_and_the_id() -> None:
    usage = {"input_tokens": 1420, "output_tokens": 100, "input_token_details": {"cache_read": 1280}}
    kept = {"content": "Ho", "usage_metadata": usage, "response_metadata": {"id": "chatcmpl-0123456789"}}
    result = json.dumps({"generations": [[{"message": {"lc": 1, "id": ["AIMessage"], "kwargs": kept}}]]})
    for name in ("gen_ai.completion", "output.value"):
        found = call({**CHAT, name: result})
        assert (classes(found.usage), found.response_id) == (CALL_A, "chatcmpl-0123456789")


def test_langsmith_writes_the_cache_into_an_object() -> None:
    found = call({**CHAT, "gen_ai.usage.input_token_details": '{"cache_read": 1280}'})
    assert (classes(found.usage), found.usage.state) == (CALL_A, "exact")


def test_genkit_counts_in_its_output() -> None:
    usage = {
        "inputTokens": 200,
        "outputTokens": 20,
        "thoughtsTokens": 80,
        "cachedContentTokens": 100,
        "totalTokens": 300,
    }
    output = {"message": {"role": "model", "content": [{"text": "Ho"}]}, "usage": usage}
    held = {"genkit:metadata:subtype": "model", "genkit:name": "googleai/gemini-2.5-flash"}
    found = call({**held, "genkit:output": json.dumps(output)})
    assert (classes(found.usage), found.request_model) == ((200, 100, 100), "googleai/gemini-2.5-flash")
    assert texts(found.answer) == [("assistant", "Ho")]


def test_an_agent_that_azure_runs_is_one_call() -> None:
    agent = {**CHAT, "gen_ai.operation.name": "invoke_agent", "gen_ai.response.id": "resp_0123456789"}
    assert asides(export(span(agent))) == ["agent span"]
    assert call({**agent, "gen_ai.provider.name": "microsoft.foundry"}).response_id == "resp_0123456789"


def test_novas_cache_lies_beside_its_input() -> None:
    counted = {
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read_input_tokens": 4,
    }
    assert call({**counted, "gen_ai.request.model": "us.amazon.nova-pro-v1:0"}).usage.input_tokens == 16
    assert call({**counted, "gen_ai.request.model": "gpt-4.1-mini"}).usage.input_tokens == 12


@pytest.mark.parametrize(
    ("name", "scope", "feature"),
    [
        ("sort_mail", "app", "sort_mail"),
        ("POST /mails", "app", "POST /mails"),
        ("Crew.kickoff", "openinference.instrumentation.crewai", None),
        ("MailDesk.sort", "app", "MailDesk.sort"),
        ("RunnableSequence", "openinference.instrumentation.langchain", None),
        ("orchestrate_tools", "Experimental.Microsoft.Extensions.AI", None),
        ("spring_ai chat_client", "org.springframework.boot", None),
    ],
)
def test_the_span_above_names_the_use_case_unless_a_library_named_it(
    name: str, scope: str, feature: str | None
) -> None:
    above, below = span({}, 1, name=name), span(CHAT, 2, 1)
    (found,) = calls(export(above, below, scope=scope))
    assert found.feature == feature


def test_a_wrapper_around_calls_names_no_use_case() -> None:
    wrapper = span({"openinference.span.kind": "LLM", "session.id": "s"}, 1, name="my_model")
    (found,) = calls(export(wrapper, span(CHAT, 2, 1)))
    assert (found.feature, found.conversation_id) == (None, "s")


def test_what_is_no_call_says_where_it_stands_and_what_the_calls_below_are_for() -> None:
    (above,) = read(export(span({"session.id": "s", "user.id": "u", "traceloop.workflow.name": "mail"}, 2, 1)))
    assert isinstance(above, Aside)
    assert (above.span_id, above.parent_span_id) == tuple(f"4fd0b6131f19f39af59518d127b0c0d1:{n:016x}" for n in (2, 1))
    assert (above.feature, above.feature_from, above.user_id, above.conversation_id) == (
        "mail",
        "traceloop.workflow.name",
        "u",
        "s",
    )


def test_the_status_stands_in_the_exceptions_message() -> None:
    thrown = event(
        "exception", {"exception.type": "openai.RateLimitError", "exception.message": "Error code: 429 - slow down"}
    )
    found = call(
        {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}, status={"code": 2}, events=[thrown]
    )
    assert (found.http_status, found.error_type, found.usage.input_tokens) == (429, "RateLimitError", 0)


def test_litellm_names_the_key_and_the_end_user() -> None:
    found = call({**CHAT, "metadata.user_api_key_alias": "mail-bot", "metadata.user_api_key_end_user_id": "kim"})
    assert (found.feature, found.user_id) == ("mail-bot", "kim")
