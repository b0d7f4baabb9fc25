"""A draft checked against the record: every citation in it resolved, every quotation compared word for word."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from kb.answer import gap_of
from kb.citation import Reference, cite, format_id, touches
from kb.currency import ended
from kb.errors import QueryError, StoreError
from kb.lookalike import Seeming, seeming
from kb.quotation import Comparison, Quotation, compare, quotations
from kb.receipt import quotation
from kb.report import CONTRACT
from kb.store import Store, Version
from kb.wording import Piece

MAX_CHARS = 300_000
NEAR = 1_500  # characters between a quotation and a citation that may be its own
RECENT = 3  # laws cited before a citation without one that it may belong to
CANDIDATES = 4  # provisions that a quotation is compared with
_CONTEXT = 300  # characters around a number in which its law may be named
_PARAGRAPH = re.compile(r"\S(?:[^\n]|\n(?!\s*\n))*")
_MOST = 4_000  # characters of a paragraph that are read at once
CiteState = Literal["exists", "superseded", "no-such-provision", "not-held", "unclear", "look-alike"]
QuoteState = Literal["exact", "left-out", "elsewhere", "older", "differs", "not-found", "no-citation"]

_ONE = r"\d+[A-Za-z]{0,2}(?:[.\-–]\d+[a-z]?)*(?:\s?\([0-9A-Za-z]{1,5}\))*"
_UNIT = r"(?:articles?|artículos?|arts?\.?|sections?|sect?s?\.|secs?\.|ss?\.|§§?|regulations?|regs?\.|rules?)"
_LISTED = re.compile(rf"(?<!\w)(?P<unit>{_UNIT})\s*(?P<list>{_ONE}(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|y|et|und|&)\s+){_ONE})*)(?!\w)", re.IGNORECASE)
_ALSO = re.compile(r"(?:\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|&|y)\s+)(?P<number>\d+[A-Za-z]{0,2}(?:[.\-–]\d+)*)?(?P<points>(?:\([0-9A-Za-z]{1,5}\))+)(?!\w)")


@dataclass(frozen=True, slots=True)
class Citation:
    """A citation in a draft (start:end), what became of it, and in `words` what a reader must know of it."""

    start: int
    end: int
    text: str
    state: CiteState
    words: str
    instrument: str | None = None
    numbers: tuple[str, ...] = ()
    citation: str | None = None
    provision_id: str | None = None
    as_at: str | None = None
    official_url: str | None = None
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """A quotation in a draft (start:end), how it compares, and where in the record it stands or comes nearest to standing.

    `changes`: "removed" is in the record alone, "added" in the draft alone.
    """

    start: int
    end: int
    text: str
    state: QuoteState
    words: str
    citation: str | None = None
    provision_id: str | None = None
    place: tuple[int, int] | None = None
    digest: str | None = None
    as_at: str | None = None
    changes: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """What a check of a draft found, in the order of the draft."""

    citations: tuple[Citation, ...]
    quotations: tuple[Checked, ...]


def check(text: str, store: Store) -> Review:
    """The citations and quotations of a draft, each held against the record.

    Raises: QueryError for a blank or overlong draft.
    """
    if not text.strip():
        raise QueryError("the draft is empty")
    if len(text) > MAX_CHARS:
        raise QueryError(f"the draft has {len(text):,} characters; at most {MAX_CHARS:,} can be checked at once")
    found = _clarified(sorted(_citations(text, store), key=lambda c: (c.start, c.end)), store)
    return Review(tuple(found), tuple(_checked(quoted, found, store) for quoted in quotations(text)))


# citations


def _citations(text: str, store: Store) -> Iterator[Citation]:
    known: dict[tuple[str, tuple[str, ...], str], Citation] = {}  # a draft cites the same provision again and again
    for start, end in _paragraphs(text):
        seen = seeming(text[start:end])
        genuine = {(r.start, r.end, r.numbers) for r in store.names.references(text[start:end])} if any(seen.false) else set()
        references = _extended(seen.text, store)
        for reference in references:
            first, last = seen.real(reference.start, reference.end)
            false = seen.deceives(reference.start, reference.end) and (first, last, reference.numbers) not in genuine
            key = (reference.instrument, reference.numbers, _told(seen, reference, text[start:end]) if false else "")
            if key not in known:
                known[key] = _judged(reference, store, key[2])
            yield replace(known[key], start=start + first, end=start + last, text=text[start + first : start + last])
        yield from _named(seen, references, text, start, store)
        yield from _nameless(seen, references, text, start)


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Spans of the paragraphs; an overlong one in pieces that end with a sentence where they can."""
    for match in _PARAGRAPH.finditer(text):
        at = match.start()
        while match.end() - at > _MOST:
            cut = text.rfind(". ", at + _MOST // 2, at + _MOST) + 1 or at + _MOST
            yield at, cut
            at = cut
        yield at, match.end()


def _extended(text: str, store: Store) -> list[Reference]:
    """Every reference that names its instrument, and those that share the name with it: §§ 1101 and 1184, (T) and (U)."""
    found = store.names.references(text)
    for match in _LISTED.finditer(text):
        for item in re.finditer(_ONE, match["list"]):
            start, end = match.start("list") + item.start(), match.start("list") + item.end()
            if not any(r.start < end and start < r.end for r in found):
                found.extend(_in_list(text, match, start, end, store))
    for reference in list(found):
        found.extend(s for s in _siblings(text, reference, store) if not any(r.start < s.end and s.start < r.end for r in found))
    return sorted(found, key=lambda r: (r.start, r.end))


def _in_list(text: str, match: re.Match[str], start: int, end: int, store: Store) -> Iterator[Reference]:
    """The item start:end of a list of numbers as a reference, if the list stands beside the name of a law."""
    before = f"{text[max(match.start() - _CONTEXT, 0) : match.start()]}{match['unit']} "
    alone = f"{before}{text[start:end]}{text[match.end() : match.end() + _CONTEXT]}"
    for reference in store.names.references(alone):
        if reference.start <= len(before) and len(before) + end - start <= reference.end:
            yield replace(reference, start=start, end=end)


def _siblings(text: str, reference: Reference, store: Store) -> Iterator[Reference]:
    """What follows a reference and shares its law: `and (U)` after 1101(a)(15)(T), `, 1184(o)` after § 1101(a)."""
    last, at = reference, reference.end
    while match := _ALSO.match(text, at):
        points = tuple(re.findall(r"\((\w+)\)", match["points"]))
        start, at = match.start("points"), match.end()
        if match["number"]:
            named = re.match(rf"(.*?){_ONE}$", text[reference.start : reference.end], re.DOTALL)
            found = store.names.references(f"{named[1]}{match['number']}{match['points']}") if named else ()
            if len(found) != 1:
                return
            last, start = replace(found[0], start=match.start("number"), end=at), match.start("number")
        elif len(points) >= len(last.numbers):
            return
        last = Reference(last.instrument, last.numbers if match["number"] else (*last.numbers[: -len(points)], *points), start, at)
        yield last


def _told(seen: Seeming, reference: Reference, text: str) -> str:
    """Which characters of a look-alike are not what they seem."""
    strange = [text[seen.places[n]] for n in range(reference.start, reference.end) if seen.false[n]]
    return ", ".join(dict.fromkeys(unicodedata.name(character, f"U+{ord(character):04X}").capitalize() for character in strange))


def _judged(reference: Reference, store: Store, strange: str = "") -> Citation:
    """What the record says of one reference, its place in the draft left open; `strange` names the characters of a look-alike."""
    entry = store.instruments.get(reference.instrument)
    name = cite(entry["citation"], reference.numbers) if entry else None
    base = Citation(0, 0, "", "not-held", "", reference.instrument, reference.numbers, name)
    if strange:
        words = f"Not a genuine citation: it holds characters that only look like the letters or figures of {name or 'a citation'} ({strange}). Type it anew."
        return replace(base, state="look-alike", words=words)
    if entry and (succeeded := entry["replaced_by"]):
        base = replace(base, state="superseded", words=f"{entry['short_title']} has been replaced: {_successor(succeeded)}.")
    gap = gap_of(reference, store)
    if gap:
        return base if base.state == "superseded" else _absent(base, reference, gap.status, gap.note, tuple(hit.citation for hit in gap.nearest), store)
    return _present(base, reference, entry, store)


def _absent(base: Citation, reference: Reference, status: str, note: str, nearest: tuple[str, ...], store: Store) -> Citation:
    earlier = next((v for n in range(1, len(reference.numbers) + 1) for v in store.versions(format_id(reference.instrument, reference.numbers[:n]))), None)
    if status == "no-such-provision" and earlier and not earlier.current:
        words = f"The newest copy no longer has this provision; the copy {_dated(earlier, store)} does."
        return replace(base, state="superseded", words=words, provision_id=earlier.provision.id, as_at=earlier.as_at, official_url=earlier.official_url)
    state: CiteState = "no-such-provision" if status == "no-such-provision" else "not-held"
    return replace(base, state=state, words=note, nearest=nearest)


def _present(base: Citation, reference: Reference, entry: Mapping[str, Any], store: Store) -> Citation:
    id, portion = store.resolve(reference.instrument, reference.numbers)
    try:
        version = store.provision(id)
    except StoreError as exc:
        return replace(base, state="not-held", words=f"Its stored text cannot be shown: {exc}")
    cited = version.provision.text[portion.start : portion.end] if portion else version.provision.text
    reasons = [base.words] if base.words else []
    status = version.provision.status
    if what := ended(cited) or (status if status != "in-force" else None):
        reasons.append(f"The record says: {what}.")
    reasons += [f"A change is not in our copy: {c['effect']} ({c['act']})" for c in entry["pending_amendments"] if touches(c, reference.numbers)]
    words = " ".join(reasons) or f"The record has it, {_dated(version, store)}."
    if version.damaged:
        words += " Our copy is known to be incomplete or disturbed; compare it with the official text."
    return replace(
        base, state="superseded" if reasons else "exists", words=words, citation=cite(entry["citation"], reference.numbers, version.provision.heading),
        provision_id=portion.id if portion else id, as_at=version.as_at, official_url=version.official_url or entry["official_url"],
    )  # fmt: skip


def _successor(value: object) -> str:
    return "; ".join(str(v) for v in value.values() if v) if isinstance(value, Mapping) else str(value)


def _dated(version: Version, store: Store) -> str:
    treaty = store.instruments[version.provision.instrument]["kind"] == "treaty"
    return f"{'copy of' if treaty else 'as at'} {version.as_at}" if version.as_at else "date not known"


def _named(seen: Seeming, references: Sequence[Reference], text: str, at: int, store: Store) -> Iterator[Citation]:
    """The laws named without a provision of theirs that are not held or were replaced; the others need no word."""
    for id, first, last in store.names.mentions(seen.text):
        entry = store.instruments[id]
        if any(r.start < last and first < r.end for r in references) or (entry["held"] and not entry["replaced_by"]):
            continue
        start, end = (at + n for n in seen.real(first, last))
        replaced = f"{entry['short_title']} has been replaced: {_successor(entry['replaced_by'])}." if entry["replaced_by"] else ""
        words = replaced or f"The official text of {entry['short_title']} is not in the library."
        yield Citation(start, end, text[start:end], "superseded" if replaced else "not-held", words, id, (), entry["short_title"])


def _nameless(seen: Seeming, references: Sequence[Reference], text: str, at: int) -> Iterator[Citation]:
    """What is printed as a citation and names no law beside it."""
    for match in _LISTED.finditer(seen.text):
        for item in re.finditer(_ONE, match["list"]):
            first, last = match.start("list") + item.start(), match.start("list") + item.end()
            if any(r.start < last and first < r.end for r in references):
                continue
            start, end = (at + n for n in seen.real(match.start() if not item.start() else first, last))
            numbers = (re.match(r"[^\s(]+", item.group()).group(), *re.findall(r"\((\w+)\)", item.group()))
            yield Citation(start, end, text[start:end], "unclear", "It names no law that we know.", None, numbers)


def _clarified(found: Sequence[Citation], store: Store) -> list[Citation]:
    """The citations, those without a law related to a law that was cited shortly before them, which may or may not be meant."""
    clear: list[Citation] = []
    laws: list[str] = []  # the last one first
    for citation in found:
        if citation.state == "unclear":
            citation = _supposed(citation, laws, store)
        elif citation.state != "look-alike" and citation.instrument:
            laws = [citation.instrument, *(law for law in laws if law != citation.instrument)][:RECENT]
        clear.append(citation)
    return clear


def _supposed(citation: Citation, laws: Sequence[str], store: Store) -> Citation:
    """A citation without a law by the last of these laws that has such a provision, called unclear all the same."""
    meant = [_judged(Reference(law, citation.numbers, 0, 0), store) for law in laws]
    there = next((c for c in meant if c.provision_id), None)
    if there is None:
        return citation
    words = f"It names no law. If it belongs to one cited before it, it may be {there.citation}: {there.words}"
    return replace(there, start=citation.start, end=citation.end, text=citation.text, state="unclear", words=words)


# quotations


def _checked(quoted: Quotation, found: Sequence[Citation], store: Store) -> Checked:
    base = Checked(quoted.start, quoted.end, quoted.words, "no-citation", "No citation near it leads to a text that is held, so it was not compared.")
    near = _near(quoted, found)
    if not near:
        return base
    compared: list[Checked] = []
    for citation in near:
        if (checked := _held_against(base, citation, store)) is not None:
            compared.append(checked)
            if checked.state == "exact":
                return checked
    if not compared:
        nearest = "; ".join(dict.fromkeys(citation.citation for citation in near))
        return replace(base, state="not-found", words=f"Not in the provisions cited near it ({nearest}).", citation=near[0].citation, provision_id=near[0].provision_id)
    order = ("left-out", "elsewhere", "older", "no-citation", "differs")
    return min(compared, key=lambda checked: (order.index(checked.state), len("".join(p.text for p in checked.changes if p.kind != "same"))))


def _near(quoted: Quotation, found: Sequence[Citation]) -> list[Citation]:
    """The citations of held provisions that a quotation may come from, the nearest first, each provision once."""
    gaps = [(max(c.start - quoted.end, quoted.start - c.end, 0), c) for c in found if c.provision_id]
    near = [c for gap, c in sorted(gaps, key=lambda pair: pair[0]) if gap <= NEAR]
    first: dict[str, Citation] = {}
    for citation in near:
        first.setdefault(citation.provision_id, citation)
    return list(first.values())[:CANDIDATES]


def _held_against(base: Checked, cited: Citation, store: Store) -> Checked | None:
    """The quotation compared with every wording held of a provision; None where too little of it stands in any.

    Where a stored wording cannot be shown, it is left uncompared: it may stand in that one.
    """
    try:
        found = store.resolve(cited.instrument, cited.numbers)
        versions = store.versions(found[0] if found else cited.provision_id)
    except StoreError as exc:
        return replace(base, words=f"It could not be compared: {exc}")
    compared = [(version, compare(base.text, version.provision.text)) for version in versions]
    current = next(((v, c) for v, c in compared if v.current and c), None)
    older = next(((v, c) for v, c in compared if not v.current and c and c.exact), None)
    if current and current[1].exact:
        return _found(base, cited, *current, store)
    if older:
        where = quotation(older[0], older[1].place.start, older[1].place.end, store)
        words = f"Word for word as the wording {_dated(older[0], store)} had it; the wording held now differs."
        changes = current[1].changes if current else ()
        return _placed(base, "older", words, where.citation, older[0], older[1], changes)
    if current:
        where = quotation(current[0], current[1].place.start, current[1].place.end, store)
        astray = cited.numbers[: len(where.numbers)] != where.numbers[: len(cited.numbers)]
        words = f"It differs from the record{f', and comes nearest to {where.citation}, not {cited.citation}' if astray else ''}."
        return _placed(base, "differs", words, where.citation, current[0], current[1], current[1].changes)
    return None


def _found(base: Checked, cited: Citation, version: Version, comparison: Comparison, store: Store) -> Checked:
    """Word for word; in the portion that is cited, with or without what limits it, or elsewhere in the provision."""
    place = comparison.place
    around = next((p for p in version.provision.portions if p.numbers == cited.numbers), None)
    where = quotation(version, place.start, place.end, store)
    inside = compare(base.text, version.provision.text[around.start : around.end]) if around else None
    if around and not (inside and inside.exact):
        words = f"Word for word, but it stands in {where.citation}, not in {cited.citation}."
        return _placed(base, "elsewhere", words, where.citation, version, comparison)
    if limit := comparison.left_out:
        words = f"Word for word, but it leaves out words of the record that limit the rest: “{limit if len(limit) <= 200 else limit[:200] + ' …'}”."
        return _placed(base, "left-out", words, where.citation, version, comparison)
    return _placed(base, "exact", f"Word for word as in the record, {_dated(version, store)}.", where.citation, version, comparison)


def _placed(base: Checked, state: QuoteState, words: str, citation: str, version: Version, comparison: Comparison, changes: Sequence[Piece] = ()) -> Checked:
    place = (comparison.place.start, comparison.place.end)
    return replace(
        base, state=state, words=words, citation=citation, provision_id=version.provision.id, place=place, digest=version.digest, as_at=version.as_at,
        changes=tuple(changes),
    )  # fmt: skip


def review_json(review: Review) -> dict[str, Any]:
    """The object that `draft --json` prints."""
    return {"contract": CONTRACT, "citations": [asdict(c) for c in review.citations], "quotations": [asdict(q) for q in review.quotations]}
