"""Quotations to take away: as a Word file with footnotes, as Markdown, and as entries for a reference manager."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import XmlPart
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt, RGBColor
from docx.text.paragraph import Paragraph

from kb.answer import TEXT_NOT_HELD
from kb.citation import jurisdiction_name, pinpoint
from kb.errors import QueryError
from kb.model import Answer, Cited, SurveyRow
from kb.receipt import Saved
from kb.store import Store
from kb.survey import NOTE, STATES

NOT_ADVICE = "This is not legal advice. It shows what texts say and where; whether and how they apply to a person is for a lawyer or an accredited adviser to say."
OURS = "Haven's summary, not the law's wording"
RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "ur", "yi"})
_FOOTNOTES_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_NOTE_TEXT, _NOTE_MARK = "footnote text", "footnote reference"  # Word's own names for these styles
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # what XML cannot carry
_STATUS = {
    "supported": "Every point is backed by a quotation of official text.",
    "partial": "Answered in part: see the notes.",
    "false-premise": "The law held says something other than the question takes for granted.",
}
_NOTE_CODE = re.compile(r"^(damaged|pending-amendment|replaced|moved|old-reference|repealed|reserved|amended-since|as-at|withheld|unchecked|prose): ")


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is taken away: quotations in order with the reader's notes, what was asked if that is wanted, and from which edition it comes."""

    title: str
    question: str | None
    status: str | None
    items: tuple[Saved, ...]
    notes: tuple[str, ...]
    instruments: Mapping[str, Mapping[str, Any]]
    generation: str
    made_on: str
    survey: tuple[SurveyRow, ...] = ()  # what several places have on the question; a row's citation is the place of an item


def of_answer(answer: Answer, store: Store, made_on: date, with_question: bool = False) -> Dossier:
    """An answer to take away: our summary first, then the quotations in their order.

    Raises: QueryError where the answer quotes nothing.
    """
    if not answer.citations:
        raise QueryError("this answer quotes nothing, so there is nothing to take away")
    notes = tuple(_NOTE_CODE.sub("", note) for note in answer.notes if note != TEXT_NOT_HELD)
    question = answer.query if with_question else None
    dossier = _dossier("Provisions found", question, answer.status, [Saved(cited) for cited in answer.citations], notes, store, made_on)
    return replace(dossier, survey=answer.survey)


def of_folder(saved: Sequence[Saved], store: Store, made_on: date) -> Dossier:
    """A folder of saved quotations to take away.

    Raises: QueryError where it is empty.
    """
    if not saved:
        raise QueryError("nothing is saved yet, so there is nothing to take away")
    return _dossier("Saved provisions", None, None, saved, (), store, made_on)


def _dossier(
    title: str, question: str | None, status: str | None, items: Sequence[Saved], notes: tuple[str, ...], store: Store, made_on: date
) -> Dossier:
    entries = {item.cited.instrument: store.instruments[item.cited.instrument] for item in items}
    return Dossier(title, question, status, tuple(items), notes, entries, store.manifest["generation"], made_on.isoformat())


def dated(as_at: str | None, kind: str) -> str:
    """When a wording was current, as the page says it: "copy of" for treaties, "as at" for everything else."""
    if not as_at:
        return "date not known"
    return f"copy of {as_at}" if kind == "treaty" else f"as at {as_at}"


def full_citation(cited: Cited, instrument: Mapping[str, Any]) -> str:
    """Everything that a footnote says of a quotation but its address: citation, title, whose law, date, state of the copy."""
    parts = [cited.citation, instrument["title"], jurisdiction_name(instrument["jurisdiction"]), dated(cited.as_at, instrument["kind"])]
    if cited.kind == "summary":
        parts.append(OURS + ("" if cited.checked else ", not yet checked against the official text"))
    if cited.damaged:
        parts.append("our copy is known to be incomplete or disturbed: compare it with the official text")
    return "; ".join(dict.fromkeys(parts)) + "."


def address(cited: Cited, instrument: Mapping[str, Any]) -> str | None:
    """Where the official publication is; None where we know no web address."""
    url = cited.official_url or instrument["official_url"]
    return url if url and re.match(r"https?://\S+$", url) else None


def imprint(dossier: Dossier) -> str:
    """Which edition this was taken from, and when."""
    return f"Taken from Haven on {dossier.made_on}; edition {dossier.generation} of its library."


# place by place

SURVEY_COLUMNS = ("Whose law", "Provision", "In short")


def survey_cells(dossier: Dossier) -> list[tuple[str, str, str]]:
    """A row for each place or law that was asked about, under SURVEY_COLUMNS; the number is that of the quotation."""
    return [(row.name, *_surveyed(row, dossier)) for row in dossier.survey]


