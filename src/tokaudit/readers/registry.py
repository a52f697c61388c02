"""Which formats can be read? A new format is one line here.

Formats are asked in groups, since a platform's record holds the bodies of an API, and any record may hold token counts:
the first group with a claim decides.
"""

from __future__ import annotations

from tokaudit.readers.apis import anthropic_messages, openai_chat
from tokaudit.readers.bills import BILLS
from tokaudit.readers.contract import Reader
from tokaudit.readers.gateways import litellm_payload
from tokaudit.readers.tables import token_table

GATEWAYS: tuple[Reader, ...] = (litellm_payload.READER,)
"""Records of gateways, routers and serving platforms."""

TRACING: tuple[Reader, ...] = ()
"""Exports of tracing and observability platforms."""

AGENTS: tuple[Reader, ...] = ()
"""Session files of coding agents and local tools."""

PLATFORMS: tuple[Reader, ...] = (*GATEWAYS, *TRACING, *AGENTS)
"""Known by keys of the platform's own, whatever bodies they hold."""

APIS: tuple[Reader, ...] = (openai_chat.READER, anthropic_messages.READER)
"""Bodies of provider APIs in whatever wrapper, known by the shape of the answer."""

TABLES: tuple[Reader, ...] = (token_table.READER,)
"""Rows of which only the names of their columns are known."""

GROUPS = ((*PLATFORMS, *BILLS), APIS, TABLES)
READERS: tuple[Reader, ...] = (*APIS, *PLATFORMS, *TABLES)
