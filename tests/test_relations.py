"""What travels with a passage, over a small built library of invented law."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest import catalogue
from ingest.build import build
from kb import currency, relations
from kb.answer import ask
from kb.citation import split_id
from kb.config import ROOT, Settings
from kb.model import Answer, Cited, Filters, Query
from kb.store import Store, Version, seal, verify
from tests import library

ACT, OLD = "nz/berth-act-2002", "nz/old-berth-act-1902"
NOW = f"""---
title: Berth Act 2002
instrument: {ACT}
language: en
as_at: 2024-01-01
official_url: https://www.example.org/berth
---
## Section 1. Interpretation

In this Act—

“floating berth” means a place on the water where a barge is tied up;

“berth” means a place where a barge is tied up.

## Section 2. Right to a berth

(1) Except as provided in subsection (3), the keeper of a barge has a right to a floating berth for ninety nights.

(2) The keeper pays nothing for the water drawn at the quay.

(3) A keeper who sold the ropes of the harbour has no such right.

(4) Subsection (2) does not apply to a barge that carries water for sale.

## Section 3. Lamps

A lamp hangs at each quay, as section 2(1) wants it.

## Section 4. Whistles

[Repealed, 2023, No. 9]

## Section 5. Old rules

A fee that section 8 of the Old Berth Act 1902 names is paid in copper.
"""
BEFORE = NOW.replace("2024-01-01", "2012-01-01").replace("ninety nights", "forty nights").replace("[Repealed, 2023, No. 9]", "A whistle is blown by the keeper of a barge at noon.")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("berths")
    entry = library.entry(ACT, "Berth Act 2002", "statute", "Berth Act 2002, s. {pinpoint}")
    move = {"from": f"{ACT}~7", "to": [f"{ACT}~2"], "applicable_from": "2015-06-01", "source": "https://www.example.org/moved"}
    library.write_yaml(folder / "corpus" / "catalogue" / f"{ACT}.yaml", {**entry, "moved": [move, {**move, "from": f"{ACT}~3"}]})
    old = library.entry(OLD, "Old Berth Act 1902", "statute", "Old Berth Act 1902, s. {pinpoint}")
    library.write_yaml(folder / "corpus" / "catalogue" / f"{OLD}.yaml", {**old, "replaced_by": {"instrument": ACT, "applicable_from": "2002-05-01", "note": None}})
    aged = "---\ntitle: Old Berth Act 1902\ninstrument: nz/old-berth-act-1902\nlanguage: en\nas_at: 1990-01-01\nofficial_url: https://www.example.org/old\n---\n## Section 8. Copper fees\n\nThe copper fee for a bell buoy is three pennies.\n"
    files = [
        (library.row(ACT, "now.md", NOW.encode(), "2024-01-01"), NOW.encode()), (library.row(ACT, "before.md", BEFORE.encode(), "2012-01-01"), BEFORE.encode()),
        (library.row(OLD, "old.md", aged.encode(), "1990-01-01"), aged.encode()),
    ]  # fmt: skip
    library.add_texts(folder / "corpus", files)
    made = library.settings_for(folder)
    build(made, library.quiet)
    return made


@pytest.fixture(scope="module")
def store(settings: Settings) -> Iterator[Store]:
    opened = Store.open(settings)
    yield opened
    opened.close()


def passage(store: Store, section: str, words: str, as_at: str | None = None) -> tuple[Version, int, int]:
    version = store.provision(f"{ACT}~{section}", as_at)
    start = version.provision.text.index(words)
    return version, start, start + len(words)


def quoted(item: relations.Related) -> str:
    return item.version.provision.text[item.start : item.end]


def test_the_longest_term_brings_its_definition_and_shadows_the_one_within_it(store: Store) -> None:
    found = relations.definitions(*passage(store, "2", "a right to a floating berth for ninety nights"), store)
    assert [item.term for item in found] == ["floating berth"] and quoted(found[0]).startswith("“floating berth” means")


def test_an_exception_is_followed_one_step(store: Store) -> None:
    found = relations.exceptions(*passage(store, "2", "(1) Except as provided in subsection (3), the keeper of a barge"), store)
    assert [(item.kind, item.numbers) for item in found] == [("exception", ("2", "3"))]


def test_what_says_that_a_passage_does_not_apply_is_found_from_the_passage(store: Store) -> None:
    found = relations.exceptions(*passage(store, "2", "The keeper pays nothing for the water"), store)
    assert [(item.kind, item.numbers) for item in found] == [("override", ("2", "4"))] and "carries water for sale" in quoted(found[0])


def test_references_go_both_ways(store: Store) -> None:
    version = store.provision(f"{ACT}~3")
    assert [edge.target_numbers for edge in relations.references(version, 0, len(version.provision.text), store)] == [("2", "1")]
    assert f"{ACT}~3" in {edge.provision_id for edge in relations.referenced_by(f"{ACT}~2", ("2", "1"), store)}
    assert all(edge.provision_id != f"{ACT}~3" for edge in relations.referenced_by(f"{ACT}~2", ("2", "2"), store))


def test_a_definition_of_another_day_is_taken_from_that_day(store: Store) -> None:
    found = relations.definitions(*passage(store, "2", "a right to a floating berth for forty nights", "2013-01-01"), store, "2013-01-01")
    assert [item.version.as_at for item in found] == ["2012-01-01"]


def test_an_answer_shows_what_travels_with_its_quotation(settings: Settings, store: Store) -> None:
    answer = _ask("What does section 2(1) of the Berth Act 2002 say?", replace(settings, top=1, read=1), store)
    beside = {statement.why: statement for statement in answer.answer if statement.why}
    assert beside["definition"].term == "floating berth" and "sold the ropes" in beside["exception"].text
    for statement in beside.values():
        cited = answer.citations[statement.citations[0]]
        version = store.provision(cited.provision_id)
        assert statement.role == "related" and version.provision.text[cited.start : cited.end] == statement.text and version.digest == cited.digest
        assert answer.citations[statement.beside].numbers[:1] == ("2",)


def test_counts_are_sealed_and_a_generation_without_them_still_opens(settings: Settings, tmp_path: Path) -> None:
    copied = library.copied(settings, tmp_path)
    opened = Store.open(copied)
    counts = opened.manifest["counts"]
    assert counts["definitions"] >= 4 and counts["edges"] >= 8 and 0 < counts["edges_resolved"] <= counts["edges"]
    folder = opened.folder
    opened.close()
    verify(folder, copied)
    with sqlite3.connect(folder / "record.sqlite") as record:
        record.executescript("drop table definitions; drop table edges;")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    for name in ("definitions", "edges", "edges_resolved"):
        del manifest["counts"][name]
    manifest.pop("seal")
    (folder / "manifest.json").write_text(json.dumps({**manifest, "seal": seal(manifest)}), "utf-8")
    older = Store(folder, copied)
    assert relations.definitions(*passage(older, "2", "floating berth"), older) == [] and older.edges_to(f"{ACT}~2") == []
    assert ask(Query("What does section 2(1) of the Berth Act 2002 say?"), older, copied).status == "supported"
    older.close()


# is it still the law


def _ask(text: str, settings: Settings, store: Store, **filters: object) -> Answer:
    return ask(Query(text, Filters(**filters)), store, settings)


def _told(answer: Answer, code: str) -> list[str]:
    return [note for note in answer.notes if note.startswith(f"{code}: ")]


def test_a_place_that_moved_is_answered_from_where_it_stands_now(settings: Settings, store: Store) -> None:
    answer = _ask("What does section 7 of the Berth Act 2002 say?", settings, store)
    assert answer.status == "supported" and answer.citations[0].numbers[:1] == ("2",)
    assert "2015-06-01" in _told(answer, "moved")[0] and "https://www.example.org/moved" in _told(answer, "moved")[0]


def test_a_number_that_neither_is_nor_was_is_still_declined(settings: Settings, store: Store) -> None:
    assert _ask("What does section 17 of the Berth Act 2002 say?", settings, store).status == "no-such-provision"


def test_repealed_and_replaced_law_is_said_to_be_so(settings: Settings, store: Store) -> None:
    assert "repealed" in _told(_ask("What does section 4 of the Berth Act 2002 say?", settings, store), "repealed")[0]
    assert "Berth Act 2002, applicable from 2002-05-01" in _told(_ask("section 8 of the Old Berth Act 1902", settings, store), "replaced")[0]


def test_a_past_day_shows_the_wording_of_then_and_says_what_is_not_that_old(settings: Settings, store: Store) -> None:
    then = _ask("What does section 2(1) of the Berth Act 2002 say?", settings, store, as_at="2013-05-05")
    assert "forty nights" in then.citations[0].quote and {c.as_at for c in then.citations if c.kind == "text"} <= {"2012-01-01", "1990-01-01"}
    assert _told(then, "as-at")
    older = _ask("What does section 2(1) of the Berth Act 2002 say?", settings, store, as_at="1995-01-01")
    assert all("nights" not in cited.quote for cited in older.citations)
    assert any("2012-01-01" in note for note in older.notes)


def test_every_move_of_the_catalogue_leads_somewhere_written_down() -> None:
    entries = catalogue.instruments(ROOT / "corpus" / "catalogue")
    listed = [item for entry in entries.values() for item in entry.moved]
    assert listed and all(split_id(id)[0] in entries for item in listed for id in item["to"])
    assert all(item["source"].startswith("https://") for item in listed)


@pytest.mark.parametrize(("quote", "became"), [("(13) [Reserved]", "reserved"), ("[Repealed, 2015, c. 36, s. 170]", "repealed"), ("The boat is reserved for the crew", None)])
def test_an_empty_place_is_told_from_law(store: Store, quote: str, became: str | None) -> None:
    cited = _cited(store, quote)
    assert currency.emptied(cited, store) == became


@pytest.mark.parametrize(
    ("text", "became"),
    [
        ("(1) [Repealed, 2001, c. 2, s. 3]", "repealed"),
        ("(1) [Repealed, 2001, c. 2, s. 3]\n(2) The Board shall hear the worker.", None),
        ("Revoked by order of the Minister.", "revoked"),
        ("Transferred workers keep their wages.", None),
        ("(a) Omitted", "omitted"),
        ("(a) (b) " * 60 + "the list", None),  # and that at once
        (" " * 4000 + "the list", None),
    ],
)
def test_only_a_place_with_nothing_else_in_it_has_ended(text: str, became: str | None) -> None:
    assert currency.ended(text) == became


def _cited(store: Store, quote: str) -> Cited:
    version = store.provision(f"{ACT}~3")
    return Cited(ACT, ("3",), "Berth Act 2002, s. 3", "text", quote, 0, len(quote), version.digest, None, version.as_at, f"{ACT}~3", "en", False)
