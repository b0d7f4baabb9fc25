"""What is taken away carries the record's characters, full citations, and entries that other programs read."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import date

import pytest
from docx import Document
from docx.oxml.ns import qn

from kb import export
from kb.answer import ask
from kb.errors import QueryError
from kb.model import Query
from kb.receipt import Saved, quotation
from tests.library import FERRY, GHOST, HARBOUR, LANTERN

DAY = date(2026, 1, 2)
QUESTION = "May an employer keep the passport of a deck hand? zanzibarquartz"


@pytest.fixture(scope="module")
def dossier(tiny_store) -> export.Dossier:
    """A treaty with a ligature, an act of several blocks, and a summary; a note full of marks."""
    items = []
    for id in (f"{LANTERN}~Annex%20I/1", f"{HARBOUR}~3", f"{FERRY}~1"):
        held = tiny_store.provision(id)
        items.append(Saved(quotation(held, 0, len(held.provision.text), tiny_store)))
    answer = ask(Query("Where may a ghost live?"), tiny_store, tiny_store.settings)
    items.append(Saved(next(c for c in answer.citations if c.instrument == GHOST)))
    items[0] = replace(items[0], note="# see *this* <b>and</b> [that](http://x) $x$ \x07")
    return export.of_folder(items, tiny_store, DAY)


def quotes(dossier: export.Dossier) -> list[str]:
    return [item.cited.quote for item in dossier.items]


def footnotes(raw: bytes) -> list[str]:
    """The words of each footnote, separators left out."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        text = archive.read("word/footnotes.xml").decode()
    notes = re.findall(r'<w:footnote [^>]*w:id="([1-9]\d*)"[^>]*>(.*?)</w:footnote>', text, re.DOTALL)
    return ["".join(re.findall(r"<w:t[^>]*>([^<]*)</w:t>", body)) for _, body in notes]


def test_word_file_holds_the_record_s_characters(dossier) -> None:
    paragraphs = [p.text for p in Document(io.BytesIO(export.docx(dossier))).paragraphs if p.style.name in ("Quotation", "Summary")]
    assert paragraphs == quotes(dossier)


def test_every_quotation_has_a_footnote_of_its_own(dossier) -> None:
    raw = export.docx(dossier)
    document = Document(io.BytesIO(raw))
    marks = [mark.get(qn("w:id")) for mark in document.element.body.iter(qn("w:footnoteReference"))]
    assert marks == ["1", "2", "3", "4"]
    told = footnotes(raw)
    assert len(told) == 4
    assert "copy of 2019-05-10" in told[0] and "as at 2024-01-01" in told[1]
    assert export.OURS in told[3] and export.OURS not in "".join(told[:3])
    for note, item in zip(told, dossier.items, strict=True):
        assert item.cited.citation in note and item.cited.official_url in note


def test_footnotes_are_linked_and_known_to_the_package(dossier) -> None:
    with zipfile.ZipFile(io.BytesIO(export.docx(dossier))) as archive:
        types = archive.read("[Content_Types].xml").decode()
        own, all = archive.read("word/_rels/footnotes.xml.rels").decode(), archive.read("word/_rels/document.xml.rels").decode()
        settings = archive.read("word/settings.xml").decode()
    assert "/word/footnotes.xml" in types and "wordprocessingml.footnotes+xml" in types
    assert 'TargetMode="External"' in own and "footnotes.xml" in all and "footnotePr" in settings


@pytest.mark.parametrize("suffix", [".docx", ".md"])
def test_says_what_it_is_and_from_when(dossier, suffix: str) -> None:
    raw = export.write(dossier, suffix)
    text = raw.decode() if suffix == ".md" else "\n".join(p.text for p in Document(io.BytesIO(raw)).paragraphs)
    text = text.replace("\\", "")
    assert "not legal advice" in text and dossier.generation in text and "2026-01-02" in text and export.OURS in text


