"""What can be said in the simulated shop? A grammar of our own: `{name}` stands for one of the phrases of that name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Grammar = Mapping[str, Sequence[str]]

# fmt: off
_SHOP: Grammar = {
    "thing": (
        "kettle", "desk lamp", "coffee grinder", "heater", "vacuum cleaner", "bread oven", "garden hose", "rice cooker",
        "desk chair", "bicycle light", "water jug", "toaster", "sewing machine", "cordless drill", "baby monitor",
    ),
    "part": ("lid", "cable", "battery", "handle", "filter", "switch", "hinge", "charger", "plug", "front panel"),
    "paper": ("bill", "receipt", "return label", "voucher", "delivery note", "warranty card", "refund notice"),
    "fault": (
        "does not start", "makes a loud noise", "smells of burnt plastic", "leaks at the bottom", "stops too early",
        "shows a red light", "has a crack", "no longer holds a charge", "gets far too hot", "rattles when moved",
    ),
    "person": ("the driver", "a neighbour", "my husband", "the shop assistant", "the technician", "a friend of mine"),
    "place": ("at the front door", "in the garden", "at the depot", "in your store", "at the post office", "at home"),
    "when": ("last Monday", "two days ago", "this morning", "at the weekend", "a week ago", "yesterday evening"),
    "soon": ("within two days", "by the end of the week", "within an hour", "before Friday", "today", "next week"),
    "goods": ("large items", "opened goods", "spare parts", "gift cards", "sale items", "electrical goods", "lamps"),
    "Goods": ("Large items", "Opened goods", "Spare parts", "Gift cards", "Sale items", "Electrical goods", "Lamps"),
    "step": (
        "switch off the power", "remove the {part}", "wait for ten minutes", "press the button next to the {part}",
        "clean the {part} with a dry cloth", "let the {thing} cool down", "look for the number on the {part}",
    ),
    "trouble": (
        "charging the wrong card", "losing the parcel", "opening a second case", "waiting in the queue again",
        "sending it to the old address", "paying the fee twice",
    ),
}

_RULE: Grammar = {
    "sentence": (
        "Always {duty}{limit}.",
        "Never {taboo}{limit}.",
        "When a customer asks about {goods}, {duty}{limit}.",
        "If the documents do not answer the question, {duty}.",
        "Quote the title of the page you used for {goods}{limit}.",
        "Keep each answer short{limit}, and {duty}.",
        "Be {manner} about {goods}{limit}.",
        "Stay {manner}{limit}.",
    ),
    "duty": (
        "say so plainly", "offer to open a case", "name the time a refund takes", "ask for the order number first",
        "give the steps in the order they are done", "write in the language of the customer",
        "point to the {paper} and explain where to find it",
    ),
    "manner": ("brief", "polite", "honest", "calm and exact", "friendly but clear"),
    "taboo": (
        "promise a date for {goods}", "mention the price of a competitor", "ask for a card number",
        "repeat what the customer already knows", "guess why the {thing} {fault}",
    ),
    "limit": (
        "", "", " unless the order is older than two years", " even when the customer insists",
        " and do it in the first sentence", " for every order placed in our shop",
    ),
}

_ARTICLE: Grammar = {
    "sentence": (
        "{Goods} can be returned {soon}{proviso}.",
        "{Goods} ship {soon}.",
        "The {thing} comes with a {part} and a {paper}{proviso}.",
        "To replace the {part}, {step}, then {step}{proviso}.",
        "The {paper} is sent by mail {soon}{proviso}.",
        "If the {thing} {fault}, {step}{proviso}.",
        "We refund the full price of {goods}{proviso}.",
        "This page explains how to {task}{proviso}.",
        "Our store team can {task} {soon}{proviso}.",
        "Please {step} first{proviso}.",
    ),
    "task": (
        "print a {paper}", "book a visit of the technician", "change the address of an order",
        "claim the warranty of a {thing}", "pay by bank transfer", "find the right {part}",
    ),
    "proviso": (
        "", "", " as long as the {part} is in the box", " when the {paper} is kept", ", except for {goods}",
        ", though not always {soon}", " and no fee is charged", " if the {thing} {fault}",
    ),
}

_QUESTION: Grammar = {
    "sentence": (
        "I bought a {thing} {when} and it {fault}{aside}.",
        "When I opened the box, the {part} was missing{aside}.",
        "I called {when}, but {person} could not help me{aside}.",
        "Can you tell me how to {wish}{aside}?",
        "The {paper} says that it was left {place}, which is not true{aside}.",
        "I have already tried {attempt}{aside}.",
        "My old {thing} never did that{aside}.",
        "Do I have to pay for the {part}{aside}?",
        "What I need {soon} is the {paper}{aside}.",
        "How long does it take to {wish}{aside}?",
    ),
    "wish": (
        "get my money back", "swap the {thing}", "order a new {part}", "move the delivery to Friday",
        "cancel what I ordered {when}", "print the {paper} again", "speak to a person",
    ),
    "attempt": (
        "another socket", "a different {part}", "to reset it twice", "what the manual says", "the chat in the app",
        "what {person} told me {when}",
    ),
    "aside": (
        "", "", "", ", and that is the second time", ", and I am leaving {soon}", ", as you can see",
        " without {trouble}", ", because {person} asked me {when}",
    ),
}

_ANSWER: Grammar = {
    "sentence": (
        "Thank you for telling us about the {thing}{detail}.",
        "I am sorry that it {fault}{detail}.",
        "Please {step}, then {step}{detail}.",
        "You will get the {paper} {soon}{detail}.",
        "The {part} is covered by the warranty{detail}.",
        "Our page on {goods} says that you can return it free of charge{detail}.",
        "We can pick it up {place} {soon}{detail}.",
        "No fee is due{detail}.",
        "Your case is with our repair team now{detail}.",
        "This avoids {trouble}{detail}.",
    ),
    "detail": (
        "", "", "", ", which saves you a trip", ", and we will call you {soon}", " as soon as we see the {paper}",
        " because it was bought {when}", ", even without the {paper}",
    ),
}
# fmt: on

KINDS: Mapping[str, Grammar] = {
    kind: {**_SHOP, **grammar}
    for kind, grammar in (("rule", _RULE), ("article", _ARTICLE), ("question", _QUESTION), ("answer", _ANSWER))
}
"""The four kinds of text: system prompt, retrieved page, question, answer. Each begins at `sentence`."""
