"""Which number belongs to which level: printed markers resolved by their sequence.

`read` cuts a text into lines with their markers, `nest` turns them into portions. One marker alone is often ambiguous ((i) after (h), (v), 1A, a
number quoted from another Act), the sequence of a whole provision hardly ever: a beam search keeps the cheapest readings of it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from kb.citation import element
from kb.model import Portion

# ---------------------------------------------------------------- markers


@dataclass(frozen=True, slots=True)
class Line:
    """One block of a provision's text and the markers it opens with: "(b) (1) The fee" has "(b)" and "(1)".

    `markers` are (printed number without brackets, the form it is printed in, offset of the marker). Forms are written with an x for the
    number: "(x)", "x)", "x.", "[x]", "x-", "x:", "x°", "x、", "（x）", and "x" for a bare one; a number that is lost ("()") is "". `inline`: how many of them, from the
    end, stand after a dash rather than at the opening. `quoted`: a quotation mark stands before the first.
    """

    start: int
    end: int
    markers: tuple[tuple[str, str, int], ...]
    inline: int = 0
    quoted: bool = False


_ORDINAL = "bis|ter|quater|quinquies|sexies|septies|octies|novies|decies"
_ROMAN = "[ivxlIVXL]{2,7}[a-eA-E]?"
_DIGITS = rf"\d{{1,3}}(?:[.‑-]\d{{1,2}})*(?:\s?(?:{_ORDINAL})\b|[A-Za-z]{{1,2}}(?![A-Za-z]))?"
_LETTERS = rf"{_ROMAN}|[A-Z]{{1,2}}\d{{1,2}}|[a-z]\d|[a-z]{{1,3}}|[A-Z]{{1,3}}|ñ"
_CHINESE = "[一二三四五六七八九十百]{1,5}"
_ARABIC = "[٠-٩]{1,3}|[ء-ي]|هـ"
_MARKER = re.compile(
    rf"""\(\s?(?P<paren>{_DIGITS}|{_LETTERS}|{_ARABIC}|{_CHINESE}|)\s?[).]?\)\.?
      |（(?P<wide>{_CHINESE}|\d{{1,3}})）
      |\[(?P<square>\d{{1,3}}|[a-z])\](?=\s)
      |(?P<chinese>{_CHINESE})、
      |(?P<degree>\d{{1,3}}(?:\s(?:{_ORDINAL}))?\s?[°º](?:\s(?:{_ORDINAL}))?)(?P<half>\)|\.?[-–—])?(?=[\s\W])
      |(?P<close>{_DIGITS}|[A-Za-zñ]|{_ROMAN}|[a-z]{{2}}|{_ARABIC})\)(?=[\s\W]|$)
      |(?P<stop>\d{{1,3}}(?:\.\d{{1,3}})*[A-Za-z]{{0,2}}|\d{{1,3}}\s(?:{_ORDINAL})|[A-Za-z]|{_ROMAN}|[a-z]{{2}})\s?\.{{1,2}}(?:\s?[-–—]+)?(?=[\s(*"“'‘\[]|$|[A-Za-z]{{2}}|a\s|[一-鿿])
      |(?P<colon>\d{{1,3}}\.\d{{1,3}}):(?=\s)
      |(?P<dash>\d{{1,3}}|{_ARABIC})\s?[-–ـ](?=\s)
      |(?P<bare>\d{{1,3}}[A-Z]{{0,3}}\d?)(?=\s\(\d[A-Z]?\)|\s(?-i:[A-Z])[a-z]+\s)""",
    re.VERBOSE,
)
_FORMS = {"paren": "(x)", "wide": "（x）", "square": "[x]", "chinese": "x、", "degree": "x°", "close": "x)", "stop": "x.", "colon": "x:", "dash": "x-", "bare": "x"}
_STACKED = re.compile(rf"""[\s*]*(?:[—–-]\s?)?\[?(?P<m>\(\s?(?P<paren>{_DIGITS}|{_LETTERS}|)\s?\)|(?P<close>{_DIGITS}|[A-Za-z]|{_ROMAN})\)(?=\s|$))""")
_INLINE = re.compile(rf"""(?:[—–:―]|--)\s?(?P<m>\(\s?(?P<paren>{_DIGITS}|{_LETTERS}|)\s?\))(?=[\s—])""")
_OPENING = re.compile(r"""(?:[\[*\s]|(?P<quote>["“”„«‘]|'{1,2}|`{1,2})\s?)*""")
_HEADING_CHARACTERS = 240  # how far after a marker a dash and the next marker may stand: the length of a subsection's heading


def _number(match: re.Match[str]) -> tuple[str, str]:
    kind = next(name for name in (*_FORMS, "") if name and name in match.re.groupindex and match.group(name) is not None)
    return " ".join(match.group(kind).split()), _FORMS[kind]


def markers(text: str, start: int, end: int) -> Line:
    """The line text[start:end] with the markers that it opens with, those stacked on them, and those after a dash behind a short heading."""
    opening = _OPENING.match(text, start, end)
    assert opening
    first = _MARKER.match(text, opening.end(), end)
    if not first:
        return Line(start, end, (), 0, bool(opening.group("quote")))
    found = [(*_number(first), start)]
    at = first.end()
    while match := _STACKED.match(text, at, end):
        found.append((*_number(match), match.start("m")))
        at = match.end()
    inline = 0
    while match := _INLINE.search(text, at, min(end, at + _HEADING_CHARACTERS)):
        found.append((*_number(match), match.start("m")))
        at, inline = match.end(), inline + 1
        while match := _STACKED.match(text, at, end):
            found.append((*_number(match), match.start("m")))
            at, inline = match.end(), inline + 1
    return Line(start, end, tuple(found), inline, bool(opening.group("quote")))


def read(text: str) -> list[Line]:
    """The lines of a provision's text, in order."""
    lines, start = [], 0
    for piece in text.split("\n"):
        lines.append(markers(text, start, start + len(piece)))
        start += len(piece) + 1
    return lines


# ---------------------------------------------------------------- what a number can mean

_CHINESE_DIGITS = {c: n for n, c in enumerate("一二三四五六七八九", start=1)}
_ORDINALS = {name: 100 * n for n, name in enumerate(_ORDINAL.split("|"), start=1)}
_ABJAD = {c: n for n, c in enumerate("أبجدهوزحطيكلمنسعفصقرشتثخذضظغ", start=1)} | {"ا": 1, "هـ": 5}
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50}


class Reading(NamedTuple):
    """One meaning of a number: its kind ("1", "a", "A", "aa", "AA", "i", "I", "一", "أ") and its place in the order, inserted ones between."""

    kind: str
    value: tuple[int, int]


def _roman(letters: str) -> int:
    """The value of a well-formed Roman numeral up to 89, else 0."""
    letters = letters.lower()
    if not re.fullmatch(r"l?(?:x{0,3}|xl)(?:ix|iv|v?i{0,3})", letters) or letters in ("", "l"):
        return 0
    values = [_VALUES[c] for c in letters]
    return sum(-v if any(w > v for w in values[i + 1 : i + 2]) else v for i, v in enumerate(values))


def _order(letters: str) -> int:
    """Where an inserted letter stands after its number: A 100, AA 101, B 200; ZA before A."""
    places = [ord(c) - 96 for c in letters.lower()]
    if len(places) == 2 and places[0] == 26:
        return places[1]
    return 100 * places[0] + (places[1] if len(places) > 1 else 0)


def _letter_readings(number: str) -> list[Reading]:
    lower = number.lower()
    case = "a" if number == lower else "A"
    place = ord(lower[0]) - 96
    found = []
    if value := _roman(lower):
        found.append(Reading("i" if case == "a" else "I", (value, 0)))
    elif len(lower) > 1 and (value := _roman(lower[:-1])) and lower[-1] in "abcde":
        found.append(Reading("i" if case == "a" else "I", (value, _order(lower[-1]))))
    if len(lower) == 1:
        found.append(Reading(case, (place, 0)))
    else:
        found.append(Reading(case, (place, _order(lower[1:]))))
        if len(set(lower)) == 1 and len(lower) == 2:
            found += [Reading(case * 2, (place, 0)), Reading(case, (26 + place, 0))]
        if lower[0] == "z":
            found.append(Reading(case, (0, 9000 + _order(lower[1:]))))
    return found


@lru_cache(maxsize=4096)
def readings(number: str) -> list[Reading]:
    """All that a printed number can mean; none for what is no number."""
    number = number.rstrip("°º ").translate(str.maketrans("٠١٢٣٤٥٦٧٨٩‑", "0123456789-"))
    number = re.sub(r"\s?[°º]", "", number)
    if match := re.fullmatch(rf"(\d+)\s?(?:({_ORDINAL})|([A-Za-z]{{1,3}})|[.-](\d+)(?:[.-](\d+))?[A-Za-z]?)?\d?", number):
        whole, ordinal, letters, decimal, deep = match.groups()
        if ordinal or letters or decimal:
            minor = _ORDINALS[ordinal] if ordinal else _order(letters) if letters else 100 * int(decimal) + int(deep or 0)
            return [Reading("1", (int(whole), minor))]
        return [Reading("1", (int(whole), 0))]
    if match := re.fullmatch(r"[A-Z]{1,2}(\d+)", number):
        return [Reading("1", (int(match[1]) - 1, 9000))]
    if match := re.fullmatch(r"([a-z])(\d)", number):
        return [Reading("a", (ord(match[1]) - 96, 100 * int(match[2])))]
    if number == "ñ":
        return [Reading("a", (14, 100))]
    if number in _ABJAD:
        return [Reading("أ", (_ABJAD[number], 0))]
    if number and all(c in "一二三四五六七八九十百" for c in number):
        tens, _, ones = number.rpartition("十")
        value = (_CHINESE_DIGITS.get(tens, 1) * 10 if "十" in number else 0) + _CHINESE_DIGITS.get(ones, 0)
        return [Reading("一", (value, 0))]
    if re.fullmatch(r"[a-z]{1,4}|[A-Z]{1,5}|[ivxlIVXL]{2,7}[a-eA-E]?", number) and (number.islower() or number.isupper()):
        return _letter_readings(number)
    return []


# ---------------------------------------------------------------- the search

_BEAM = 48  # readings kept at a time
_HOPELESS = 8.0  # a reading that costs so much more than the best is given up
_OPEN = 1.0
_OPEN_INLINE = 1.2
_OPEN_LATE = 4.0  # a level that begins with another than its first number
_OPEN_SECOND = 2.5  # with the second
_OPEN_TWICE = 3.0  # a level in the form of one that is open above it
_UNUSUAL = 1.5  # a level under one that has others under it elsewhere in the instrument
_SIBLING_LIST = 1.5  # a second list under one parent
_GAP = 1.5
_RESTART, _RESTART_AFTER_TEXT = 5.0, 2.0
_FORM, _FORM_NEAR = 3.0, 0.8  # right number, other brackets
_POP = 0.1
_REJECT, _REJECT_WEAK, _REJECT_INLINE, _REJECT_QUOTED = 4.0, 1.5, 0.4, 0.8
_LEAVE_QUOTE, _STAY_AFTER_END = 0.2, 2.0

_AMENDS = re.compile(  # the words after which another act's text is quoted, at the end of a line
    r"""\b(?:insert|substitute|add|read)(?:\sthe\sfollowing\s[^.;:]{0,80})?\s?[:—–-]+$
      |\b(?:inserting|substituting|adding|(?:insertion|substitution|addition)\s(?:of|after|for))\b[^;:—]{0,200}[:—–]+$
      |\b(?:is|are|be)\s(?:hereby\s)?(?:inserted|substituted|added|replaced)\b[^;:]{0,120}[:—–]+$
      |\breplaced\sby\b[^;:]{0,120}[:—–]+$|\breads?\sas\sfollows[^;:]{0,20}[:—–]+$|\bainsi\srédigée?s?\s?:$""",
    re.IGNORECASE | re.VERBOSE,
)
_QUOTE_END = re.compile(r"""(?:["”»’]|'')\s?[.;,]{0,2}(?:\s?(?:and|or|et))?\s?[.;,]?$|^[.;,]$""")
_QUOTE_MARKS = re.compile(r"""["“”«»‘’„]""")


class _Level(NamedTuple):
    kind: str  # of Reading; "quote" and "lost" stand for levels that yield no portion
    form: str
    value: tuple[int, int]
    number: str


class _Token(NamedTuple):
    number: str
    form: str
    at: int
    line: int
    first: bool  # of its line
    inline: bool
    quoted: bool  # belongs to text quoted from another act
    after_text: bool  # a line without markers stands before it
    ended_quote: bool  # the line before ends a quotation
    lead: float  # what the words before say about a new level: less than 0 for it, more against it


class _State(NamedTuple):
    cost: float
    stack: tuple[_Level, ...]
    trail: tuple | None  # (earlier trail, token index, stack or None where refused)


Style = tuple[str, str]  # the kind of a level, and the form it is printed in
Habits = Mapping[Style, Mapping[Style, int]]


def _lead(before: str, stacked: bool) -> float:
    """What the words before a marker say: a colon or dash announces a list, a semicolon goes on with one."""
    if stacked:
        return -0.2
    tail = before.rstrip(" *\"”’'")
    if re.search(r"[:—–-]$", tail):
        return -0.4
    if re.search(r"(?:[;,]|\b(?:and|or|et|ou|y|o|und|oder))$", tail):
        return 0.6
    return 0.0


def _tokens(text: str, lines: Sequence[Line]) -> list[_Token]:
    found: list[_Token] = []
    inside = _inside_quotation(text, lines)
    for index, line in enumerate(lines):
        before = text[lines[index - 1].start : lines[index - 1].end] if index else ""
        quoted = index in inside or (line.quoted and _is_quotation(text, line)) or _announced(text, lines, index)
        for position, (number, form, at) in enumerate(line.markers):
            first = position == 0
            found.append(
                _Token(
                    number,
                    form,
                    at,
                    index,
                    first,
                    position >= len(line.markers) - line.inline,
                    quoted and first,
                    first and index > 0 and not lines[index - 1].markers,
                    first and bool(_QUOTE_END.search(before)),
                    _lead(before, False) if first else _lead("", True),
                )
            )
    return found


def _inside_quotation(text: str, lines: Sequence[Line]) -> set[int]:
    """The lines that stand within “quotation marks” opened in an earlier one; none where the marks do not pair."""
    if text.count("“") != text.count("”"):
        return set()
    depth, found = 0, set()
    for index, line in enumerate(lines):
        if depth > 0:
            found.add(index)
        words = text[line.start : line.end]
        depth = max(0, depth + words.count("“") - words.count("”"))
    return found


def _announced(text: str, lines: Sequence[Line], index: int) -> bool:
    """Whether the words before a line say that another act's text follows; headings of that text may stand between.

    Behind a dash they need no quotation mark, behind a colon they do.
    """
    mark = lines[index].quoted
    for line in lines[max(index - 3, 0) : index][::-1]:
        words = text[line.start : line.end]
        if _AMENDS.search(words):
            return mark or not words.endswith(":")
        if line.markers or len(words) > _HEADING_CHARACTERS or words.endswith((".", ";", ",")):
            return False
        mark = mark or line.quoted
    return False


def _is_quotation(text: str, line: Line) -> bool:
    """Whether the quotation mark at the opening of a line stays open behind its marker: not `“(a)” means`."""
    after = line.markers[0][2] if line.markers else line.start
    head = text[after : min(line.end, after + 24)]
    return len(_QUOTE_MARKS.findall(head[:12])) == 1


def _next_cost(level: _Level, reading: Reading, quoted: bool) -> float | None:
    """What it costs that `reading` follows the last number of `level`; None where it stands before it."""
    (major, minor), (new_major, new_minor) = level.value, reading.value
    if reading.value <= level.value:
        return None
    if new_major == major:
        return 0.2 if new_minor - minor <= 100 or new_minor >= 9000 else 0.2 + _GAP
    gap = new_major - major - 1
    cost = 0.0 if not gap else _GAP + 0.4 * min(gap, 12)
    if new_minor:
        cost += 0.2 if new_minor >= 9000 or new_minor == 100 or new_minor < 30 else 1.0
    return cost + (1.0 if quoted and minor and not new_minor else 0.0)


def _open_cost(stack: tuple[_Level, ...], reading: Reading, token: _Token, habits: Habits, quoted: bool) -> float:
    """What it costs that `reading` opens a level under the last of `stack`."""
    major, minor = reading.value
    cost = _OPEN_INLINE if token.inline else _OPEN
    if quoted:
        cost = 0.5
    elif major == 0 or (major, minor) == (1, 0):
        pass
    else:
        cost += (_OPEN_SECOND if (major, minor) == (2, 0) else _OPEN_LATE + 0.3 * min(major, 12)) + (1.0 if minor else 0.0)
    style = (reading.kind, token.form)
    if any((level.kind, level.form) == style for level in stack[_quote_depth(stack) + 1 :]):
        cost += _OPEN_TWICE
    if habits and not quoted:
        below = habits.get((stack[-1].kind, stack[-1].form) if stack else ("", ""), {})
        total = sum(below.values())
        cost += _UNUSUAL * (1 - below.get(style, 0) / max(total, 1)) * min(total, 8) / 8
    return cost + token.lead


def _quote_depth(stack: tuple[_Level, ...]) -> int:
    """The position of the quotation among the open levels, or -1."""
    return next((depth for depth in range(len(stack) - 1, -1, -1) if stack[depth].kind == "quote"), -1)


def _steps(stack: tuple[_Level, ...], token: _Token, habits: Habits) -> list[tuple[float, tuple[_Level, ...] | None]]:
    """What the token may do to the open levels, with its cost; None: it is no number of this text."""
    quote = _quote_depth(stack)
    if token.quoted:
        base = stack if quote < 0 else stack[:quote]
        fresh = (*base, _Level("quote", "", (0, 0), ""))
        steps = [(cost, new) for cost, new in _readings_steps(fresh, token, habits, len(fresh))]
        if quote >= 0:
            steps += [(cost, new) for cost, new in _readings_steps(stack, token, habits, quote + 1)]
        return [*steps, (1.0, fresh)]
    if token.number == "":
        base = stack[: next((d for d, level in enumerate(stack) if level.kind == "lost"), len(stack))]
        return [(0.0, (*base, _Level("lost", token.form, (0, 0), "")))]
    if quote < 0:
        return [*_readings_steps(stack, token, habits, 0), (_rejection(token), None)]
    stay = _STAY_AFTER_END if token.ended_quote and token.first else 0.0
    steps = [(cost + stay, new) for cost, new in _readings_steps(stack, token, habits, quote + 1)] + [(_REJECT_QUOTED + stay, None)]
    if token.first:
        leave = 0.0 if token.ended_quote else _LEAVE_QUOTE
        steps += [(cost + leave, new) for cost, new in _readings_steps(stack[:quote], token, habits, 0)]
    return steps


def _rejection(token: _Token) -> float:
    if token.inline:
        return _REJECT_INLINE
    return _REJECT_WEAK if token.form in ("x", "x.", "x-", "x)") else _REJECT


def _form_cost(earlier: str, form: str) -> float:
    """What it costs that a level goes on in another form; "b)" for "(b)" is a common slip."""
    if earlier == form:
        return 0.0
    return _FORM_NEAR if {earlier, form} == {"(x)", "x)"} else _FORM


def _readings_steps(stack: tuple[_Level, ...], token: _Token, habits: Habits, floor: int) -> list[tuple[float, tuple[_Level, ...]]]:
    """The ways to read the token as a number: going on at an open level from `floor` down, opening one below, or starting one anew."""
    steps: list[tuple[float, tuple[_Level, ...]]] = []
    quoted = floor > 0
    for reading in readings(token.number):
        new = _Level(reading.kind, token.form, reading.value, token.number)
        for depth in range(floor, len(stack)):
            level = stack[depth]
            pops = _POP * (len(stack) - 1 - depth)
            if level.kind == reading.kind and not (token.form == "x" and not quoted):
                form = _form_cost(level.form, token.form)
                cost = _next_cost(level, reading, quoted)
                if cost is not None:
                    steps.append((cost + form + pops, (*stack[:depth], new)))
                elif reading.value[0] <= 1 or quoted:
                    restart = _RESTART_AFTER_TEXT if token.after_text or quoted else _RESTART
                    steps.append((restart + form + pops, (*stack[:depth], new)))
            elif level.kind not in ("quote",):
                cost = _open_cost(stack[:depth], reading, token, habits, quoted)
                sibling = 0.5 if token.after_text else _SIBLING_LIST
                steps.append((cost + sibling + pops, (*stack[:depth], new)))
        if token.form == "x" and not quoted:
            continue
        lost = 6.0 if stack and stack[-1].kind == "lost" else 0.0
        steps.append((_open_cost(stack, reading, token, habits, quoted) + lost, (*stack, new)))
    return steps


def _resolve(tokens: Sequence[_Token], habits: Habits) -> list[tuple[_Level, ...] | None]:
    """For each token the open levels down to it in the cheapest reading of all, or None where it is no number of this text."""
    states = [_State(0.0, (), None)]
    for index, token in enumerate(tokens):
        best: dict[tuple[_Level, ...], _State] = {}
        for state in states:
            for cost, stack in _steps(state.stack, token, habits):
                open_levels = state.stack if stack is None else stack
                total = state.cost + cost
                if open_levels not in best or total < best[open_levels].cost - 1e-9:
                    best[open_levels] = _State(total, open_levels, (state.trail, stack))
        limit = min(state.cost for state in best.values()) + _HOPELESS
        states = sorted((state for state in best.values() if state.cost <= limit), key=lambda state: state.cost)[:_BEAM]
    found: list[tuple[_Level, ...] | None] = []
    trail = states[0].trail
    while trail is not None:
        trail, stack = trail
        found.append(stack)
    return found[::-1]


# ---------------------------------------------------------------- portions


def learn(texts: Iterable[str]) -> Habits:
    """Which levels stand under which in an instrument, and how often; ("", "") is the provision itself."""
    habits: dict[Style, Counter[Style]] = defaultdict(Counter)
    for text in texts:
        tokens = _tokens(text, read(text))
        for stack in _resolve(tokens, {}):
            if stack is None or any(level.kind in ("quote", "lost") for level in stack):
                continue
            parent = (stack[-2].kind, stack[-2].form) if len(stack) > 1 else ("", "")
            habits[parent][stack[-1].kind, stack[-1].form] += 1
    return habits


@dataclass(slots=True)
class _Open:
    """A portion whose end is not known yet."""

    id: str
    numbers: tuple[str, ...]
    start: int
    text_from: int  # where its words begin, behind its marker
    chapeau: bool = False  # its children carry on a sentence of its own
    counts: Counter[str] = field(default_factory=Counter)


class _Writer:
    """Portions as they open and close along the text."""

    def __init__(self, text: str, id: str, numbers: tuple[str, ...]):
        self.text = text
        self.open = [_Open(id, numbers, 0, 0)]
        self.done: list[Portion] = []

    def begin(self, depth: int, number: str, at: int, after: int) -> None:
        """A portion at `depth` (1 is the outermost) begins at `at`; its marker ends at `after`."""
        self.close(depth - 1, at)
        parent = self.open[-1]
        if not parent.counts:
            words = self.text[parent.text_from : at].strip(" \n*")
            parent.chapeau = bool(words) and not words.endswith((".", ")"))
        parent.counts[number] += 1
        id = f"{parent.id}/{element(number, parent.counts[number])}"
        self.open.append(_Open(id, (*parent.numbers, number), at, after))

    def close(self, depth: int, at: int) -> None:
        """Portions deeper than `depth` end before `at`."""
        while len(self.open) - 1 > depth:
            last = self.open.pop()
            end = last.start + len(self.text[last.start : at].rstrip(" \n—–"))
            if end > last.start:
                self.done.append(Portion(last.id, last.numbers, last.start, end))

    def depth_for_text(self, least: int, continues: bool) -> int:
        """How deep a line without a number belongs: out of each list that carries on its parent's sentence, one list only in mid-sentence."""
        depth = len(self.open) - 1
        while depth > least and self.open[depth - 1].chapeau:
            depth -= 1
            if continues:
                break
        return depth


def _certain(stack: tuple[_Level, ...] | None) -> int:
    """How many levels of a reading yield portions: those above a quotation or a lost number."""
    if stack is None:
        return 0
    return next((depth for depth, level in enumerate(stack) if level.kind in ("quote", "lost")), len(stack))


def nest(lines: Sequence[Line], text: str, id: str, numbers: Sequence[str], habits: Habits | None = None) -> tuple[Portion, ...]:
    """The portions that the markers of the lines make, in order of start, outer before inner.

    A portion runs from its marker to the end of its last line; a line without a number belongs to the innermost portion that it can be part of. Numbers
    quoted from another act, and those behind a lost number, make none.
    """
    tokens = _tokens(text, lines)
    resolved = _resolve(tokens, habits or {})
    by_line: dict[int, list[int]] = {}
    for index, token in enumerate(tokens):
        by_line.setdefault(token.line, []).append(index)
    ahead = _ahead(tokens, resolved)
    writer = _Writer(text, id, tuple(numbers))
    quoting = False  # the line before belongs to text quoted from another act, and does not end it
    for index, line in enumerate(lines):
        held = [i for i in by_line.get(index, []) if resolved[i] is not None]
        words = text[line.start : line.end]
        if held:
            quoting = any(level.kind == "quote" for level in resolved[held[-1]] or ())
        elif not quoting:
            least = min(ahead(index), len(writer.open) - 1)
            writer.close(writer.depth_for_text(least, words[:1].islower()), line.start)
        quoting = quoting and not _QUOTE_END.search(words)
        for i in held:
            stack = resolved[i]
            assert stack is not None
            depth = _certain(stack)
            if depth < len(stack):
                writer.close(depth, tokens[i].at)
            else:
                after = tokens[i + 1].at if i + 1 < len(tokens) and tokens[i + 1].at < line.end else line.end
                marker = _MARKER.search(text, tokens[i].at, after)
                writer.begin(depth, tokens[i].number, tokens[i].at, marker.end() if marker else after)
    writer.close(0, len(text))
    return tuple(sorted(writer.done, key=lambda portion: (portion.start, -portion.end, len(portion.numbers))))


def _ahead(tokens: Sequence[_Token], resolved: Sequence[tuple[_Level, ...] | None]) -> Callable[[int], int]:
    """A function: the least depth at which a line without a number may stand, seen from the next number after it."""
    steps: list[tuple[int, int]] = []  # (line, depth)
    last: tuple[_Level, ...] = ()
    for token, stack in zip(tokens, resolved):
        if stack is None:
            continue
        depth = _certain(stack)
        sibling = len(last) >= len(stack) and last[: len(stack) - 1] == stack[:-1] and last[len(stack) - 1].kind == stack[-1].kind
        goes_on = sibling and last[len(stack) - 1].value < stack[-1].value
        steps.append((token.line, depth if goes_on or depth < len(stack) else depth - 1))
        last = stack
    position = 0

    def least(line: int) -> int:
        nonlocal position
        while position < len(steps) and steps[position][0] <= line:
            position += 1
        return steps[position][1] if position < len(steps) else 0

    return least


def portions(text: str, id: str, numbers: Sequence[str], habits: Habits | None = None) -> tuple[Portion, ...]:
    """The portions of a provision's text."""
    return nest(read(text), text, id, numbers, habits)
