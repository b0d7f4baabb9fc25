"""Numbers that run within a sentence: "an alien (1) who works, or (2) who studies" holds (1) and (2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ingest.parse.outline import Outline

_MARKER = re.compile(r"\((\d{1,2}|[a-z]{1,2}\d?|[A-Z]{1,2}\d?|[ivx]{3,5}|[IVX]{3,5})\)(?=[\s(])")
_NOUN = re.compile(
    r"(?:section|paragraph|clause|chapter|part|title|division|item|point|article|act|law|code|category|class)(?:e?s)?\s*$", re.IGNORECASE
)
_REFERENCE = re.compile(r"\s(?:or|and|through|thereof|of (?:this|that|such|section|sub|paragraph|clause|title))\b")
_CHAIN = re.compile(r"(?:\(\w{1,5}\),? ?(?:or |and |through |to |and/or )?)+$")
_STOP = re.compile(r";|(?<=[a-z)”])(?<!Pub)(?<!Stat)(?<!seq)\.(?=\s[A-Z“]|$)", re.MULTILINE)
_ROMAN = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_STYLES = ("1", "a", "A", "i", "I", "aa", "AA")


@dataclass(slots=True)
class Run:
    """A number within a sentence: the characters start:end of the text, and the numbers inside."""

    number: str
    start: int
    end: int = 0
    inner: list[Run] = field(default_factory=list)


def _nth(style: str, count: int) -> str:
    """The number that stands at this place when one counts in the style that begins with `style`."""
    if style == "1":
        return str(count)
    if style in "iI":
        number = "x" * (count // 10) + _ROMAN[count % 10]
        return number.upper() if style == "I" else number
    return chr(ord(style[0]) + count - 1) * len(style) if count <= 26 else ""


def _styles(number: str) -> dict[str, int]:
    """The styles in which this number occurs, and its place in each."""
    return {style: count for style in _STYLES for count in range(1, 40) if _nth(style, count) == number}


def _style(number: str) -> str:
    """The likeliest style of a number out of its sequence: (i), (v) and (x) are roman."""
    styles = _styles(number)
    return next((style for style in ("i", "I") if style in styles), next(iter(styles), ""))


def follows(number: str, earlier: str) -> bool:
    """Whether `number` may come next after `earlier`: "b" after "a", "iv" after "iii", "b1" after "b", "c" after "b1"."""
    base = re.sub(r"(?<=[A-Za-z])\d$", "", earlier)
    if number == f"{earlier}1" and base == earlier and not earlier.isdigit():
        return True
    return number in {_nth(style, count + 1) for style, count in _styles(base).items()}


def _is_reference(text: str, start: int, end: int, line: int) -> bool:
    """Whether the bracketed number text[start:end] names another place: "clause (i)", "(i) or (ii) of this section"."""
    before, number = text[max(line, start - 60) : start], text[start + 1 : end - 1]
    if before[-1:].isalnum() or before.endswith((")", "“", "‘")) or _NOUN.search(before) or _REFERENCE.match(text, end):
        return True
    chain = _CHAIN.search(before)
    return bool(chain) and (before.endswith(("through ", "to ")) or any(
        number == earlier or follows(number, earlier) for earlier in re.findall(r"\((\w+)\)", chain.group())))


def _markers(text: str, start: int, end: int) -> list[tuple[str, int]]:
    """The bracketed numbers of text[start:end] that number something here, and where they stand."""
    found: list[tuple[str, int]] = []
    after = -1  # where the last marker taken ends
    for match in _MARKER.finditer(text, start, end):
        if match.start() == after or not _is_reference(text, match.start(), match.end(), start):
            found.append((match.group(1), match.start()))
            after = match.end()
    return found


def _nest(markers: Sequence[tuple[str, int]], own: str) -> list[Run]:
    """The numbers on the level of `own`, a run for `own` itself before them, with those that stand inside each.

    A level is opened by a first number that a second follows, and kept up by the next; what fits nowhere is left out.
    """
    root = Run(own, -1)
    levels: list[list[Run]] = [[root]]
    for place, (number, start) in enumerate(markers):
        later = [candidate for candidate, _ in markers[place + 1 :]]
        depth = next((d for d in reversed(range(len(levels))) if levels[d][-1].number and follows(number, levels[d][-1].number)), None)
        opens = number in _STYLES and _style(number) not in {_style(level[0].number) for level in levels}
        second = _nth(number, 2) if number in _STYLES else ""
        if depth is not None and not (opens and second in later):
            del levels[depth + 1 :]
            levels[depth].append(Run(number, start))
        elif opens and second in later:
            levels.append([Run(number, start)])
            levels[-2][-1].inner = levels[-1]
    return levels[0]


def _close(runs: Iterable[Run], text: str, end: int) -> Iterator[Run]:
    """The same numbers with their ends: where the next begins, the last where its clause or sentence stops."""
    runs = list(runs)
    for run, after in zip(runs, [*runs[1:], None]):
        stop = _STOP.search(text, run.start, end) if after is None else None
        run.end = after.start if after else stop.end() if stop else end
        run.end = run.start + len(text[run.start : run.end].rstrip())
        run.inner = list(_close(run.inner, text, run.end)) if len(run.inner) > 1 else []
        yield run


def find(text: str, own: str = "", last: bool = False) -> tuple[list[Run], list[Run]]:
    """The numbers that run within the text of the portion `own`: those inside it, and those that follow it on its level.

    Only numbers in sequence from a first one count, and at least two of them, within one line; where the portion is not the last
    of its level, or has several lines, none may follow it.
    """
    inner: list[Run] = []
    start = 0
    beside: list[Run] = []
    for line in text.split("\n"):
        here, *beside = _nest(_markers(text, start, start + len(line)), own)
        beside = beside if last and "\n" not in text.strip() else []
        if len(here.inner) > 1:
            inner += _close(here.inner, text, beside[0].start if beside else start + len(line))
        start += len(line) + 1
    return inner, list(_close(beside, text, len(text)))


def add(outline: Outline, runs: Iterable[Run], at: int) -> None:
    """Puts the numbers into the open portion; `at` is where the text they were found in begins."""
    for run in runs:
        outline.open(run.number, at + run.start)
        add(outline, run.inner, at)
        outline.close(at + run.end)
