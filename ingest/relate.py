"""What a provision says of other provisions and of words: the terms it defines, what it excepts, conditions and refers to.

Read from the text alone, by the phrases that drafters use. A reference that does not lead to one place that is held stays without a target.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kb.citation import INA_TITLE, INA_TO_USC, Names, code_references
from kb.model import Definition, Edge, EdgeKind, Portion, Provision

Numbers = tuple[str, ...]
Span = tuple[int, int]
_LONGEST_DEFINITION = 4000  # characters; what is longer is a whole section, and its first part says enough
_LEAD = 400  # characters of a lead-in that are read for the scope

# definitions

_QUOTED = r"(?:“[^“”\n]{2,80}”|‘[^‘’\n]{2,80}’|\"[^\"\n]{2,80}\"|«\s?[^«»\n]{2,80}\s?»)"
_DEFINES = r"(?:means?|shall mean|includes?|shall include|has the (?:same )?meaning|have the (?:same )?meanings?|refers to|shall be deemed to mean|signifie|désigne|significa)"
_QUOTED_TERM = re.compile(rf"(?P<terms>{_QUOTED}(?:,? ?(?:and|or|,) ?{_QUOTED})*)(?P<between>,?[^.;:“”\"‘«\n]{{0,120}}?)(?:\b{_DEFINES}\b|(?<=[»”]) ?:(?=\s))")
_BARE_TERM = re.compile(
    r"(?:^|\n|(?<=\) )|(?<=— )|(?<=: ))(?:The term |the term |In this \w+,? |in this \w+,? )?"
    r"(?P<terms>[^\W\d_][\w’'()/-]*(?: [\w’'()/-]+){0,7}?) (?:means(?! of\b| to\b| by\b| and\b| or\b)|shall mean|has the (?:same )?meaning) (?=\S)"
)
_SPANISH_TERM = re.compile(r"[Ss]e (?:entenderá|entiende|entiéndese) por:? ?(?P<terms>[“\"«]?[^,:;.“”\"«»\n]{2,60}?[”\"»]?)(?=[,:]| a? ?(?:toda?|todos|todas|el|la|los|las|aquel\w*|un|una) )")
_FRENCH_TERM = re.compile(r"\b[Oo]n entend par (?P<terms>[^,:;.\n]{2,60}?)(?=[,:]| (?:tout|toute|le|la|les|un|une) )")
_GERMAN_TERM = re.compile(r"(?:^|\n|(?<=\) ))(?P<terms>[A-ZÄÖÜ][\wäöüß -]{2,50}?) im Sinne (?:dieses|dieser|des) \w+ (?:ist|sind|gelten|gilt)\b")
_NO_TERM = re.compile(
    r"(?i)^(?:this|that|it|which|who|nothing|no|such|as|by|if|where|any|every|each|what|for|of|to|and|or|in|with|on|at|an?)\b|\b(?:is|are|was|were|shall|must|may|will|be|by|through|using|other)\b|[()]{1}$"
)
_THIS = re.compile(r"(?i)^(?:this|the|these) (?:\w+)$|[;:]|\d{4}$")  # "this Act" is no term that needs its definition
_QUOTES = "“”‘’\"«» "

# where a definition holds

_PROVISION_WORDS = "section|article|rule|sección|artículo|Artikel|Paragraph"
_BELOW_WORDS = "subsection|sub-section|paragraph|subparagraph|sub-paragraph|clause|subclause|párrafo|alinéa"
_GROUP_WORDS = "chapter|subchapter|part|subpart|title|subtitle|division|capítulo|título|chapitre|titre"
_ACT_WORDS = (
    "act|convention|protocol|directive|regulations|treaty|charter|agreement|covenant|declaration|recommendation|law|code|statute|decree|ordinance|"
    "constitution|schedule|guidance|ley|código|loi|règlement|gesetzes|verordnung"
)
_SCOPE = re.compile(
    rf"(?i:\b(?:in|of|for|under|throughout|to|la|du|de|el|del|sinne))\s+(?i:this|the present|présente?|presente|esta|este|dieses|dieser)\s+"
    rf"(?P<word>(?i:{_PROVISION_WORDS}|{_BELOW_WORDS}|{_GROUP_WORDS}|{_ACT_WORDS})|[Rr]egulation)\b"
)
_DEFINING_HEADING = re.compile(r"(?i)\b(?:definitions?|interpretation|use of terms|terms used|definiciones|définitions|begriffsbestimmung\w*)\b")
_BY_PARTS = re.compile(r"/cfr/")  # section 214.204 stands in part 214, whether or not a heading says so
_OPENING_HEADING = re.compile(r"(?i)general|prelim|interpret|definition|introduct|scope|generales|générales|allgemein")


def definitions(provision: Provision) -> list[Definition]:
    """The terms that a provision defines, in order, each with the words that define it and where it holds."""
    text = provision.text
    found = sorted(_terms(text), key=lambda item: item[1])
    starts = [_sentence_start(text, start) for _, (start, _) in found]
    made = []
    for (term, place), begin in zip(found, starts, strict=True):
        portion = _around(provision, *place)
        start, end = _extent(provision, portion, begin, place, [s for s in starts if s > begin])
        scope, within = _scope(provision, portion, text[begin : place[1]], min(starts))
        made.append(Definition(provision.id, portion.numbers if portion else provision.numbers, term, start, end, scope, within))
    return made


def _terms(text: str) -> list[tuple[str, Span]]:
    """(term, place) of every term defined; place runs from the term to the word that defines it."""
    found: dict[tuple[str, int], Span] = {}
    taken: list[Span] = []
    for pattern in (_QUOTED_TERM, _BARE_TERM, _SPANISH_TERM, _FRENCH_TERM, _GERMAN_TERM):
        for match in pattern.finditer(text):
            start, end = match.start("terms"), match.end()
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            terms = [term.strip(_QUOTES + ",") for term in (re.findall(_QUOTED, match["terms"]) or [match["terms"]])]
            kept = [term for term in terms if len(term) > 1 and not (_THIS if pattern is _QUOTED_TERM else _NO_TERM).search(term)]
            found.update({(term, start): (start, end) for term in kept})
            taken.append((start, end))
    return [(term, place) for (term, _), place in found.items()]


def _sentence_start(text: str, at: int) -> int:
    line = text.rfind("\n", 0, at) + 1
    stop = max(text.rfind(". ", line, at), text.rfind("; ", line, at))
    return stop + 2 if stop >= 0 else line


def _around(provision: Provision, start: int, end: int) -> Portion | None:
    """The narrowest portion that contains a place."""
    return max((p for p in provision.portions if p.start <= start and end <= p.end), key=lambda p: (p.start, len(p.numbers)), default=None)


def _extent(provision: Provision, portion: Portion | None, begin: int, place: Span, later: Sequence[int]) -> Span:
    """The words of a definition: its whole portion where that opens with it and holds no other, else its sentence and the points that follow."""
    text = provision.text
    limit = min([portion.end if portion else len(text), *later])
    if portion and place[0] - portion.start <= 200 and limit == portion.end:
        return portion.start, _capped(text, portion.start, limit)
    end = _line_end(text, place[1], limit)
    while end < limit and re.match(r"\n\s*(?:\(|—|-|\d+[.)])", text[end : end + 4]) and not text[:end].rstrip().endswith("."):
        end = _line_end(text, end + 1, limit)
    return max(begin, portion.start if portion else 0), _capped(text, begin, end)


def _line_end(text: str, start: int, limit: int) -> int:
    end = text.find("\n", start, limit)
    end = limit if end < 0 else end
    while end > start and text[end - 1].isspace():
        end -= 1
    return end


def _capped(text: str, start: int, end: int) -> int:
    if end - start <= _LONGEST_DEFINITION:
        return end
    cut = text.rfind("\n", start, start + _LONGEST_DEFINITION)
    return cut if cut > start else start + _LONGEST_DEFINITION


def _scope(provision: Provision, portion: Portion | None, sentence: str, first: int) -> tuple[str, Numbers]:
    """(kind, path) of where a definition holds: by what its sentence, the lead-ins above it or the heading say, else by where it stands."""
    for lead in (sentence, *_leads(provision, portion, first)):
        if match := _SCOPE.search(lead):
            return _named_scope(match["word"], provision, portion)
    if not _DEFINING_HEADING.search(provision.heading):
        return "portion", provision.numbers
    if not provision.context or _OPENING_HEADING.search(provision.context[-1]):
        return "instrument", ()
    return "context", provision.context


def _leads(provision: Provision, portion: Portion | None, first: int) -> Iterator[str]:
    """What stands above a portion in each wider one, narrowest first, and what opens the provision."""
    path = portion.numbers if portion else provision.numbers
    for upper in sorted((p for p in provision.portions if path[: len(p.numbers)] == p.numbers), key=lambda p: -len(p.numbers)):
        below = min((p.start for p in provision.portions if p.start > upper.start and p.numbers[: len(upper.numbers)] == upper.numbers), default=upper.end)
        yield provision.text[upper.start : min(below, upper.start + _LEAD)]
    defines = _DEFINING_HEADING.search(provision.heading)
    yield provision.text[: _LEAD if defines else min(min((p.start for p in provision.portions), default=first), _LEAD)]
    yield provision.heading


def _named_scope(word: str, provision: Provision, portion: Portion | None) -> tuple[str, Numbers]:
    """The scope that "this <word>" names, never wider than is certain."""
    small = word.casefold()
    if re.fullmatch(_BELOW_WORDS, small):
        numbers = portion.numbers if portion else provision.numbers
        depth = len(provision.numbers) + 1 if small in ("subsection", "sub-section") else max(len(numbers) - 1, len(provision.numbers))
        return "portion", numbers[:depth]
    if re.fullmatch(_GROUP_WORDS, small):
        return _group(small, provision)
    if re.fullmatch(_ACT_WORDS, small) or word == "Regulation":
        return "instrument", ()
    return "portion", provision.numbers


def _group(word: str, provision: Provision) -> tuple[str, Numbers]:
    for place in range(len(provision.context), 0, -1):
        if re.match(rf"{word}\b", provision.context[place - 1], re.IGNORECASE):
            return "context", provision.context[:place]
    if _BY_PARTS.search(provision.instrument):
        return ("series", (provision.numbers[0].partition(".")[0],)) if word == "part" else ("instrument", ())
    return ("instrument", ()) if word == "title" else ("portion", provision.numbers)


# references

_UNITS = (
    r"sub-?sections?|sections?|sub-?paragraphs?|paragraphs?|sub-?clauses?|clauses?|points?|articles?|regulations?|rules?|standards?|guidelines?|"
    r"artículos?|artikels?|absatz|absätze|abs\.|arts?\.|secs?\.|ss?\.|paras?\.|§§?"
)
_NUMBER = r"(?:[LRD]\. ?|[A-Z]{1,2})?\d+[A-Za-z]{0,3}(?:[.\-–]\d+[A-Za-z]{0,2})*(?: (?:bis|ter|quater))?"
_POINT = r"\s?\((?!E[UC]\)|EEC\))(?:\d{1,3}[A-Za-z]{0,2}(?:\.\d+)?|[a-z]{1,5}(?:\.\d+)?|[A-Z]{1,4})\)"
_TOKEN = rf"(?:{_NUMBER}(?:{_POINT})*|(?:{_POINT})+)"
_BETWEEN = r"(?:,? (?:and|or|to|through|y|o|et|ou|und|oder|bis|à)(?: of)? |, |–)"
_REFERENCE = re.compile(rf"(?<![\w.])(?P<unit>{_UNITS})\s?(?P<list>{_TOKEN}(?:{_BETWEEN}(?:(?P=unit)\s)?{_TOKEN})*)(?![\w%])", re.IGNORECASE)
_OF_UNIT = re.compile(rf",? (?:of|de|del|des|du)(?: the| l'| l’)? ?(?P<unit>{_UNITS})\s?(?P<token>{_TOKEN})(?![\w%])", re.IGNORECASE)
_UNDER = re.compile(
    rf",? (?P<unit>(?:sub)?paragraphs?|points?|absatz|absätze|abs\.|nr\.|nummer|satz|paras?\.|apartados?|incisos?|clauses?)\s?(?P<token>{_TOKEN})(?![\w%])"
    rf"(?P<more>(?:{_BETWEEN}{_TOKEN}(?![\w%]))*)",
    re.IGNORECASE,
)
_HERE = re.compile(
    r",? (?:of|in|to|under|de la|de|del|du|von)\s+(?:this|the present|the same|présente?|presente|esta|este|dieses|dieser)\s+"
    r"(?P<word>[\w-]+)|,? hereof\b",
    re.IGNORECASE,
)
_OF_TITLE = re.compile(r" of title (\d{1,2})\b")
_OF_INA = re.compile(r" of the (?:INA\b|Immigration and Nationality Act\b)")
_OF_THE_ACT = re.compile(r" of the Act\b")
_OF = re.compile(r",? ?(?:\([^()\n]{3,80}\) ?)?(?:of|to|in|de la|de los|del|des|der|du)\s+(?:the\s+|l['’])?", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r",? ?(?:thereof\b|(?:of|de|del|de la|des|der|du|de los)\s+(?!this\b|the present\b)|[A-ZÄÖÜ][\wÄÖÜäöüß]*(?:G|gesetz\w*|ordnung|buch\w*)\b|[A-Z]{2,}\b|of that\b)",
)
_RELATIVE = re.compile(r"sub-?sections?|sub-?paragraphs?|paragraphs?|sub-?clauses?|clauses?|points?|absatz|absätze|abs\.|paras?\.", re.IGNORECASE)
_WHOLE = {"section", "article", "regulation", "rule", "artículo", "artikel", "standard", "guideline"}
_ACT_OF_REGULATIONS = {"us/cfr/t8": INA_TITLE}  # 8 CFR 1.2: in these regulations "the Act" is the Immigration and Nationality Act

_ONLY_IF = re.compile(r"(?i)\b(?:if|where|when|whether|which|whom|unless)\b[^.;\n]{0,60}$")

# what a reference is made for, by the words before it in its clause

_KINDS: tuple[tuple[EdgeKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"(?i:\b(?:{words}))[^.;,\n]{{0,{reach}}}$"))
    for kind, words, reach in (
        ("definition", r"defined (?:in|under|by|at)|meaning (?:given|assigned|ascribed)|same meaning|within the meaning of|meaning of|im Sinne|au sens", 40),
        ("override", r"notwithstanding|despite|in spite of|derogation (?:from|to)|derogating from|nonobstant|dérogation|no obstante|abweichend", 60),
        ("exception", r"except (?:as|to the extent|where|in the cases?)\b|unless|with the exception of|à l[’']exception|sauf|salvo|excepto|mit Ausnahme|es sei denn", 80),
        ("condition", r"subject to|without prejudice to|provided that|on condition that|sous réserve|sin perjuicio|unbeschadet|vorbehaltlich", 70),
    )
)  # fmt: skip
_LIFTED = re.compile(r"[^.;\n]{0,40}?\b(?:shall|does|do|will) not apply\b|[^.;\n]{0,20}?\b(?:gilt|gelten|findet) (?:nicht|keine)\b|[^.;\n]{0,20}?\bno (?:se aplica|será aplicable)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Places:
    """Every provision and portion that a reference may lead to: instrument -> number path -> provision id."""

    paths: Mapping[str, Mapping[Numbers, str]]
    names: Names

    @classmethod
    def of(cls, provisions: Iterable[Provision], names: Names) -> Places:
        """The places in these provisions; a path that is printed twice leads to the first."""
        paths: dict[str, dict[Numbers, str]] = {}
        for provision in provisions:
            held = paths.setdefault(provision.instrument, {})
            for numbers in (provision.numbers, *(portion.numbers for portion in provision.portions)):
                if numbers:
                    held.setdefault(numbers, provision.id)
        return cls(paths, names)

    def absolute(self, instrument: str, numbers: Numbers) -> tuple[str, Numbers] | None:
        """The provision, and the path as far down as its text has it; None where there is no such provision."""
        held = self.paths.get(instrument, {})
        paths = (numbers[:length] for length in range(len(numbers), 0, -1))
        return next(((held[path], path) for path in paths if path in held), None)

    def relative(self, provision: Provision, here: Numbers, points: Numbers) -> tuple[str, Numbers] | None:
        """The nearest portion of the same provision that these points name, seen from `here`."""
        held = self.paths.get(provision.instrument, {})
        paths = (here[:length] + points for length in range(len(here), len(provision.numbers) - 1, -1))
        return next(((provision.id, path) for path in paths if held.get(path) == provision.id), None)


def edges(provision: Provision, places: Places) -> list[Edge]:
    """What a provision refers to, in order, a reference a place named."""
    found = [*_code_edges(provision, places), *_named_edges(provision, places)]
    kept: list[Edge] = []
    for edge in sorted(found, key=lambda edge: (edge.start, -edge.end)):
        own = edge.target == provision.id and edge.target_numbers == edge.numbers
        if not own and not any(edge.start < other.end and other.start < edge.end and other.start != edge.start for other in kept):
            kept.append(edge)
    return kept


def _code_edges(provision: Provision, places: Places) -> Iterator[Edge]:
    """References such as "8 CFR 214.11" and "INA 101(a)(15)(T)"."""
    for reference in code_references(provision.text):
        yield _edge(provision, (reference.start, reference.end), places.absolute(reference.instrument, reference.numbers))


def _named_edges(provision: Provision, places: Places) -> Iterator[Edge]:
    """References by section, article or paragraph."""
    text, after = provision.text, 0
    while (match := _REFERENCE.search(text, after)) is not None:  # not finditer: what stands below a section was read with it
        paths = [_numbers(token.group()) for token in re.finditer(_TOKEN, match["list"], re.IGNORECASE)]
        paths, end = _with_lower(text, match.end(), paths)
        upper: Numbers = ()
        unit = match["unit"]
        while (wider := _OF_UNIT.match(text, end)) is not None:
            end, upper, unit = wider.end(), (*_numbers(wider["token"]), *upper), wider["unit"]
        after = end
        named = Named(provision, unit, [(*upper, *path) for path in paths], match.start(), end, bool(upper))
        for target in _targets(named, places):
            yield _edge(provision, (match.start(), end), target)


def _with_lower(text: str, end: int, paths: list[Numbers]) -> tuple[list[Numbers], int]:
    """The paths with what is named below them ("Article 26(2), point (a)"; "§ 25 Abs. 4"); several of it are left at the place above."""
    certain = len(paths) == 1
    while (lower := _UNDER.match(text, end)) is not None:
        end = lower.end()
        certain = certain and not lower["more"] and lower["unit"].casefold() != "satz"
        paths = [(*paths[0], *_numbers(lower["token"]))] if certain else paths
    return paths, end


@dataclass(frozen=True, slots=True)
class Named:
    """A printed reference: the widest unit that it names, a path for each item of its list, and where it stands."""

    provision: Provision
    unit: str
    paths: list[Numbers]
    start: int
    end: int
    composed: bool  # "paragraph (2) of section 5"


def _targets(named: Named, places: Places) -> list[tuple[str, Numbers] | None]:
    """Where each path leads, None for one that leads nowhere that is held."""
    text, end, instrument = named.provision.text, named.end, named.provision.instrument
    if title := _OF_TITLE.match(text, end):
        other = re.sub(r"/t\d+$", f"/t{int(title[1])}", instrument)
        return [places.absolute(other, path) for path in named.paths] if "/usc/" in other else [None]
    act = INA_TITLE if _OF_INA.match(text, end) else _ACT_OF_REGULATIONS.get(instrument) if _OF_THE_ACT.match(text, end) else None
    if act:
        return [places.absolute(act, (INA_TO_USC.get(path[0].upper(), "?"), *path[1:])) for path in named.paths]
    here = _HERE.match(text, end)
    if not here and (other := _named_after(named.provision, end, places.names)):
        return [places.absolute(other, path) for path in named.paths]
    if not here and _ELSEWHERE.match(text, end):
        return [None]
    return [_inner(named, path, (here["word"] or "").casefold() if here else "", places) for path in named.paths]


def _named_after(provision: Provision, end: int, names: Names) -> str | None:
    """The instrument whose name follows a number directly, or after "of the"."""
    skipped = _OF.match(provision.text, end)
    at = skipped.end() if skipped else end + 1
    named = names.named_at(provision.text, at, provision.instrument) if provision.text[at : at + 1].isupper() else None
    return named[0] if named else None


def _inner(named: Named, path: Numbers, word: str, places: Places) -> tuple[str, Numbers] | None:
    """Where a path leads that names no other instrument; `word` is what stands after "of this"."""
    provision = named.provision
    if _below(named, path, word, places):
        portion = _around(provision, named.start, named.start + 1)
        whole = word in _WHOLE or re.match(r"sub-?section", named.unit, re.IGNORECASE)
        return places.relative(provision, provision.numbers if whole or not portion else portion.numbers, path)
    container = provision.numbers[:-1]
    return (places.absolute(provision.instrument, (*container, *path)) if container else None) or places.absolute(provision.instrument, path)


def _below(named: Named, path: Numbers, word: str, places: Places) -> bool:
    """Whether a path names a portion of its own provision: "paragraph (a)", but not the "subsection 10(1)" of a law that counts so."""
    if not _RELATIVE.fullmatch(named.unit):
        return bool(named.provision.numbers) and not re.match(r"[A-Z]*\d", path[0])
    held = places.paths.get(named.provision.instrument, {})
    return named.composed or word in _WHOLE or len(path) == 1 or not (path[0][0].isdigit() and path[:2] in held)


def _numbers(token: str) -> Numbers:
    """The number path that a printed token names."""
    head, *points = re.split(r"\s?\(", token)
    head = re.sub(r"^([LRD])\. ?", r"\1", head.strip().replace("–", "-"))
    return tuple(part for part in (head, *(point.rstrip(")") for point in points)) if part)


def _edge(provision: Provision, where: Span, target: tuple[str, Numbers] | None) -> Edge:
    portion = _around(provision, *where)
    numbers = portion.numbers if portion else provision.numbers
    return Edge(provision.id, numbers, _kind(provision.text, where), *where, *(target or (None, ())))


def _kind(text: str, where: Span) -> EdgeKind:
    """What a reference is made for: its clause says so before or after it."""
    before = text[max(text.rfind("\n", 0, where[0]) + 1, where[0] - 120) : where[0]]
    for kind, pattern in _KINDS:
        if pattern.search(before):
            return kind
    return "override" if _LIFTED.match(text, where[1]) and not _ONLY_IF.search(before) else "reference"