def test_markdown_fences_each_quotation(dossier) -> None:
    text = export.markdown(dossier).decode()
    assert re.findall(r"^```text\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE) == quotes(dossier)
    assert r"\# see \*this\* \<b\>and\</b\> \[that\](http://x) \$x\$" in text


def test_a_fence_in_the_law_does_not_end_the_block(dossier) -> None:
    item = dossier.items[0]
    text = export.markdown(replace(dossier, items=(replace(item, cited=replace(item.cited, quote="a\n````\n# b")),))).decode()
    assert "`````text\na\n````\n# b\n`````\n" in text


def test_right_to_left_is_marked_and_unprintable_is_spelled_out(dossier) -> None:
    item = replace(dossier.items[0], cited=replace(dossier.items[0].cited, quote="\u0644\u0627 \x00", language="ar"))
    document = Document(io.BytesIO(export.docx(replace(dossier, items=(item,)))))
    shown = next(p for p in document.paragraphs if p.style.name == "Quotation")
    assert shown.text == "\u0644\u0627 ⟦U+0000⟧" and shown._p.pPr.find(qn("w:bidi")) is not None


def test_reference_managers_get_an_entry_a_provision(dossier) -> None:
    items = json.loads(export.csl_json(dossier))
    assert [item["type"] for item in items] == ["treaty", "legislation", "legislation", "treaty"]
    assert len({item["id"] for item in items}) == 4 and all(item["URL"].startswith("https://") for item in items)
    assert export.OURS in items[3]["note"]
    records = export.ris(dossier).decode().split("ER  - \r\n\r\n")
    assert len(records) == 5 and all(re.match(r"TY  - (GEN|STAT)\r\n", record) for record in records[:4])
    bib = export.bibtex(dossier).decode()
    assert len(re.findall(r"^@misc\{[\w-]+,$", bib, re.MULTILINE)) == 4
    assert bib.count("{") == bib.count("}")


def test_bibtex_escapes_what_tex_reads() -> None:
    assert export._tex("50% & $5 #1 a_b {c} ~ ^ \\") == (
        r"50\% \& \$5 \#1 a\_b \{c\} \textasciitilde{} \textasciicircum{} \textbackslash{}"
    )


def test_one_provision_quoted_twice_is_one_work(dossier) -> None:
    twice = replace(dossier, items=(dossier.items[0], dossier.items[0]))
    assert len(json.loads(export.csl_json(twice))) == 1


def test_a_law_quoted_beside_our_summary_of_it_is_listed_as_law(dossier) -> None:
    law = dossier.items[1]
    ours = replace(law, cited=replace(law.cited, kind="summary", quote="In short.", digest=None))
    for items in ((ours, law), (law, ours)):
        (entry,) = json.loads(export.csl_json(replace(dossier, items=items)))
        assert export.OURS not in entry["note"]


def test_the_question_goes_along_only_where_it_is_wanted(tiny_store) -> None:
    answer = ask(Query(QUESTION), tiny_store, tiny_store.settings)
    for suffix in export.FORMATS:
        raw = export.write(export.of_answer(answer, tiny_store, DAY), suffix)
        parts = [raw] if suffix != ".docx" else [zipfile.ZipFile(io.BytesIO(raw)).read("word/document.xml")]
        assert not any(b"zanzibarquartz" in part for part in parts)
    assert b"zanzibarquartz" in export.markdown(export.of_answer(answer, tiny_store, DAY, with_question=True))


def test_nothing_to_take_away_is_said(tiny_store) -> None:
    with pytest.raises(QueryError, match="nothing is saved"):
        export.of_folder([], tiny_store, DAY)
    with pytest.raises(QueryError, match="quotes nothing"):
        export.of_answer(ask(Query("Harbour Workers Act 2001, s. 99"), tiny_store, tiny_store.settings), tiny_store, DAY)


def test_unknown_format_is_refused(dossier) -> None:
    with pytest.raises(QueryError, match=r"\.odt"):
        export.write(dossier, ".odt")


def test_an_address_that_is_no_web_address_is_left_out(dossier) -> None:
    item = dossier.items[0]
    cited = replace(item.cited, official_url="javascript:alert(1)")
    raw = export.docx(replace(dossier, items=(replace(item, cited=cited),)))
    assert not any("javascript" in note for note in footnotes(raw))
