"""A portion of law -> the words of it to quote: whole sentences, from the words that open a list on, those nearest to the question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kb.lexical import terms
from kb.model import Hit, Portion, Provision

_SENTENCE = re.compile(r"(?<=[.;:。；])\s+(?=[^\s\d]|\d)|\n")
_ABBREVIATION = re.compile(r"(?:\b(?:No|Nos|art|arts|sec|secs|par|Pub|L|U\.S|U\.S\.C|C\.F\.R|v|e\.g|i\.e|etc|Art|St|Stat)\.)$")
_OPENING_WORDS = 8  # with fewer, what stands before the items of a list is a heading
_DEFINING = re.compile(r"\bunless the context (?:\w+ )?requires|\bthe (?:following )?terms?\W*$", re.IGNORECASE)
CONTACTS = re.compile(r"^\W*where to (?:obtain|find|get) (?:additional|more|further) information\W*$", re.IGNORECASE | re.MULTILINE)


def before_contacts(text: str, start: int, end: int) -> int:
    """Where a quotation ends: before the lines that say where to ask for more, as guidance sheets end with; at `end` where there are none after `start`."""
    found = CONTACTS.search(text, start, end)
    return start + len(text[start : found.start()].rstrip()) if found and found.start() > start else end


def reach(provision: Provision, hit: Hit, limit: int) -> tuple[tuple[str, ...], int, int]:
    """(numbers, start, end) of the widest portion around a hit that has at most `limit` characters; where none has, of the hit and what stands around it.

    A rule is read whole: the words that open a list, and its other items, say what one item means. So an item of a longer list is read from those words on
    where they stand near enough.
    """
    around = _around(provision, hit.start, hit.end)
    longer = _narrowest(p for p in around if p.end - p.start > limit)
    fitting = [p for p in around if p.end - p.start <= limit]
    widest = max(fitting, key=lambda p: (p.end - p.start, -len(p.numbers)), default=Portion("", hit.numbers, hit.start, hit.end))
    if not longer or (fitting and not (chapeau(provision, longer, limit) and widest.end - longer.start <= limit)):
        return widest.numbers, widest.start, widest.end
    start, end = filled(provision.text, widest.start, widest.end, (longer.start, longer.end), limit)
    inside = [p for p in around if p.start <= start and end <= p.end]
    return max(inside, key=lambda p: (len(p.numbers), p.start - p.end)).numbers, start, end


def _around(provision: Provision, start: int, end: int) -> list[Portion]:
    """The portions that enclose a span, the whole provision among them."""
    whole = Portion(provision.id, provision.numbers, 0, len(provision.text))
    return [p for p in (whole, *provision.portions) if p.start <= start and end <= p.end]


def _narrowest(portions: Iterable[Portion]) -> Portion | None:
    return min(portions, key=lambda p: (p.end - p.start, -len(p.numbers)), default=None)


def with_opening(provision: Provision, numbers: tuple[str, ...], start: int, end: int, limit: int) -> list[tuple[tuple[str, ...], int, int]]:
    """(numbers, start, end) of a quotation, and before it of the words that open the portion which it is a part of; of both in one where they adjoin."""
    above = _narrowest(p for p in _around(provision, start, end) if (p.start, p.end) != (start, end))
    opened = chapeau(provision, above, limit) if above else None
    if not above or not opened or opened[1] > start:
        return [(numbers, start, end)]
    if not provision.text[opened[1] : start].strip():
        return [(above.numbers, opened[0], end)]
    return [(above.numbers, *opened), (numbers, start, end)]


def chapeau(provision: Provision, portion: Portion, limit: int) -> tuple[int, int] | None:
    """Where the words stand that open a list, before its first item, as far as they fit within `limit`.

    None where a portion opens with a heading or an item, or with words that only announce definitions: those are read without them.
    """
    inner = [p.start for p in provision.portions if portion.start <= p.start and p.end <= portion.end and len(p.numbers) > len(portion.numbers)]
    words = provision.text[portion.start : min(inner, default=portion.start)].rstrip()
    if len(words.split()) < _OPENING_WORDS or words[-1] not in ":—–-,;" or _DEFINING.search(words):
        return None
    return opening(provision.text, portion.start, portion.start + len(words), limit)


def filled(text: str, start: int, end: int, bounds: tuple[int, int], limit: int) -> tuple[int, int]:
    """The span with the sentences that stand before it, if all of them fit within `limit` characters, and then with those that follow, within `bounds`.

    What room is left then goes to the nearest sentences before it.
    """
    if end - bounds[0] <= limit:
        start = bounds[0]
    following = [last for _, last in sentences(text, end, bounds[1]) if last - start <= limit]
    end = max(following, default=end)
    preceding = [first for first, _ in sentences(text, bounds[0], start) if end - first <= limit]
    return min(preceding, default=start), end


def focus(text: str, start: int, end: int, question: str, language: str, limit: int) -> tuple[int, int]:
    """The run of whole sentences within start:end that shares most with the question, filled up with what stands before and after it to `limit` characters.

    One sentence that is longer than that stays whole.
    """
    if end - start <= limit:
        return start, end
    spans = sentences(text, start, end)
    first, last = _nearest_run(text, spans, question, language, limit)
    while first > 0 and spans[last][1] - spans[first - 1][0] <= limit:
        first -= 1
    while last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= limit:
        last += 1
    return spans[first][0], spans[last][1]


def _nearest_run(text: str, spans: Sequence[tuple[int, int]], question: str, language: str, limit: int) -> tuple[int, int]:
    """Places of the first and last of the sentences that together share most with the question within `limit` characters."""
    asked = set(terms(question, language))
    shared = [len(asked & set(terms(text[s:e], language))) for s, e in spans]
    best, run = -1, (0, 0)
    for first in range(len(spans)):
        total = 0
        for last in range(first, len(spans)):
            total += shared[last]
            if spans[last][1] - spans[first][0] > limit and last > first:
                break
            if total > best:
                best, run = total, (first, last)
    return run


def sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Spans of the sentences and points within start:end, in order, without the white space between them."""
    spans, at = [], start
    for match in _SENTENCE.finditer(text, start, end):
        if match.group() != "\n" and _ABBREVIATION.search(text[at : match.start()]):
            continue
        if match.start() > at:
            spans.append((at, match.start()))
        at = match.end()
    if at < end:
        spans.append((at, end))
    return spans or [(start, end)]


def opening(text: str, start: int, end: int, limit: int) -> tuple[int, int]:
    """The first whole sentences and points within start:end, at most `limit` characters where the first of them allows."""
    spans = sentences(text, start, end)
    ends = [last for _, last in spans if last - start <= limit]
    return spans[0][0], ends[-1] if ends else spans[0][1]
