"""What a question asks of the program instead of the law, and what it takes for granted that the law held contradicts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.lexical import fold, terms

# instructions to the program; what they ask for is never done, wherever they stand
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|rules|prompt|guidelines)\b|^\s*(?:system|assistant|developer)\s*:|\byou are now\b|"
    r"\bfrom now on\b.{0,60}\b(?:repl\w+|answers?|respon\w+|say)\b|\brepeat\b.{0,20}\b(?:exactly|after me|word for word)\b|"
    r"\b(?:print|reveal|show|output)\b.{0,30}\bprompt\b|\bsafety rules\b.{0,10}\boff\b",
    re.IGNORECASE | re.DOTALL,
)
# somebody who holds others asks how not to be found out; both halves must stand in the question
_HOLDING = re.compile(
    r"\b(?:i|we)\b.{0,30}\b(?:keep|hold|hide|take|took|lock|control|own|sell)\b.{0,40}\b(?:girls?|women|workers?|maids?|boys?|passports?|them|her|him)\b|"
    r"\b(?:my|our|the) (?:girls|workers|maids|women|boys)\b",
    re.IGNORECASE,
)
_UNSEEN = re.compile(
    r"\b(?:stops?|prevents?|avoid|without|so that|hide|conceal|evade|escape)\b.{0,50}\b(?:police|inspectors?|authorities|immigration|ice|law enforcement|anyone)\b"
    r".{0,40}\b(?:notic\w*|find\w*|know\w*|detect\w*|catch\w*|suspect\w*|see\w*)|\b(?:police|inspectors?|authorities)\b.{0,20}\b(?:not|never|don't|won't)\b.{0,20}"
    r"\b(?:notice|find|know|see)\b",
    re.IGNORECASE,
)


def refusal(text: str) -> str | None:
    """Why a question is not answered at all, in one sentence; None where it is a question."""
    if _INSTRUCTION.search(text):
        return "This reads as an instruction to the program, not as a question about the law. Ask what you want to know."
    if _UNSEEN.search(text) and _HOLDING.search(text):
        return "This asks for help in holding or exploiting people unseen. Haven does not help with that."
    return None


_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
    "fourteen": 14, "fifteen": 15, "twenty": 20, "thirty": 30, "forty-five": 45, "forty five": 45, "forty": 40, "sixty": 60, "ninety": 90,
}  # fmt: skip
_QUANTITY = re.compile(rf"\b(\d+|{'|'.join(sorted(_WORDS, key=len, reverse=True))})(?:\s*\(\d+\))?[\s-]+(?:calendar |working |consecutive )?(day|week|month|year)s?\b", re.IGNORECASE)
_SAID_BY_LAW = re.compile(
    r"\b(?:which|what|under which|under what) (?:section|article|provision|rule|paragraph)\b|\b(?:lets?|allows?|permits?|gives?|grants?|requires?|obliges?|sets?|says?)\b",
    re.IGNORECASE,
)
_A_STATUS_OF = re.compile(r"(?:year|month|day)s?[\s-](?:old\b)?(?:long )?(?:[TU] )?(?:visas?|status|permit|residence|leave|recovery|reflection|period)\b", re.IGNORECASE)


def quantities(text: str) -> set[tuple[int, str]]:
    """The periods that a text names: (30, "day")."""
    found = _QUANTITY.findall(fold(text))
    return {(int(n) if n.isdigit() else _WORDS[n], unit) for n, unit in found}


def claimed_periods(question: str) -> set[tuple[int, str]]:
    """The periods that a question says the law itself sets; periods of the asker's own story are none."""
    if not (_SAID_BY_LAW.search(question) or _A_STATUS_OF.search(question)):
        return set()
    return quantities(question)


def unfounded_periods(question: str, texts: Sequence[str]) -> set[tuple[int, str]]:
    """Of the claimed periods those that none of the texts found names."""
    claimed = claimed_periods(question)
    return claimed - set().union(*map(quantities, texts)) if claimed else claimed


_PREMISE = re.compile(
    r"^\W*(?:since|because|as|given that|seeing that)\s+(?P<said>.{10,160}?),\s*(?:how|which|what|when|where|who|can|do|does|is)\b|"
    r"^\W*(?P<flat>.{10,160}?\b(?:can't|cannot|can not|may not|must|has to|have to|are not allowed to|is not allowed to)\b.{5,120}?),\s*(?:so|then)\s+(?:how|which|what|when|where|who)\b",
    re.IGNORECASE | re.DOTALL,
)
_NEGATION = re.compile(r"\b(?:not|no|never|neither|nor|without|regardless|irrespective|cannot|can't|n't|whether or not)\b", re.IGNORECASE)
_PROTECTS = re.compile(r"\b(?:regardless|irrespective|whether or not|all|any|every)\b", re.IGNORECASE)
_SHARED = 3


def premise(question: str) -> str | None:
    """What a question states as given before it asks; None where it only asks."""
    match = _PREMISE.search(question)
    return (match["said"] or match["flat"]).strip() if match else None


def contradicts(said: str, sentence: str) -> bool:
    """Whether a sentence of law speaks of the same thing with the opposite sign: a duty that it denies, or a denial that it lifts.

    At least three content words must be shared; one sentence is negated, or grants to all, and the other is not.
    """
    shared = set(terms(said)) & set(terms(sentence))
    if len(shared) < _SHARED:
        return False
    denied = bool(re.search(r"\b(?:not|never|no|can't|cannot)\b", said, re.IGNORECASE))
    return bool(_PROTECTS.search(sentence)) if denied else bool(_NEGATION.search(sentence))
