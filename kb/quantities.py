"""The periods, ages, amounts and percentages that a question says the law sets, against those that the law names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.lexical import fold

_ONES = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
    "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_WORDS = _ONES | _TENS
_ONE = "|".join(sorted(_ONES, key=len, reverse=True))
_NUMBER = rf"\d+(?:,\d{{3}})*(?:\.\d+)?|(?:{'|'.join(_TENS)})(?:[- ](?:{_ONE}))?|{_ONE}"
_QUANTITY = re.compile(rf"\b({_NUMBER})(?:\s*\(\d+\))?[\s-]+(?:calendar |working |consecutive )?(hour|day|week|month|year)s?\b", re.IGNORECASE)
_OTHER_QUANTITIES = (
    ("percent", re.compile(rf"\b({_NUMBER})\s*(?:%|per ?cent\b)", re.IGNORECASE)),
    ("of money", re.compile(rf"(?:[$€£]|\b(?:usd|eur|gbp)\b)\s?({_NUMBER})|\b({_NUMBER}) (?:dollars|euros?|pounds)\b", re.IGNORECASE)),
    ("of age", re.compile(rf"\b(?:under|below|over|above|aged?|age of|younger than|older than|attained(?: the age of)?)\s+({_NUMBER})\b(?![\s-]*(?:day|week|month|percent|hour|%|u\.s|c\.f|usc|cfr))", re.IGNORECASE)),
)  # fmt: skip
_LAW = r"\b(?:laws?|acts?|conventions?|directives?|protocols?|regulations?|statutes?|codes?|treaty|articles?|sections?|c\d{3}|p\d{3})"
_SENTENCES = re.compile(r"(?<=[.?!])\s+(?=[A-Z\W])")
_RULE_ASKED = r"\b(?:which|what|under which|under what) (?:section|article|provision|rule|paragraph)\b"
_SAID_BY_LAW = re.compile(rf"{_RULE_ASKED}|\b(?:allows|permits|gives|grants|requires|obliges|sets)\b|{_LAW} (?:[\w.()-]+ ){{0,3}}(?:says?|lets?)\b", re.IGNORECASE)
OWN_STORY = re.compile(r"\b(?:I|me|my|we|us|our|he|him|his|she|her|they|them)\b")
_MERELY_ASKED = re.compile(r"^\W*(?:do|does|did|is|are|can|could|may|must|will|would|should)\b", re.IGNORECASE)
# amounts and ages are more often the asker's own: only a provision that is asked for, or a law that does something, is said to set them
_SET_BY_LAW = re.compile(
    r"\b(?:which|under which) (?:section|article|provision|rule|paragraph)\b|"
    r"\b(?:law|act|convention|directive|protocol|regulation|statute|code|(?:section|article|§) ?[\d().]+|c\d{3})\b.{0,40}\b(?:lets?|allows?|permits?|gives?|grants?|requires?|sets?|caps?|limits?|fixes)\b",
    re.IGNORECASE,
)
_A_STATUS_OF = re.compile(r"(?:year|month|day)s?[\s-](?:old\b)?(?:long )?(?:[TU] )?(?:visas?|status|permit|residence|leave|recovery|reflection|period)\b", re.IGNORECASE)


def quantities(text: str) -> set[tuple[float, str]]:
    """The periods, ages, amounts and percentages that a text names: (30, "day"); years stand for ages too, since laws write "18 years of age"."""
    folded = fold(text)
    found = {(_value(n), unit) for n, unit in _QUANTITY.findall(folded)}
    for unit, pattern in _OTHER_QUANTITIES:
        found |= {(_value(match[1] or match[match.lastindex]), unit) for match in pattern.finditer(folded)}
    return found


def _value(number: str) -> float:
    return float(number.replace(",", "")) if number[0].isdigit() else float(sum(_WORDS[part] for part in re.split("[- ]", number)))


def claimed_quantities(question: str) -> set[tuple[float, str]]:
    """The quantities that a question says the law itself sets; those that it merely asks about, or that belong to the asker's own story, are none."""
    named = quantities(question)
    periods = {item for sentence in _SENTENCES.split(question) if _sets_periods(sentence) for item in quantities(sentence) if item[1] in _PERIODS}
    return periods | ({item for item in named if item[1] not in _PERIODS} if _SET_BY_LAW.search(question) else set())


def _sets_periods(sentence: str) -> bool:
    if re.search(_RULE_ASKED, sentence, re.IGNORECASE):
        return True
    told = _MERELY_ASKED.search(sentence) or OWN_STORY.search(sentence)
    return bool(_A_STATUS_OF.search(sentence) or (not told and _SAID_BY_LAW.search(sentence)))


_PERIODS = ("hour", "day", "week", "month", "year")
_SAME_AS = {"day": (24, "hour"), "week": (168, "hour"), "year": (12, "month")}


def _plainest(item: tuple[float, str]) -> tuple[float, str]:
    """A period in hours or months, so that a year is the same as twelve months."""
    times, unit = _SAME_AS.get(item[1], (1, item[1]))
    return item[0] * times, unit


def unfounded_quantities(question: str, texts: Sequence[str]) -> list[str]:
    """Of the claimed quantities those that none of the texts found names, in words."""
    claimed = claimed_quantities(question)
    if not claimed:
        return []
    told = {_plainest(item) for text in texts for item in quantities(text)}
    bare = {number for text in texts for number, _ in quantities(text)} | {float(n.replace(",", "")) for text in texts for n in re.findall(r"(?<![\w.])\d+(?:,\d{3})*(?![\w.])", text)}
    unfounded = {item for item in claimed if _plainest(item) not in told and (item[1] in _PERIODS or item[0] not in bare)}
    return [f"{number:,g} {unit}{'s' if unit in _PERIODS else ''}" for number, unit in sorted(unfounded)]
