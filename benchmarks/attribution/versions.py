"""Which cases change a prompt in the middle of the month?"""

from __future__ import annotations

from benchmarks.attribution.plan import DAYS, ROLES, Feature, Plan, always


def versions_reworded(plan: Plan) -> list[Feature]:
    """Reword a sentence of each template in the middle of the month."""
    features = []
    for role in ROLES[:3]:
        paragraphs = [plan.language.paragraph(4) for _ in range(3)]
        sentences = paragraphs[1].split(". ")
        sentences[1] = plan.language.sentence().rstrip(".")
        texts = paragraphs, [paragraphs[0], ". ".join(sentences), paragraphs[2]]
        for half, chosen in enumerate(texts):
            text = "\n\n".join([f"You are the {role} assistant of Acme.", *chosen])
            days = (half * DAYS / 2, (half + 1) * DAYS / 2)
            features.append(
                Feature(
                    role, lambda _at, _user, text=text: text, plan.question, turns=3, calls=plan.size // 2, days=days
                )
            )
    return features


def versions_added_paragraph(plan: Plan) -> list[Feature]:
    """Add a paragraph at the end in the middle of the month, beside features that share the preamble."""
    preamble = plan.language.paragraph(4)
    features = []
    for role in ROLES[:3]:
        text, more = f"{preamble}\n\n{plan.static(role)}", plan.language.paragraph(2)
        for half, own in enumerate((text, f"{text}\n\n{more}")):
            days = (half * DAYS / 2, (half + 1) * DAYS / 2)
            features.append(
                Feature(role, lambda _at, _user, own=own: own, plan.question, turns=3, calls=plan.size // 2, days=days)
            )
    return features


def versions_side_by_side(plan: Plan) -> list[Feature]:
    """Send two wordings of a sentence at the same time."""
    features = []
    for role in ROLES[:3]:
        paragraphs = plan.static(role, 3, 4).split("\n\n")
        sentences = paragraphs[2].split(". ")
        other = ". ".join(
            [sentences[0], f"Please {sentences[1][0].lower()}{sentences[1][1:]} and say so", *sentences[2:]]
        )
        texts = "\n\n".join(paragraphs), "\n\n".join([*paragraphs[:2], other, *paragraphs[3:]])
        features.append(
            Feature(
                role, lambda _at, _user, texts=texts: plan.chance.choice(texts), plan.question, turns=3, calls=plan.size
            )
        )
    return features


def versions_written_anew(plan: Plan) -> list[Feature]:
    """Replace a whole paragraph in the middle of the month, beside features with the same preamble."""
    preamble = plan.language.paragraph(5)
    features = []
    for role in ROLES[:3]:
        own = plan.language.paragraph(2)
        for half in range(2):
            text = f"{preamble}\n\n{own}\n\n{plan.language.paragraph(2)}"
            days = (half * DAYS / 2, (half + 1) * DAYS / 2)
            features.append(
                Feature(
                    role, lambda _at, _user, text=text: text, plan.question, turns=3, calls=plan.size // 2, days=days
                )
            )
    return features


def versions_each_week(plan: Plan) -> list[Feature]:
    """Reword one of six sentences of each template every week, beside a feature that stays."""
    features = [Feature(ROLES[3], always(plan.static(ROLES[3])), plan.question, turns=3, calls=plan.size)]
    for role in ROLES[:2]:
        sentences = [plan.language.sentence() for _ in range(6)]
        for week in range(4):
            sentences[plan.chance.randrange(6)] = plan.language.sentence()
            text = f"You are the {role} assistant of Acme. {' '.join(sentences)}"
            days = (week * DAYS / 4, (week + 1) * DAYS / 4)
            features.append(Feature(role, always(text), plan.question, turns=3, calls=plan.size // 4, days=days))
    return features


def released_together(plan: Plan) -> list[Feature]:
    """Change the preamble that four features share in the middle of the month."""
    own = [plan.static(role, 1) for role in ROLES[:4]]
    features = []
    for half in range(2):
        preamble, days = plan.language.paragraph(2), (half * DAYS / 2, (half + 1) * DAYS / 2)
        features += [
            Feature(role, always(f"{preamble}\n\n{text}"), plan.question, turns=3, calls=plan.size // 2, days=days)
            for role, text in zip(ROLES, own, strict=False)
        ]
    return features
