from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokaudit.readers.values.nesting import nested
from tokaudit.readers.values.team_names import team_name, team_tag


@pytest.mark.parametrize(
    "name",
    [
        "summarise", "triage", "answer_question", "chat_with_docs", "POST /tickets", "RAG chain", "google-search-answer",
        "run_math_tutor", "MailDesk.sort",
    ],
)  # fmt: skip
def test_a_name_of_the_team_is_kept(name: str) -> None:
    assert team_name(name, "gpt-4o") == name


@pytest.mark.parametrize(
    "name",
    [
        "ChatOpenAI", "AzureChatOpenAI", "VertexGemini", "chat gpt-4o", "OpenAI-generation", "litellm-acompletion", "LangGraph",
        "openai.chat.completions.create", "backend.openai.chat.start-15", "messages.create", "response", "Agent.run",
        "OpenAIChat.invoke", "call_llm", "generate_content", "llm.chat", "ai.generateText.doGenerate", "RunnableSequence",
        "OpenAIEmbeddings", "ChatCompletion", "Completions_2", "LM.__call__", "AsyncModels.generate_content", "Crew.kickoff",
        "invocation [hello_app]", "invoke_agent 1711", "", None, 5.0, [],
    ],
)  # fmt: skip
def test_a_name_of_a_library_is_none(name: object) -> None:
    assert team_name(name, "gpt-4o") is None


def test_a_name_that_names_the_model_is_none() -> None:
    assert team_name("ask gpt-4o twice", "gpt-4o") is None
    assert team_name("ask gpt-4o twice", None) == "ask gpt-4o twice"


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        (["prod", "inbox"], "inbox"),
        (["seq:step:2", "map:key:x"], None),
        ('["inbox"]', "inbox"),
        (["staging", "feature:triage"], "triage"),
        (["env:prod"], None),
        ([5, None, "inbox"], "inbox"),
        ("inbox", None),
        (None, None),
    ],
)
def test_a_tag_names_a_use_case_unless_it_names_a_stage(tags: object, name: str | None) -> None:
    assert team_tag(tags) == name


def test_dotted_columns_are_gathered_into_objects() -> None:
    row = {"id": "1", "extra.metadata.thread_id": "t", "extra.metadata.n": "", "inputs": '{"a": 1}', "other.x": "y"}
    assert nested(row, ("extra", "inputs")) == {
        "id": "1",
        "extra": {"metadata": {"thread_id": "t"}},
        "inputs": {"a": 1},
        "other.x": "y",
    }


def test_objects_stay_as_they_are_and_are_not_changed() -> None:
    record = {"extra": {"metadata": {"a": 1}}, "id": 2}
    assert nested(record, ("extra",)) is record
    mixed = {"extra": {"metadata": {"a": 1}}, "extra.metadata.b": "2"}
    assert nested(mixed, ("extra",)) == {"extra": {"metadata": {"a": 1, "b": "2"}}}
    assert mixed == {"extra": {"metadata": {"a": 1}}, "extra.metadata.b": "2"}


@given(
    st.dictionaries(st.text(alphabet="ab.", max_size=6), st.text(max_size=3) | st.integers() | st.none(), max_size=6)
)
def test_any_row_is_borne(row: dict[str, object]) -> None:
    nested(row, ("a", "b", ""))
