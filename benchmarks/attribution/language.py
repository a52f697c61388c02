"""What do the texts of the hard cases say? Sentences, names and documents, drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime

ADVERBS = ("Always", "Never", "Usually", "Only", "First", "If unsure,", "Per reply,", "When possible,")
VERBS = ("check", "quote", "rewrite", "summarise", "translate", "reject", "escalate", "confirm", "sort", "compare", "extract",
         "classify", "correct", "explain", "list", "ignore", "repeat", "cite", "shorten", "verify")  # fmt: skip
NOUNS = ("invoice", "ticket", "clause", "product", "recipe", "diagnosis", "address", "contract", "refund", "query", "table",
         "schedule", "delivery", "symptom", "headline", "warranty", "password", "licence", "shipment", "meeting", "payment",
         "review", "statement", "claim", "policy", "order", "message", "photo", "deadline", "budget")  # fmt: skip
ADJECTIVES = ("open", "late", "final", "urgent", "internal", "signed", "missing", "first", "disputed", "weekly", "foreign",
              "broken", "paid", "private", "duplicate", "archived")  # fmt: skip
ENDS = ("before you answer", "in one sentence", "without naming anybody", "as the manual says", "in the customer's words",
        "even if nobody asked", "with its number", "at the end", "in plain words", "for the record",
        "when the amount is high", "unless a manager agreed")  # fmt: skip
FIRST_NAMES = ("Anna", "Bob", "Chloé", "Deniz", "Emeka", "Farah", "Goran", "Hana", "Iker", "Jürgen", "Keiko", "Lars", "Mei",
               "Noor", "Olga", "Pedro", "Quinn", "Rosa", "Sven", "Tariq")  # fmt: skip
LAST_NAMES = ("Smith", "Okafor", "Dubois", "Yilmaz", "García", "Novak", "Tanaka", "Kowalski", "Silva", "Haddad", "Berg",
              "Ivanova", "Costa", "Nguyen", "Murphy", "Weber")  # fmt: skip
SYLLABLES = ("ba", "do", "ki", "lu", "me", "no", "pa", "ri", "so", "ta", "ve", "zu", "gra", "ster", "lin", "mor")
GERMAN = (
    ("Prüfe", "Nenne", "Ordne", "Übersetze", "Vergleiche"),
    ("die Rechnung", "den Vertrag", "die Anfrage", "das Rezept", "den Termin", "die Lieferung"),
    ("vor jeder Antwort.", "in einem Satz.", "ohne Namen.", "nach dem Handbuch."),
)
CHINESE = (
    ("请检查", "请翻译", "请总结", "请比较", "不要引用"),
    ("发票", "合同", "客户的问题", "食谱", "日程表", "订单"),
    ("，然后再回答。", "，只用一句话。", "，不要提及姓名。", "，并写明编号。"),
)


class Language:
    """Texts from one random source."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def sentence(self) -> str:
        pick = self.chance.choice
        first = f"{pick(ADVERBS)} {pick(VERBS)} the {pick(ADJECTIVES)} {pick(NOUNS)}"
        return f"{first} and {pick(VERBS)} the {pick(NOUNS)} {pick(ENDS)}."

    def paragraph(self, sentences: int = 4) -> str:
        return " ".join(self.sentence() for _ in range(sentences))

    def foreign(self, parts: Sequence[Sequence[str]], sentences: int, glue: str) -> str:
        return glue.join(glue.join(self.chance.choice(part) for part in parts) for _ in range(sentences))

    def name(self) -> str:
        return f"{self.chance.choice(FIRST_NAMES)} {self.chance.choice(LAST_NAMES)}"

    def word(self) -> str:
        return "".join(self.chance.choice(SYLLABLES) for _ in range(self.chance.randint(2, 3)))

    def prose(self, words: int) -> str:
        """Return what a user or an author writes: words that follow no template."""
        out, left = [], words
        while left > 0:
            length = min(left, self.chance.randint(5, 14))
            out.append(" ".join(self.word() for _ in range(length)).capitalize() + self.chance.choice(".?!."))
            left -= length
        return " ".join(out)

    def user(self) -> dict[str, object]:
        pick = self.chance.choice
        return {
            "name": self.name(), "plan": pick(("free", "pro", "team")), "city": self.word().capitalize(),
            "since": f"{self.chance.randint(2015, 2026)}-{self.chance.randint(1, 12):02d}", "notes": self.prose(8),
        }  # fmt: skip

    def date(self, at: datetime) -> str:
        """Return a date in one of the ways people write it."""
        return at.strftime(self.chance.choice(("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y")))