def _surveyed(row: SurveyRow, dossier: Dossier) -> tuple[str, str]:
    if row.citation is None:
        return STATES[row.state].capitalize(), ""
    return f"{row.citation + 1}. {dossier.items[row.citation].cited.citation}", f"{row.line} ({OURS})" if row.ours else row.line


# Markdown


def markdown(dossier: Dossier) -> bytes:
    """A Markdown file: quotations stand in fenced blocks, in which nothing is interpreted, their citations in footnotes."""
    lines = [f"# {dossier.title}", "", *_md_head(dossier), *_md_survey(dossier)]
    for number, item in enumerate(dossier.items, start=1):
        cited = item.cited
        label = f" ({OURS})" if cited.kind == "summary" else ""
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", cited.quote)), default=0))
        lines += [f"## {number}. {_md(cited.citation)}{label}[^{number}]", "", f"{fence}text", cited.quote, fence, ""]
        lines += [f"Note: {_md(item.note)}", ""] if item.note else []
    lines += _md_notes(dossier.notes)
    lines += [NOT_ADVICE, "", _md(imprint(dossier)), ""]
    for number, item in enumerate(dossier.items, start=1):
        instrument = dossier.instruments[item.cited.instrument]
        url = address(item.cited, instrument)
        where = f" <{url.replace('<', '%3C').replace('>', '%3E')}>" if url else ""
        lines.append(f"[^{number}]: {_md(full_citation(item.cited, instrument))}{where}")
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _md_head(dossier: Dossier) -> list[str]:
    lines = [f"Question: {_md(dossier.question)}", ""] if dossier.question else []
    return lines + ([_STATUS[dossier.status], ""] if dossier.status in _STATUS else [])


def _md_survey(dossier: Dossier) -> list[str]:
    if not dossier.survey:
        return []
    rows = [f"| {' | '.join(map(_md, cells))} |" for cells in survey_cells(dossier)]
    return ["## Place by place", "", f"| {' | '.join(SURVEY_COLUMNS)} |", "| --- | --- | --- |", *rows, "", NOTE, ""]


def _md_notes(notes: Sequence[str]) -> list[str]:
    return ["## Please note", "", *(f"- {_md(note)}" for note in notes), ""] if notes else []


