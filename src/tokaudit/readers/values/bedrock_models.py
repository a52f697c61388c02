"""Which model does a Bedrock model id stand for?"""

from __future__ import annotations

from typing import NamedTuple

_NAMES_THE_MODEL = frozenset(("foundation-model", "inference-profile"))
_IS_RESERVED = frozenset(("provisioned-model", "provisioned-model-throughput"))


class BedrockModel(NamedTuple):
    """A model id taken apart.

    name         the model with its region's prefix, by which it is priced; None where the id is the team's own
    profile      the team's own resource: an application inference profile, a custom or a provisioned model
    is_reserved  throughput bought by the hour: its tokens are not billed one by one
    """

    name: str | None
    profile: str | None
    is_reserved: bool


def bedrock_model(model_id: str | None) -> BedrockModel:
    """Take a model id apart, which is a name or an ARN."""
    if model_id is None or not model_id.startswith("arn:"):
        return BedrockModel(model_id, None, False)
    resource = model_id.rpartition(":")[2] if "/" not in model_id else model_id.split(":", 5)[-1]
    kind, _, name = resource.partition("/")
    if kind in _NAMES_THE_MODEL and name:
        return BedrockModel(name, None, False)
    return BedrockModel(None, resource, kind in _IS_RESERVED)


def priced_name(model_id: str | None) -> str | None:
    """Return the model's name where an id holds one, else the id as it is."""
    return bedrock_model(model_id).name or model_id


def billed_model(request_model: str | None, response_model: str | None) -> str | None:
    """Choose the name by which Bedrock bills: the id asked for names the region's price too, which the answer does not."""
    name = priced_name(request_model)
    return name if name is not None and "anthropic." in name and not name.startswith("arn:") else response_model


def is_embedding_model(model_id: str | None) -> bool:
    """Say whether a model makes vectors, by its name."""
    return model_id is not None and "embed" in model_id.lower()
