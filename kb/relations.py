"""What travels with a passage: the terms that it uses and the law defines, what it yields to, and what refers to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kb.lexical import fold
from kb.model import Definition, Edge
from kb.store import Store, Version

_NARROWNESS = {"portion": 0, "series": 1, "context": 2, "instrument": 3}
_PLURAL = re.compile(r"(?<=\w{3})s\b")


@dataclass(frozen=True, slots=True)
class Related:
    """Words of the law that belong to a passage: version.provision.text[start:end], in the portion `numbers`.

    kind "definition": `term` is what they define. "exception", "condition": the passage yields to them. "override": they say that they go before it.
    """

    kind: Literal["definition", "exception", "condition", "override"]
    version: Version
    numbers: tuple[str, ...]
    start: int
    end: int
    term: str = ""


def definitions(version: Version, start: int, end: int, store: Store, as_at: str | None = None, limit: int = 4) -> list[Related]:
    """The definitions, in force where the passage stands, of the terms that it uses: longest term first, at most `limit`.

    A passage that says where a term is defined ("as defined in section 7102 of title 22") brings that definition.
    """
    passage = plain(version.provision.text[start:end])
    best: dict[str, tuple[int, int, Definition]] = {}
    for pointed, row, defined in _candidates(version, start, end, store):
        term = plain(defined.term)
        own = defined.provision_id == version.provision.id and defined.start < end and start < defined.end
        if own or len(term) < 3 or term not in passage or not _whole_word(term, passage):
            continue
        rank = -1 if pointed else _NARROWNESS[defined.scope]
        if (term not in best or rank < best[term][0]) and store.in_force(defined.provision_id, as_at) == row:
            best[term] = (rank, row, defined)
    longest = sorted(best.items(), key=lambda item: (-len(item[0]), item[0]))
    covered = [item for n, item in enumerate(longest) if not _only_within(item[0], [term for term, _ in longest[:n]], passage)]
    return [Related("definition", store.version(row), d.numbers, d.start, d.end, d.term) for _, (_, row, d) in covered[:limit]]


def plain(text: str) -> str:
    """A text as terms are compared: folded, each word without its plural s, spaces single."""
    return _PLURAL.sub("", " ".join(fold(text).split()))


def _whole_word(term: str, passage: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(term)}(?!\w)", passage) is not None


def _only_within(term: str, longer: Sequence[str], passage: str) -> bool:
    """Whether a term stands nowhere but inside longer ones that are defined too: "trafficking" in "sex trafficking"."""
    for other in longer:
        if term in other:
            passage = passage.replace(other, " ")
    return not _whole_word(term, passage)


def _candidates(version: Version, start: int, end: int, store: Store) -> Iterator[tuple[bool, int, Definition]]:
    """(pointed to, version, definition) of what may define a word of a passage: what it points to, then what holds where it stands."""
    for edge in store.edges_from(version.row):
        if edge.kind == "definition" and edge.target and start <= edge.start < end:
            for row, defined in store.definitions(edge.target.partition("~")[0]):
                if defined.provision_id == edge.target and _below(defined.numbers, edge.target_numbers):
                    yield True, row, defined
    for row, defined in store.definitions(version.provision.instrument):
        if _holds(defined, version, start, end):
            yield False, row, defined


def _holds(defined: Definition, version: Version, start: int, end: int) -> bool:
    """Whether a definition's scope takes in a passage."""
    provision = version.provision
    if defined.scope == "context":
        return provision.context[: len(defined.within)] == defined.within
    if defined.scope == "series":
        return bool(provision.numbers) and provision.numbers[0].partition(".")[0] == defined.within[0]
    if defined.scope == "instrument":
        return True
    if defined.provision_id != provision.id:
        return False
    if defined.within == provision.numbers:
        return True
    return any(p.numbers == defined.within and p.start <= start and end <= p.end for p in provision.portions)


def _below(path: Sequence[str], upper: Sequence[str]) -> bool:
    return tuple(path[: len(upper)]) == tuple(upper)


def exceptions(version: Version, start: int, end: int, store: Store, as_at: str | None = None) -> list[Related]:
    """What a passage yields to: the portions that it is subject to or excepts, and those that say they go before it. The same provision's first."""
    found = [*_yielded_to(version, start, end, store, as_at), *_overriding(version, start, end, store, as_at)]
    kept: list[Related] = []
    for item in sorted(found, key=lambda item: (item.version.provision.id != version.provision.id, item.kind == "condition")):
        apart = item.version.row != version.row or item.end <= start or end <= item.start
        if apart and all((item.version.row, item.start) != (other.version.row, other.start) for other in kept):
            kept.append(item)
    return kept


def _yielded_to(version: Version, start: int, end: int, store: Store, as_at: str | None) -> Iterator[Related]:
    for edge in references(version, start, end, store):
        if edge.kind in ("exception", "condition") and edge.target:
            target = store.provision(edge.target, as_at)
            if target:
                yield Related(edge.kind, target, edge.target_numbers, *portion_span(target, edge.target_numbers))


def _overriding(version: Version, start: int, end: int, store: Store, as_at: str | None) -> Iterator[Related]:
    """Portions that say they apply notwithstanding the passage, or that it does not apply."""
    for row, edge in store.edges_to(version.provision.id):
        if edge.kind != "override" or store.in_force(edge.provision_id, as_at) != row:
            continue
        first, last = portion_span(version, edge.target_numbers)
        if first < end and start < last:
            source = store.version(row)
            yield Related("override", source, edge.numbers, *_saying(source, edge))


def _saying(source: Version, edge: Edge) -> tuple[int, int]:
    """The portion that makes a reference; its line, where it is the whole provision."""
    if edge.numbers != source.provision.numbers:
        return portion_span(source, edge.numbers)
    text = source.provision.text
    end = text.find("\n", edge.end)
    return text.rfind("\n", 0, edge.start) + 1, end if end >= 0 else len(text)


def portion_span(version: Version, numbers: Sequence[str]) -> tuple[int, int]:
    """Where a number path stands in a wording; the whole text where it names the provision, or a portion that this wording lacks."""
    portion = next((p for p in version.provision.portions if p.numbers == tuple(numbers)), None)
    return (portion.start, portion.end) if portion else (0, len(version.provision.text))


def references(version: Version, start: int, end: int, store: Store) -> list[Edge]:
    """What a passage refers to, in order, what is not held among it."""
    return [edge for edge in store.edges_from(version.row) if start <= edge.start and edge.end <= end]


def referenced_by(id: str, numbers: Sequence[str], store: Store) -> list[Edge]:
    """The references in wordings now current that lead to a portion, to one below it, or to one above it short of the whole provision."""
    own = tuple(numbers)
    found = [edge for row, edge in store.edges_to(id) if store.in_force(edge.provision_id) == row]
    return [edge for edge in found if _below(edge.target_numbers, own) or _below(own, edge.target_numbers)]