def _md(text: str) -> str:
    """The text on one line, nothing of it interpreted."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$&^@])", r"\\\1", " ".join(text.split()))


# Word


def docx(dossier: Dossier) -> bytes:
    """A Word file: each quotation a paragraph of its own with the record's characters, its citation in a footnote of its own."""
    document = Document()
    _styles(document)
    notes = _Footnotes(document)
    document.core_properties.author = document.core_properties.comments = ""
    document.core_properties.title = dossier.title
    document.core_properties.created = document.core_properties.modified = datetime.fromisoformat(dossier.made_on)
    document.add_heading(dossier.title, 1)
    for words in ([f"Question: {dossier.question}"] if dossier.question else []) + ([_STATUS[dossier.status]] if dossier.status in _STATUS else []):
        document.add_paragraph(_printable(words))
    if dossier.survey:
        _survey(document, dossier)
    for number, item in enumerate(dossier.items, start=1):
        _item(document, item, dossier.instruments[item.cited.instrument], notes, f"{number}. " if dossier.survey else "")
    if dossier.notes:
        document.add_heading("Please note", 2)
    for note in dossier.notes:
        document.add_paragraph(_printable(note), style="List Bullet")
    for words in (NOT_ADVICE, imprint(dossier)):
        document.add_paragraph(_printable(words)).runs[0].italic = True
    notes.attach(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _survey(document: Any, dossier: Dossier) -> None:
    document.add_heading("Place by place", 2)
    table = document.add_table(rows=1, cols=len(SURVEY_COLUMNS), style="Table Grid")
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # the header stands on every page
    for cell, name in zip(table.rows[0].cells, SURVEY_COLUMNS, strict=True):
        cell.paragraphs[0].add_run(name).bold = True
    for texts in survey_cells(dossier):
        for cell, text in zip(table.add_row().cells, texts, strict=True):
            cell.text = _printable(text)
    document.add_paragraph(NOTE)


def _item(document: Any, item: Saved, instrument: Mapping[str, Any], notes: _Footnotes, number: str) -> None:
    cited = item.cited
    heading = document.add_heading(_printable(f"{number}{cited.citation}"), 2)
    notes.refer(heading, full_citation(cited, instrument), address(cited, instrument))
    if cited.kind == "summary":
        document.add_paragraph(f"{OURS}:", style="Ours")
    quoted = document.add_paragraph(style="Quotation" if cited.kind == "text" else "Summary")
    _write(quoted, cited.quote, cited.language)
    if item.note:
        document.add_paragraph(_printable(f"Note: {item.note}"))


def _write(paragraph: Paragraph, text: str, language: str) -> None:
    """The characters into a paragraph, new lines as breaks, right to left where the script runs so."""
    run = paragraph.add_run()
    for number, line in enumerate(_printable(text).split("\n")):
        if number:
            run.add_break()
        piece = OxmlElement("w:t")
        piece.text = line
        piece.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        run._r.append(piece)
    properties = run._r.get_or_add_rPr()
    if language.partition("-")[0] in RIGHT_TO_LEFT:
        paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
        properties.append(OxmlElement("w:rtl"))
    spoken = OxmlElement("w:lang")
    spoken.set(qn("w:val" if language.partition("-")[0] not in RIGHT_TO_LEFT else "w:bidi"), language)
    properties.append(spoken)


def _printable(text: str) -> str:
    """The text without the characters that XML cannot carry; these are spelled out."""
    return _UNPRINTABLE.sub(lambda match: f"⟦U+{ord(match.group()):04X}⟧", text)


def _styles(document: Any) -> None:
    styles = document.styles
    styles["Normal"].font.name, styles["Normal"].font.size = "Calibri", Pt(11)
    for name, indent, italic in (("Quotation", 18, False), ("Summary", 18, True), ("Ours", 18, False), (_NOTE_TEXT, 0, False)):
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = styles["Normal"]
        style.paragraph_format.left_indent, style.font.italic = Pt(indent), italic
    styles["Quotation"].font.name = "Georgia"
    styles["Ours"].font.color.rgb, styles["Ours"].paragraph_format.space_after = RGBColor(0x4D, 0x43, 0x72), Pt(2)
    styles[_NOTE_TEXT].font.size = Pt(9)
    styles.add_style(_NOTE_MARK, WD_STYLE_TYPE.CHARACTER).font.superscript = True


def _style_id(name: str) -> str:
    return name.replace(" ", "")


class _Footnotes:
    """The footnotes of a document being written: python-docx has no such part, so this one is put into its package.

    Source: ECMA-376, part 1, 17.11 (footnotes), 17.16.22 (hyperlinks).
    """

    def __init__(self, document: Any):
        root = f"<w:footnotes {nsdecls('w', 'r')}>{self._rule(-1, 'separator')}{self._rule(0, 'continuationSeparator')}</w:footnotes>"
        self._part = XmlPart(PackURI("/word/footnotes.xml"), _FOOTNOTES_TYPE, parse_xml(root), document.part.package)
        self._count = 0

    @staticmethod
    def _rule(id: int, kind: str) -> str:
        return f'<w:footnote w:type="{kind}" w:id="{id}"><w:p><w:r><w:{kind}/></w:r></w:p></w:footnote>'

    def refer(self, paragraph: Paragraph, words: str, url: str | None) -> None:
        """Put a footnote with these words, and a link where there is an address, at the end of a paragraph."""
        self._count += 1
        mark = paragraph.add_run(style=_NOTE_MARK)._r
        reference = OxmlElement("w:footnoteReference")
        reference.set(qn("w:id"), str(self._count))
        mark.append(reference)
        note = parse_xml(
            f'<w:footnote {nsdecls("w", "r")} w:id="{self._count}"><w:p><w:pPr><w:pStyle w:val="{_style_id(_NOTE_TEXT)}"/></w:pPr>'
            f'<w:r><w:rPr><w:rStyle w:val="{_style_id(_NOTE_MARK)}"/></w:rPr><w:footnoteRef/></w:r></w:p></w:footnote>'
        )
        body = Paragraph(note[0], self._part)
        body.add_run(f" {_printable(words)}{' ' if url else ''}")
        if url:
            self._link(body, url)
        self._part.element.append(note)

    def _link(self, paragraph: Paragraph, url: str) -> None:
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), self._part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
        shown = paragraph.add_run(_printable(url))
        shown.font.underline = True
        link.append(shown._r)
        paragraph._p.append(link)

    def attach(self, document: Any) -> None:
        """Make the part one of the document's, and name its separators in the settings."""
        document.part.relate_to(self._part, RELATIONSHIP_TYPE.FOOTNOTES)
        named = parse_xml(f'<w:footnotePr {nsdecls("w")}><w:footnote w:id="-1"/><w:footnote w:id="0"/></w:footnotePr>')
        settings = document.settings.element
        compat = settings.find(qn("w:compat"))
        if compat is None:
            settings.append(named)
        else:
            compat.addprevious(named)


# reference managers


def _works(dossier: Dossier) -> list[tuple[str, Cited, Mapping[str, Any]]]:
    """Each provision cited once, with a key for it; several quotations of one provision are one work, the law's before our summary of it."""
    seen: dict[tuple[str, tuple[str, ...]], Cited] = {}
    for item in dossier.items:
        place = (item.cited.instrument, item.cited.numbers)
        if place not in seen or (seen[place].kind, item.cited.kind) == ("summary", "text"):
            seen[place] = item.cited
    return [(_key(cited), cited, dossier.instruments[cited.instrument]) for cited in seen.values()]


