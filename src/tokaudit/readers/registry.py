"""Which formats can be read? A new format is one line here.

Formats are asked in three groups, since a platform's record holds the bodies of an API, and any record may hold token
counts: the first group with a claim decides.
"""

from __future__ import annotations

from tokaudit.readers.apis import anthropic_messages, openai_chat
from tokaudit.readers.contract import Reader
from tokaudit.readers.gateways import litellm_payload
from tokaudit.readers.tables import token_table

PLATFORMS: tuple[Reader, ...] = (litellm_payload.READER,)
"""Records of gateways and tracing platforms, known by the platform's own keys."""

BODIES: tuple[Reader, ...] = (openai_chat.READER, anthropic_messages.READER)
"""Bodies of provider APIs in whatever wrapper, known by the shape of the answer."""

TABLES: tuple[Reader, ...] = (token_table.READER,)
"""Rows of which only the names of their columns are known."""

GROUPS = (PLATFORMS, BODIES, TABLES)
READERS: tuple[Reader, ...] = (*PLATFORMS, *BODIES, *TABLES)
