"""The nouns of Haven, as frozen dataclasses. Offsets count characters (code points), ranks start at 1."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

SpanKind = Literal["emphasis", "strong", "note", "source"]
PassageKind = Literal["text", "summary"]
EdgeKind = Literal["definition", "exception", "condition", "override", "reference"]
Status = Literal["supported", "partial", "not-covered", "not-held", "no-such-provision", "false-premise", "refused"]


@dataclass(frozen=True, slots=True)
class Source:
    """An official place of publication of one instrument, or of a part of it."""

    fetch_url: str
    format: str
    covers: str | None = None
    url_checked: str | None = None


@dataclass(frozen=True, slots=True)
class Instrument:
    """One act, regulation, directive, code title, treaty or guidance document, as the catalogue describes it.

    Dates are ISO strings or None where we are not sure. `complete` is True, or says which part is meant to be held.
    """

    id: str
    title: str
    short_title: str
    jurisdiction: str
    kind: str
    language: str
    official_url: str | None
    citation: str
    adopted: str | None = None
    in_force: str | None = None
    last_amended: str | None = None
    licence: str | None = None
    machine_readable: bool | None = None
    complete: bool | str = True
    core: bool = False
    names: tuple[str, ...] = ()
    amended_by: tuple[dict[str, Any], ...] = ()
    replaced_by: dict[str, Any] | None = None
    pending_amendments: tuple[dict[str, Any], ...] = ()
    moved: tuple[dict[str, Any], ...] = ()  # places that stand elsewhere now: from, to (provision ids), applicable_from, source
    sources: tuple[Source, ...] = ()
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The bytes of one source at one moment, and where and when they came from. `sha256` is lower-case hex."""

    instrument: str
    format: str
    path: str
    sha256: str
    bytes: int
    official_url: str | None
    as_at: str | None
    retrieved_at: str | None
    covers: str | None = None
    language: str = "en"
    damaged: bool = False
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Portion:
    """A numbered span of a provision: paragraph, point, clause. Promise: 0 <= start < end <= len(provision.text).

    `numbers` is the whole path from the provision's own numbers down; `id` adds `!2` where a number is printed twice.
    """

    id: str
    numbers: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Span:
    """Something taken out of the text: an emphasis over start:end, or a note (`text`) that stood at start."""

    kind: SpanKind
    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Provision:
    """One article or section, its whole text. `offsets` leads each character back to the snapshot (ingest/parse/text.py).

    `status` is "in-force", "repealed" or "reserved". `context` runs from the widest heading to the narrowest.
    """

    id: str
    instrument: str
    numbers: tuple[str, ...]
    heading: str
    context: tuple[str, ...]
    text: str
    portions: tuple[Portion, ...] = ()
    spans: tuple[Span, ...] = ()
    offsets: tuple[tuple[int, int, int], ...] = ()
    status: str = "in-force"


@dataclass(frozen=True, slots=True)
class Definition:
    """A term that a provision defines, and the words of its text (start:end) that define it. `numbers` is the portion they stand in.

    `scope` says where it holds: in the portion whose path is `within`, under the headings `within`, in the sections of the series `within`
    ("214" for 214.201), or in the whole "instrument".
    """

    provision_id: str
    numbers: tuple[str, ...]
    term: str
    start: int
    end: int
    scope: str
    within: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """A reference from one portion to another: the words that make it (start:end), and where they lead, None where that is not held or not certain.

    kind "exception", "condition": the portion yields to its target; "override": the target yields to the portion; "definition": a term is defined there.
    """

    provision_id: str
    numbers: tuple[str, ...]
    kind: EdgeKind
    start: int
    end: int
    target: str | None
    target_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of one provision, cut for ranking. Promise: provision.text[start:end] == text."""

    id: str  # provision id, "#", ordinal from 1
    provision_id: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Our own plain-language account of a provision or portion, never shown as its wording."""

    id: str
    instrument: str
    numbers: tuple[str, ...]
    heading: str
    summary: str
    questions: tuple[str, ...]
    topics: tuple[str, ...]
    official_url: str | None
    as_at: str | None
    checked_against: str | None
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to; empty means everything. `as_at` is an ISO date."""

    jurisdiction: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    instrument: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    as_at: str | None = None
    summaries: bool = True  # whether our summaries and their questions take part


@dataclass(frozen=True, slots=True)
class Query:
    """A question and what it is narrowed to."""

    text: str
    filters: Filters = Filters()


@dataclass(frozen=True, slots=True)
class Hit:
    """One ranked passage or summary. Promise for kind "text": provision.text[start:end] == text.

    `numbers` is the narrowest portion around the passage; `score` is comparable within one ranking only, `cosine` across questions.
    """

    rank: int
    score: float
    passage_id: str
    provision_id: str
    instrument: str
    numbers: tuple[str, ...]
    citation: str
    kind: PassageKind
    text: str
    start: int
    end: int
    official_url: str | None
    as_at: str | None
    language: str
    damaged: bool
    heading: str = ""
    context: tuple[str, ...] = ()
    version: int | None = None
    summary_id: str | None = None
    cosine: float = 0.0
    exact: bool = False  # found by its citation


@dataclass(frozen=True, slots=True)
class Cited:
    """The words quoted for a statement and where they stand; for a summary, our own words, `digest` null."""

    instrument: str
    numbers: tuple[str, ...]
    citation: str
    kind: PassageKind
    quote: str
    start: int
    end: int
    digest: str | None
    official_url: str | None
    as_at: str | None
    provision_id: str
    language: str
    damaged: bool
    checked: bool | None = None  # of a summary: whether it was checked against the official wording


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence or quotation of an answer, and the numbers (from 0) of the citations it rests on."""

    text: str
    citations: tuple[int, ...]
    role: Literal["lead", "prose", "quote", "related", "note"] = "quote"  # prose: by a language model (kb/prose.py)
    why: str = ""  # of what travels with a quotation: "definition", "exception", "condition" or "override"
    term: str = ""  # what a definition defines
    beside: int | None = None  # the number of the citation that it travels with


@dataclass(frozen=True, slots=True)
class SurveyRow:
    """What one of several places or laws that a question compares has on it.

    `citation` is a number among the answer's citations. `line` is a sentence of our own summary where `ours`, else the provision's heading.
    """

    jurisdiction: str
    name: str  # of the jurisdiction; where laws are compared, of the law
    instrument: str | None  # where laws are compared
    state: Literal["found", "nothing", "summaries-only", "not-held"]
    citation: int | None = None
    line: str = ""
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A cited answer: its status, statements, citations, what was searched, and notes for the reader."""

    query: str
    status: Status
    answer: tuple[Statement, ...]
    citations: tuple[Cited, ...]
    searched: dict[str, Any]
    notes: tuple[str, ...] = ()
    nearest: tuple[Hit, ...] = ()
    survey: tuple[SurveyRow, ...] = ()  # where a question asks of several places or laws