def _key(cited: Cited) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", f"{cited.instrument}-{pinpoint(cited.numbers)}").strip("-")


def csl_json(dossier: Dossier) -> bytes:
    """CSL-JSON, one item a provision: what Zotero, Pandoc and others read. Source: the CSL 1.0.2 data schema."""
    items = [_csl(key, cited, instrument, dossier.made_on) for key, cited, instrument in _works(dossier)]
    return (json.dumps(items, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


_CSL_TYPES = {"treaty": "treaty", "statute": "legislation", "regulation": "regulation", "directive": "legislation", "guidance": "report"}


def _csl(key: str, cited: Cited, instrument: Mapping[str, Any], made_on: str) -> dict[str, Any]:
    item = {
        "id": key, "type": _CSL_TYPES.get(instrument["kind"], "document"), "title": instrument["title"], "title-short": instrument["short_title"],
        "section": pinpoint(cited.numbers), "jurisdiction": jurisdiction_name(instrument["jurisdiction"]), "language": cited.language,
        "issued": _csl_date(instrument["adopted"]), "accessed": _csl_date(made_on), "URL": address(cited, instrument), "note": full_citation(cited, instrument),
    }  # fmt: skip
    return {name: value for name, value in item.items() if value}


def _csl_date(day: str | None) -> dict[str, Any] | None:
    return {"date-parts": [[int(part) for part in day.split("-")]]} if day and re.fullmatch(r"\d{4}(-\d\d){0,2}", day) else None


def bibtex(dossier: Dossier) -> bytes:
    """BibTeX, one @misc a provision: classic BibTeX has no type for law."""
    return "\n".join(_bib(key, cited, instrument, dossier.made_on) for key, cited, instrument in _works(dossier)).encode("utf-8", "replace")


def _bib(key: str, cited: Cited, instrument: Mapping[str, Any], made_on: str) -> str:
    fields = {
        "title": f"{{{_tex(instrument['title'])}}}", "shorttitle": f"{{{_tex(instrument['short_title'])}}}", "year": (instrument["adopted"] or "")[:4],
        "howpublished": _tex(cited.citation), "language": cited.language, "url": re.sub(r"[{}\\]", "", address(cited, instrument) or ""),
        "urldate": made_on, "note": _tex(full_citation(cited, instrument)),
    }  # fmt: skip
    body = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@misc{{{key},\n{body}}}\n"


_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}  # fmt: skip


def _tex(text: str) -> str:
    return "".join(_TEX.get(character, character) for character in " ".join(text.split()))


_RIS_TYPES = {"statute": "STAT", "regulation": "LEGAL", "directive": "LEGAL", "guidance": "RPRT"}


def ris(dossier: Dossier) -> bytes:
    """RIS, one record a provision; a treaty is GEN, for which the format has no type."""
    return "".join(_ris(key, cited, instrument, dossier.made_on) for key, cited, instrument in _works(dossier)).encode("utf-8", "replace")


def _ris(key: str, cited: Cited, instrument: Mapping[str, Any], made_on: str) -> str:
    fields: Iterable[tuple[str, str | None]] = (
        ("TY", _RIS_TYPES.get(instrument["kind"], "GEN")), ("ID", key), ("TI", instrument["title"]), ("ST", instrument["short_title"]),
        ("PY", (instrument["adopted"] or "")[:4]), ("DA", (instrument["adopted"] or "").replace("-", "/")), ("SE", pinpoint(cited.numbers)),
        ("CY", jurisdiction_name(instrument["jurisdiction"])), ("LA", cited.language), ("UR", address(cited, instrument)),
        ("Y2", made_on.replace("-", "/")), ("N1", full_citation(cited, instrument)),
    )  # fmt: skip
    return "".join(f"{tag}  - {' '.join(value.split())}\r\n" for tag, value in fields if value) + "ER  - \r\n\r\n"


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file that a dossier can be written as."""

    name: str
    mime: str
    write: Callable[[Dossier], bytes]


FORMATS = {
    ".docx": Format("Word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", docx),
    ".md": Format("Markdown", "text/markdown", markdown),
    ".bib": Format("BibTeX", "application/x-bibtex", bibtex),
    ".ris": Format("RIS", "application/x-research-info-systems", ris),
    ".json": Format("CSL-JSON", "application/json", csl_json),
}


def write(dossier: Dossier, suffix: str) -> bytes:
    """The dossier as the bytes of a file of this kind.

    Raises: QueryError for a suffix that is none of FORMATS.
    """
    if suffix.casefold() not in FORMATS:
        raise QueryError(f"there is no export to {suffix or 'a file without a suffix'!r}; known are {', '.join(FORMATS)}")
    return FORMATS[suffix.casefold()].write(dossier)
