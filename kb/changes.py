"""What changed between two wordings: block by block, then word by word within the blocks that differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_WORD = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")  # with the space behind it, so that words replaced together stay together
_LONGEST = 40_000  # characters of a run of blocks that is still compared word by word; the time grows with the square


@dataclass(frozen=True, slots=True)
class Change:
    """A run of characters that both wordings have ("same"), only the later one ("added") or only the earlier one ("removed")."""

    kind: Literal["same", "added", "removed"]
    text: str


def changes(before: str, after: str) -> list[Change]:
    """The way from one wording to the other, in order.

    Promise: the runs that are not added make up `before`, those that are not removed make up `after`.
    """
    found: list[Change] = []
    for kind, text in _by_block(before.splitlines(keepends=True), after.splitlines(keepends=True)):
        if not text:
            continue
        if found and found[-1].kind == kind:
            found[-1] = Change(kind, found[-1].text + text)
        else:
            found.append(Change(kind, text))
    return found


def altered(found: Iterable[Change]) -> bool:
    """Whether anything but white space was added or removed."""
    listed = list(found)
    before, after = ("".join(change.text for change in listed if change.kind != other).split() for other in ("added", "removed"))
    return before != after


def _by_block(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[Literal["same", "added", "removed"], str]]:
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        old, new = "".join(before[i:j]), "".join(after[k:m])
        if tag == "equal":
            yield "same", new
        elif len(old) + len(new) <= _LONGEST:
            yield from _by_word(_WORD.findall(old), _WORD.findall(new))
        else:
            yield "removed", old
            yield "added", new


def _by_word(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[Literal["same", "added", "removed"], str]]:
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield "same", "".join(after[k:m])
        else:
            yield "removed", "".join(before[i:j])
            yield "added", "".join(after[k:m])
