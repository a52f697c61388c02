from __future__ import annotations

import pytest

from tokaudit.readers.values.columns import flat, guess_columns
from tokaudit.readers.values.names import meaning

SPELLINGS = {
    "input_tokens": "prompt_tokens input_tokens promptTokens inputTokenCount tokens_in in_tokens Input-Tokens num_prompt_tokens "
    "ContextTokens prompttokens Eingabe-Token tokens_entrada usage.prompt_tokens tokens.input usage.input n_prompt",
    "output_tokens": "completion_tokens output_tokens completionTokens tokens_out GeneratedTokens Ausgabe-Token tokens.output",
    "total_tokens": "total_tokens totalTokens tokens usage.total",
    "cache_read_input_tokens": "cached_tokens cache_read_input_tokens cached_input_tokens cacheReadInputTokens "
    "prompt_tokens_details.cached_tokens input_token_details.cache_read prompt_cache_hit_tokens",
    "cache_write_input_tokens": "cache_creation_input_tokens cacheWriteInputTokens input_token_details.cache_creation",
    "cache_write_1h_input_tokens": "cache_creation.ephemeral_1h_input_tokens",
    "reasoning_output_tokens": "reasoning_tokens completion_tokens_details.reasoning_tokens thoughtsTokenCount",
    "started_at": "timestamp ts Datum created_at startTime @timestamp Zeitstempel date TIMESTAMP",
    "request_model": "model model_name modelId Modell engine deployment request.model",
    "response_model": "response.model response_model",
    "feature": "feature use_case useCase workload_id endpoint tags service metadata.feature",
    "user_id": "user user_id userId user.id customer_id Benutzer",
    "conversation_id": "conversation_id session_id sessionId thread_id session.id conversation",
    "latency": "latency_ms duration_s durationMs elapsed Dauer",
    "status": "status status_code http_status response.status_code",
    "cost": "cost cost_usd costUSD Kosten spend price",
}


HEADERS = {
    "German": "Datum, Modell, Eingabe-Token, davon zwischengespeichert, Ausgabe-Token, Kosten (USD)",
    "German, mixed": "Zeitstempel, KI-Modell, Anzahl Input-Tokens, Gecachte Tokens, Anzahl Output-Tokens, Gesamtkosten",
    "French": "Horodatage, Modèle, Jetons d'entrée, Jetons en cache, Jetons de sortie, Coût",
    "Spanish": "Fecha, Modelo, Tokens de entrada, Tokens de entrada en caché, Tokens de salida, Costo",
    "Italian": "Data, Modello, Token di input, Token in cache, Token di output, Costo",
    "Portuguese": "Data, Modelo, Tokens de entrada, Tokens em cache, Tokens de saída, Custo",
    "Dutch": "Datum, Model, Invoertokens, Cachetokens, Uitvoertokens, Kosten",
    "Polish": "Data, Model, Tokeny wejściowe, Tokeny w cache, Tokeny wyjściowe, Koszt",
    "Japanese": "日時, モデル, 入力トークン, キャッシュトークン, 出力トークン, コスト",
    "Chinese": "时间, 模型, 输入token, 缓存token, 输出token, 费用",
    "in and out": "Time (UTC), Model, Tokens (in), cached, Tokens (out), Cost in $",
    "of a data frame": "created_at, model_name, nb_tokens_input, input_cached, nb_tokens_output, total_cost",
    "sent and received": "timestamp, model, tokens_sent, cache_tokens, tokens_received, spend",
    "with a vendor": "time, openai_model, openai_prompt_tokens, openai_cached_tokens, openai_completion_tokens, price",
    "flattened": "ts, model, gen_ai_usage_input_tokens, gen_ai_usage_cached_input_tokens, gen_ai_usage_output_tokens, cost",
    "totals of the call": "ts, model, total_input_tokens, cached_input, total_output_tokens, cost",
    "billed": "ts, model, billed_input_tokens, which cached tokens, billed_output_tokens, cost",
}
MEANT = ["started_at", "request_model", "input_tokens", "cache_read_input_tokens", "output_tokens", "cost"]


