"""What did the provider itself report to Vercel's AI SDK, which notes it in an attribute of the span?"""

from __future__ import annotations

from tokaudit.readers.tracing.otel.attributes import Attributes, opened
from tokaudit.readers.usage.ai_sdk import Reported, reported_in

METADATA = "ai.response.providerMetadata"


def reported(attributes: Attributes, model: str | None) -> Reported:
    """Read the provider's metadata. Raises RejectRecordError for counts that are none."""
    return reported_in(opened(attributes, METADATA), model)
