"""A comparison as a table to take away: CSV and Word."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml import OxmlElement
from docx.shared import Cm, Pt

from kb.citation import jurisdiction_name
from kb.compare import POINTER, STANDARD, STATES, CellProvision, Comparison
from kb.store import Store

COLUMNS = (
    "topic", "whose law", "state", "citation", "provision", "from our summary", "summary checked", "words of the law", "where they stand",
    "date of the wording", "official publication", "to note",
)  # fmt: skip
_WORD_COLUMNS = (("Whose law", 2.6), ("Provision", 4.6), ("From Haven’s summary, not the law’s wording", 7.0), ("Words of the law", 10.5))  # widths in cm
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # characters that XML cannot hold


def rows(comparisons: Iterable[Comparison], store: Store) -> list[tuple[str, ...]]:
    """A row for each provision and each empty cell, the treaties' standard first; the columns are COLUMNS."""
    table = []
    for comparison in comparisons:
        name = comparison.topic.name
        for place, cell in enumerate((comparison.standard, *comparison.cells)):
            whose = jurisdiction_name(cell.jurisdiction) if place else STANDARD
            table += [_row(name, whose, found, store) for found in cell.provisions]
            if not cell.provisions:
                table.append((name, whose, STATES[cell.state], *[""] * (len(COLUMNS) - 3)))
    return table


def _row(topic: str, whose: str, found: CellProvision, store: Store) -> tuple[str, ...]:
    checked = "" if not found.line else "checked against the official text" if found.checked else "not yet checked"
    return (
        topic, whose, STATES["found"], found.citation, found.id, found.line, checked, "text not held" if found.quote is None else found.quote,
        found.pinpoint, _dated(found, store), found.official_url or "", "; ".join(found.warnings),
    )  # fmt: skip


def _dated(found: CellProvision, store: Store) -> str:
    if not found.as_at:
        return "date not known"
    return f"{'copy of' if store.instruments[found.instrument]['kind'] == 'treaty' else 'as at'} {found.as_at}"


def as_csv(comparisons: Iterable[Comparison], store: Store) -> str:
    """The rows as CSV with a header, every field in quotation marks; what a spreadsheet would run as a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value for value in row] for row in rows(comparisons, store))
    return out.getvalue()


def as_docx(comparisons: Sequence[Comparison], store: Store, made_on: str) -> bytes:
    """A Word file: a table for each topic, the law's words as the record has them. `made_on` is an ISO date."""
    document = Document()
    document.core_properties.author = document.core_properties.comments = ""
    document.core_properties.created = document.core_properties.modified = datetime.fromisoformat(made_on)
    document.core_properties.title = "; ".join(comparison.topic.name for comparison in comparisons)
    _lay_across(document)
    for comparison in comparisons:
        document.add_heading(comparison.topic.name, 1)
        document.add_paragraph(comparison.topic.definition)
        _fill(document.add_table(rows=1, cols=len(_WORD_COLUMNS), style="Table Grid"), comparison, store)
    for words in (POINTER, f"Not legal advice. Made on {made_on} with Haven, edition {store.manifest['generation']}."):
        document.add_paragraph(words).runs[0].italic = True
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _lay_across(document: Any) -> None:
    """Pages in landscape, in a size of type that a table bears."""
    section = document.sections[0]
    section.orientation, section.page_width, section.page_height = WD_ORIENT.LANDSCAPE, Cm(29.7), Cm(21)
    section.left_margin = section.right_margin = Cm(2)
    document.styles["Normal"].font.size = Pt(9.5)


def _fill(table: Any, comparison: Comparison, store: Store) -> None:
    table.autofit = False
    head = table.rows[0]
    head._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # the header stands on every page
    for cell, (name, _) in zip(head.cells, _WORD_COLUMNS, strict=True):
        cell.text = ""
        cell.paragraphs[0].add_run(name).bold = True
    for place, cell in enumerate((comparison.standard, *comparison.cells)):
        whose = jurisdiction_name(cell.jurisdiction) if place else STANDARD
        for found in cell.provisions:
            _put(table.add_row(), whose, *_told(found, store))
        if not cell.provisions:
            _put(table.add_row(), whose, STATES[cell.state], "", "")
    for row in table.rows:
        for cell, (_, width) in zip(row.cells, _WORD_COLUMNS, strict=True):
            cell.width = Cm(width)


def _told(found: CellProvision, store: Store) -> tuple[str, str, str]:
    """The provision with its date, link and warnings; the sentence of ours; the words of the law."""
    place = [found.citation, found.heading, _dated(found, store), found.official_url or "", *found.warnings]
    ours = f"{found.line}{'' if found.checked or not found.line else ' (not yet checked)'}"
    return "\n".join(filter(None, place)), ours, "Text not held." if found.quote is None else f"{found.quote}\n({found.pinpoint})"


def _put(row: Any, *texts: str) -> None:
    for cell, text in zip(row.cells, texts, strict=True):
        cell.text = _UNFIT.sub("\ufffd", text)