@pytest.mark.parametrize("language", HEADERS)
def test_headers_of_many_teams(language: str) -> None:
    names = HEADERS[language].split(", ")
    expected = dict(zip(MEANT, names, strict=True))
    if language == "in and out":  # it may also say that a gateway's cache answered
        expected["cache_hit"] = expected.pop("cache_read_input_tokens")
    assert guess_columns(names) == expected


@pytest.mark.parametrize(
    ("field", "name"), [(field, name) for field, names in SPELLINGS.items() for name in names.split()]
)
def test_a_name_means_its_field(field: str, name: str) -> None:
    found = meaning(name)
    assert found is not None
    assert found.field == field


@pytest.mark.parametrize(
    "name",
    ["max_tokens", "max_completion_tokens", "tokens_per_second", "token_limit", "usage_input_tokens_no_cache",
     "", "日本", ".", "...", "temperature", "tool.name", "x" * 10_000],
)  # fmt: skip
def test_a_name_of_something_else_means_nothing(name: str) -> None:
    assert meaning(name) is None


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("latency_ms", "ms"),
        ("Dauer (s)", "s"),
        ("Latency (sec.)", "s"),
        ("duration_ns", "ns"),
        ("Kosten (EUR)", "other"),
        ("cost ($)", "usd"),
        ("cost_cents", "cents"),
        ("cost", None),
    ],
)  # fmt: skip
def test_the_unit_stands_in_the_name(name: str, unit: str | None) -> None:
    found = meaning(name)
    assert found is not None
    assert found.unit == unit


def test_better_names_win_whatever_their_order() -> None:
    names = ["created_at", "endpoint", "id", "request_id", "timestamp", "feature", "prompt_tokens", "completion_tokens"]
    expected = {"started_at": "timestamp", "feature": "feature", "log_id": "request_id"}
    for order in (names, names[::-1]):
        columns = guess_columns(order)
        assert {field: columns[field] for field in expected} == expected


def test_what_the_user_says_wins() -> None:
    columns = guess_columns(["prompt_tokens", "other", "completion_tokens"], {"input_tokens": "other", "feature": "x"})
    assert columns == {"input_tokens": "other", "output_tokens": "completion_tokens", "feature": "x"}


def test_counts_come_from_one_object_and_the_model_from_beside_it() -> None:
    row = flat(
        {
            "device": {"model": "phone"},
            "budget": {"total_tokens": 9},
            "llm": {"model_name": "gpt-4o", "usage": {"input": 1, "output": 2, "details": {"cached_tokens": 1}}},
        }
    )
    assert guess_columns(list(row)) == {
        "input_tokens": "llm.usage.input",
        "output_tokens": "llm.usage.output",
        "cache_read_input_tokens": "llm.usage.details.cached_tokens",
        "request_model": "llm.model_name",
    }


def test_input_and_output_are_counts_only_without_better_names() -> None:
    assert guess_columns(["input", "output", "model"]) == {
        "request_model": "model",
        "input_tokens": "input",
        "output_tokens": "output",
    }
    assert guess_columns(["input", "output", "tokens_in", "tokens_out"]) == {
        "prompt": "input",
        "answer": "output",
        "input_tokens": "tokens_in",
        "output_tokens": "tokens_out",
    }


def test_flat_leaves_lists_and_deep_objects_whole() -> None:
    assert flat({"a": 1}) == {"a": 1}
    assert flat({"a": {"b": [{"c": 1}]}, "d": '{"e": 2}', "f": "{no json"}) == {
        "a.b": [{"c": 1}],
        "d.e": 2,
        "f": "{no json",
    }
    deep: dict[str, object] = {"x": 1}
    for _ in range(50):
        deep = {"n": deep}
    assert len(flat(deep)) == 1
