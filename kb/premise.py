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
_NUMBER = rf"\d+(?:,\d{{3}})*(?:\.\d+)?|{'|'.join(sorted(_WORDS, key=len, reverse=True))}"
_QUANTITY = re.compile(rf"\b({_NUMBER})(?:\s*\(\d+\))?[\s-]+(?:calendar |working |consecutive )?(day|week|month|year)s?\b", re.IGNORECASE)
_OTHER_QUANTITIES = (
    ("percent", re.compile(rf"\b({_NUMBER})\s*(?:%|per ?cent\b)", re.IGNORECASE)),
    ("of money", re.compile(rf"(?:[$€£]|\b(?:usd|eur|gbp)\b)\s?({_NUMBER})|\b({_NUMBER}) (?:dollars|euros?|pounds)\b", re.IGNORECASE)),
    ("of age", re.compile(rf"\b(?:under|below|over|above|aged?|age of|younger than|older than|attained(?: the age of)?)\s+({_NUMBER})\b(?![\s-]*(?:day|week|month|percent|hour|%|u\.s|c\.f|usc|cfr))", re.IGNORECASE)),
)  # fmt: skip
_SAID_BY_LAW = re.compile(
    r"\b(?:which|what|under which|under what) (?:section|article|provision|rule|paragraph)\b|\b(?:lets?|allows?|permits?|gives?|grants?|requires?|obliges?|sets?)\b|"
    r"\b(?:law|act|convention|directive|protocol|regulation|statute|code)s? says?\b",
    re.IGNORECASE,
)
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
    return float(_WORDS[number]) if number in _WORDS else float(number.replace(",", ""))


def claimed_quantities(question: str) -> set[tuple[float, str]]:
    """The quantities that a question says the law itself sets; those of the asker's own story are none."""
    named = quantities(question)
    periods = {item for item in named if item[1] in _PERIODS}
    said = periods if _SAID_BY_LAW.search(question) or _A_STATUS_OF.search(question) else set()
    return said | (named - periods if _SET_BY_LAW.search(question) else set())


_PERIODS = ("day", "week", "month", "year")


def unfounded_quantities(question: str, texts: Sequence[str]) -> list[str]:
    """Of the claimed quantities those that none of the texts found names, in words."""
    claimed = claimed_quantities(question)
    if not claimed:
        return []
    told = set().union(*map(quantities, texts))
    bare = {number for number, _ in told} | {float(n.replace(",", "")) for text in texts for n in re.findall(r"(?<![\w.])\d+(?:,\d{3})*(?![\w.])", text)}
    unfounded = {item for item in claimed if item not in told and (item[1] in _PERIODS or item[0] not in bare)}
    return [f"{number:,g} {unit}{'s' if unit in _PERIODS else ''}" for number, unit in sorted(unfounded)]


_ASKS = r"(?:how|which|what|when|where|who|can|do|does|is|are)"
_MUST = r"(?:must|has to|have to|needs? to|(?:is|are) (?:required|obliged) to|only if|only when|only after|not until|cannot .{3,60} (?:unless|until|before))"
_BARRED = r"(?:can't|cannot|can not|may not|must not|(?:is|are) not (?:allowed|permitted|entitled) to|(?:is|are) barred from|(?:is|are) excluded from)"
_PREMISE = re.compile(
    rf"^\W*(?:since|because|as|given that|seeing that)\s+(?P<said>.{{10,160}}?),\s*{_ASKS}\b|"
    rf"^\W*(?P<flat>.{{3,160}}?\b(?:{_BARRED}|{_MUST})\b.{{5,120}}?),\s*(?:so|then)\s+{_ASKS}\b|"
    rf"^\W*why (?P<why>(?:must|can't|cannot|may)\b.{{10,160}})|^\W*why (?:do|does) (?P<whydo>.{{5,80}}?\b(?:have|need) to\b.{{5,120}})|"
    rf"\b(?:which|what) (?:section|article|provision|rule|paragraph|law)\b.{{0,80}}?\b(?:says? that|makes?|requires?|provides? that|means that) (?P<rule>.{{10,160}})|"
    rf"\b(?:which|what) (?:section|article|provision|rule|paragraph|law)\b[^?]{{0,60}}?\b(?P<under>(?:must|have to|has to)\b.{{10,120}})",
    re.IGNORECASE | re.DOTALL,
)
_DUTY = re.compile(rf"\b(?:{_MUST}|must|required|obliged|before (?:she|he|they|I|a|the)\b)", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|never|no|can't|cannot)\b", re.IGNORECASE)
_NO_DUTY = re.compile(
    r"\bnot (?:be )?(?:required|necessary|obliged|conditional|made conditional|dependent|a condition)|\bneed not\b|\bno (?:requirement|obligation|duty)|"
    r"\bwithout (?:having|being required|requiring|any|the need)|\bregardless|\birrespective|\bwhether or not|\bexempt\w*|\bshall not be (?:subject|liable|required|made)|"
    r"\bdoes not (?:need|have to|require|depend)|\bdo not (?:need|have to|require)|\bnot\b",
    re.IGNORECASE,
)
_PROTECTS = re.compile(r"\b(?:regardless|irrespective|whether or not|all|any|every|entitled|(?:have|has) the right)\b", re.IGNORECASE)
_OPPOSITE = re.compile(r"^(?:ir|un|in|im|il|non)")
_SHARED = 3


def premise(question: str) -> str | None:
    """What a question states as given before it asks, or says that a law says; None where it only asks."""
    match = _PREMISE.search(question)
    return next((said.strip() for said in match.groupdict().values() if said), None) if match else None


def contradicts(said: str, sentence: str) -> bool:
    """Whether a sentence of law speaks of the same thing with the opposite sign: a duty that it denies, a denial that it lifts, a word that it negates.

    At least three content words must be shared.
    """
    mine, theirs = set(terms(said)), set(terms(sentence))
    if opposite := _opposite_words(said, sentence):
        return len((mine & theirs) - opposite) >= _SHARED - 1
    if len(mine & theirs) < _SHARED:
        return False
    if _DENIED.search(said):
        return bool(_PROTECTS.search(sentence)) and not _same_bar(said, sentence)
    return bool(_NO_DUTY.search(sentence)) and (bool(_DUTY.search(said)) or not _NEUTRAL.search(said))


_NEUTRAL = re.compile(r"\b(?:exempt\w*|regardless|irrespective|entitled|whether or not|irrelevant|without|need not|protect\w*)\b", re.IGNORECASE)


def _same_bar(said: str, sentence: str) -> bool:
    """Whether the law says the same no: "shall not employ any child"."""
    return bool(re.search(r"\b(?:shall|may|must|is|are) not\b|\bno (?:person|employer|agency)\b", sentence)) and not re.search(
        r"\b(?:regardless|irrespective|whether or not|entitled|right)\b", sentence, re.IGNORECASE
    )


def _opposite_words(said: str, sentence: str) -> set[str]:
    """Words of the premise that the law has only with a prefix that turns them round, and the other way about: relevant, irrelevant."""
    mine, theirs = set(re.findall(r"\w+", fold(said))), set(re.findall(r"\w+", fold(sentence)))
    turned = {_OPPOSITE.sub("", word): word for word in theirs if len(word) > 7 and _OPPOSITE.match(word)}
    return {word for word in mine if len(word) > 5 and word in turned and word not in theirs and turned[word] not in mine}
