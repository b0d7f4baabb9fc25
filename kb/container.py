"""Parts of a law outside its body: how annexes, schedules, appendices and preambles are printed and cited."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_KINDS = {"annexe": "annex", "anexo": "annex", "anhang": "annex", "schedules": "schedule", "sch": "schedule", "sched": "schedule"}
_ROMAN = {"I": 1, "V": 5, "X": 10}
_WORD = r"(?:annexe?|anexo|anhang|appendix|schedules?|sch(?:ed)?\.?)"
_LABEL = r"(?:\d+(?:\.\d+)*[A-Z]?|(?-i:[A-Z]\d+(?:-[IVX]+)?|[IVX]+|[A-Z])|[ivx]{1,5})(?!\w)"
_POINT = r"\(?[0-9A-Za-z]{1,5}(?:\.\d+)*\)?"
_BELOW = r"(?:articles?|arts?\.?|sections?|paragraphs?|paras?\.?|párrafo|points?|items?|letra|nos?\.)"
_WITHIN = re.compile(
    rf"(?:(?P<inner>{_BELOW})\s(?P<before>{_POINT})(?P<deeper>(?:\({_POINT}\))*),?\s(?:of|to|in|de|del)\s(?:the\s|el\s|la\s)?)?"
    rf"(?:(?P<ordinal>{'|'.join(_ORDINALS)})\s(?P<ordered>annexe?|appendix|schedule)|(?P<protocol>protocol\s\(no\.?\s\d+\))|"
    rf"(?P<word>{_WORD})\s(?:no\.?\s?)?(?P<label>{_LABEL})|(?P<bare>(?-i:Annexe?|Anexo|Appendix|Schedules?)))(?![\w-])"
    rf"(?P<parts>(?:,?\s(?:part|section|title)\s(?:\d+|(?-i:[IVX]+|[A-Z]))(?!\w))*)"
    rf"(?:(?:,\s|,?\s{_BELOW}\s)(?P<number>(?:{_BELOW}\s)?{_POINT})(?!\w))?(?P<points>(?:\([0-9A-Za-z]{{1,5}}\))*)",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(r"(?:\bpreamble|\bpreámbulo)(?:,?\s(?:recital\s)?\(?(?P<first>\d{1,3})\)?)?(?!\w)|\b(?:recitals?|considerandos?)\s\(?(?P<second>\d{1,3})\)?(?!\w)", re.IGNORECASE)


def cited(text: str) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """(numbers, start, end) of every citation to such a part, in order: "Annex I, 5", "paragraph 3 of Schedule 2", "recital 12"."""
    found = [(("preamble", *filter(None, match.group("first", "second"))), *match.span()) for match in _PREAMBLE.finditer(text)]
    found += [(_numbers(match), *match.span()) for match in _WITHIN.finditer(text)]
    yield from sorted(found, key=lambda item: item[1])


def _numbers(match: re.Match[str]) -> tuple[str, ...]:
    word = match["ordered"] or match["word"] or match["bare"] or "protocol"
    kind = re.sub(r"^sch(?:ed)?\.?$", "schedule", word.lower())
    label = match["label"].upper() if match["label"] else ""
    name = f"{match['ordinal'].capitalize()} {kind.capitalize()}" if match["ordinal"] else f"{kind.capitalize()} {label}".strip()
    if match["protocol"]:
        name = f"Protocol (No {re.search(r'[0-9]+', match['protocol']).group()})"
    parts = [f"{part.capitalize()} {number.upper()}" for part, number in re.findall(r"(part|section|title)\s(\w+)", match["parts"], re.IGNORECASE)]
    points = re.findall(r"\(([0-9A-Za-z]{1,5})\)", match["points"])
    below = [match["number"].split()[-1], *points] if match["number"] else points
    if match["inner"]:
        below = [match["before"], *re.findall(r"[0-9A-Za-z]+", match["deeper"]), *below]
    return (name, *parts, *(number.strip("()") for number in below))


def outside_body(number: str) -> bool:
    """Whether the first of a unit's printed numbers says that it stands outside the body of the law."""
    return number == "preamble" or key(number) is not None


def key(printed: str) -> tuple[str, str] | None:
    """What tells one such part from the others however it is printed: "First Schedule", "Schedule 1" and "SCHEDULE I" are the same; None for other numbers."""
    words = printed.lower().split()
    if words and words[0] in _ORDINALS:
        words = [*words[1:], str(_ORDINALS.index(words[0]) + 1)]
    kind = _KINDS.get(words[0].rstrip("."), words[0]) if words else ""
    if kind not in ("annex", "schedule", "appendix") or len(words) > 2:
        return None
    label = words[1].upper() if len(words) > 1 else ""
    return kind, str(_value(label)) if label and set(label) <= set(_ROMAN) else label


def _value(roman: str) -> int:
    """The number that a roman numeral up to 49 stands for."""
    digits = [_ROMAN[letter] for letter in roman]
    return sum(-digit if digit < after else digit for digit, after in zip(digits, [*digits[1:], 0], strict=True))
