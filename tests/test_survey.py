"""Questions about several places or laws: which are ones, what each place has, and that other answers stay as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from docx import Document

from ingest.build import build
from kb import answer as answering
from kb import export, survey
from kb.answer import ask
from kb.citation import JURISDICTIONS, Names
from kb.config import ROOT, Settings
from kb.model import Answer, Filters, Query
from kb.report import answer_json
from kb.store import Store
from kb.survey import Side
from kb.vocabulary import Vocabulary
from tests.tiny import ACT, ACT_TEXT, BEFORE, DAMAGED, TREATY, write_corpus

HELD = ("gb", "ie", "ke", "ug", "za", "qa", "us", "int")
REGIONS = yaml.safe_load((ROOT / "corpus" / "vocabulary" / "regions.yaml").read_text("utf-8"))
PASSPORTS = "Do the UK, Ireland, the United Arab Emirates and France let an employer keep a passport?"
COAST = "Which Lamp Coast laws forbid keeping the passport of a domestic worker?"


# which questions


def library_of(codes: tuple[str, ...]) -> SimpleNamespace:
    """What `sides` looks at, of a library that holds one act of each of these jurisdictions."""
    entries = {
        f"{code}/act": {
            "id": f"{code}/act", "jurisdiction": code, "short_title": f"{JURISDICTIONS[code][0]} Lantern Act", "title": f"{JURISDICTIONS[code][0]} Lantern Act",
            "names": [], "citation": "", "kind": "statute", "held": 1, "summaries": 0,
        }
        for code in codes
    }  # fmt: skip
    return SimpleNamespace(instruments=entries, jurisdictions=frozenset(codes), names=Names(entries), vocabulary=Vocabulary({"regions": REGIONS, "implied": {"us": ["T visa", "H-2A"]}}))


def sides_of(question: str, filters: Filters = Filters()) -> list[str]:  # noqa: B008 - frozen
    return [side.instrument or side.jurisdiction for side in survey.sides(question, filters, library_of(HELD))]


@pytest.mark.parametrize(
    ("question", "codes"),
    [
        ("Compare the recovery period in the UK and Ireland", ["gb", "ie"]),
        ("How do Ireland and Kenya treat victims who were forced to commit crimes?", ["ie", "ke"]),
        ("Does Ireland or Spain give a longer recovery period?", ["ie", "es"]),
        ("What is the difference between Irish and UK law on wages?", ["ie", "gb"]),
        ("Penalty for trafficking: Kenya vs Uganda", ["ke", "ug"]),
        ("Must doctors report trafficking in Malawi, Uganda, Namibia and Zambia, and what if they do not?", ["mw", "ug", "na", "zm"]),
        ("Compare the US and the UK on shelters", ["us", "gb"]),
        ("How does South Africa compare with Zambia on residence permits?", ["za", "zm"]),
        ("¿Cómo se castiga la trata en España y México?", ["es", "mx"]),
        ("Compare the Kenya Lantern Act and the Uganda Lantern Act", ["ke/act", "ug/act"]),
        ("Compare the Kenya Lantern Act with Ugandan law", ["ke/act", "ug"]),
        ("Compare the rights of workers from India in Qatar and Bahrain", ["qa", "bh"]),
        ("Please compare, for my client, the UK and Ireland", ["gb", "ie"]),
    ],
)
def test_places_and_laws_that_are_compared_are_its_sides(question: str, codes: list[str]) -> None:
    assert sides_of(question) == codes


@pytest.mark.parametrize(
    ("question", "region"),
    [
        ("Which African laws let a trafficked person stay for a period of reflection?", "African"),
        ("Which Gulf states forbid employers to keep passports?", "Gulf states"),
        ("Is the kafala system abolished in the Gulf?", "Gulf"),
        ("¿Qué países de América Latina castigan el cobro de comisiones de contratación?", "América Latina"),
        ("Do Latin American laws punish forced labour?", "Latin American"),  # and not those of the United States
        ("Which EU member states give victims a permit?", "EU member states"),
    ],
)
def test_a_part_of_the_world_stands_for_all_its_places(question: str, region: str) -> None:
    assert sorted(sides_of(question)) == sorted(REGIONS[region])


def test_which_countries_without_a_region_are_all_that_we_hold() -> None:
    assert sorted(sides_of("Which countries punish the keeping of passports?")) == ["gb", "ie", "ke", "qa", "ug", "us", "za"]
    assert sorted(sides_of("In which countries is it a crime to keep passports?")) == ["gb", "ie", "ke", "qa", "ug", "us", "za"]


@pytest.mark.parametrize(
    "question",
    [
        "which countries has she crossed",
        "Which countries has the victim crossed?",
        "Which countries have ratified the Palermo Protocol?",
        "Which countries are eligible for the H-2A programme?",
        "I am from Kenya and work in Ireland",
        "He was taken from Nigeria to Italy and Spain. What can he claim?",
        "My client worked in the UK and Ireland, can she get a recovery period?",
        "Can an Indian or Nepali worker in Qatar change jobs?",
        "workers from India and Nepal in Qatar: can their passports be kept?",
        "agreement between Mexico and the United States on temporary workers",
        "recruited in West Africa to work in the Gulf",
        "What does EU law say about workers from South Asia?",
        "African women trafficked to Italy",
        "What is the law in South Africa on trafficking?",
        "Does England and Wales law give a defence to victims?",
        "Which treaties forbid charging migrant workers recruitment fees?",
        "Which laws protect domestic workers in Spain?",
        "What does the law of Qatar say?",
        "May an employer keep a passport?",
    ],
)
def test_a_story_one_place_or_none_is_no_survey(question: str) -> None:
    assert sides_of(question) == []


def test_filters_narrow_the_sides() -> None:
    assert sides_of("Compare the UK, Ireland and Kenya on wages", Filters(jurisdiction=("gb", "ie"))) == ["gb", "ie"]
    assert sides_of("Compare the UK, Ireland and Kenya on wages", Filters(jurisdiction=("gb",))) == []
    assert sides_of("Compare the UK, Ireland and Kenya on wages", Filters(instrument=("gb/act",))) == []


# what each has


@pytest.fixture(scope="module")
def coast(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The tiny library with a part of the world of its own."""
    folder = tmp_path_factory.mktemp("coast")
    write_corpus(folder / "corpus")
    (folder / "corpus" / "vocabulary").mkdir()
    (folder / "corpus" / "vocabulary" / "regions.yaml").write_text("Lamp Coast: [fr, gb, ie]\n", "utf-8")
    chosen = Settings(corpus=folder / "corpus", index=folder / "index", backend="sentence-transformers")
    build(chosen, lambda *_: None)
    return chosen


@pytest.fixture(scope="module")
def store(coast: Settings) -> Iterator[Store]:
    opened = Store.open(coast)
    yield opened
    opened.close()


def _ask(question: str, store: Store, coast: Settings, **filters: object) -> Answer:
    return ask(Query(question, Filters(**filters)), store, coast)


def test_a_row_a_place_with_what_it_has(store: Store, coast: Settings) -> None:
    answer = _ask(PASSPORTS, store, coast)
    assert {row.jurisdiction: row.state for row in answer.survey} == {"gb": "found", "ie": "nothing", "ae": "nothing", "fr": "not-held"}
    first = answer.survey[0]
    assert first.jurisdiction == "gb" and first.name == "United Kingdom" and first.ours and "passport" in first.line
    assert answer.citations[first.citation].instrument == ACT
    assert answer.status == "partial"  # three of the four have nothing


def test_a_region_is_searched_place_by_place(store: Store, coast: Settings) -> None:
    answer = _ask(COAST, store, coast)
    assert [(row.jurisdiction, row.state) for row in answer.survey] == [("gb", "found"), ("ie", "nothing"), ("fr", "not-held")]


def test_every_row_found_is_quoted_byte_for_byte(store: Store, coast: Settings) -> None:
    for question in (PASSPORTS, COAST, "Compare the UK and Ireland on lodgings for seasonal harbour workers"):
        answer = _ask(question, store, coast)
        found = [answer.citations[row.citation] for row in answer.survey if row.state == "found"]
        assert found
        for cited in found:
            record = store.provision(cited.provision_id)
            assert record.digest == cited.digest and record.provision.text[cited.start : cited.end] == cited.quote
        assert {n for row in answer.survey if (n := row.citation) is not None} <= {n for s in answer.answer for n in s.citations}


def test_a_provision_that_an_answer_does_not_quote_yet_is_added_to_it(store: Store, coast: Settings) -> None:
    answer = _ask("Compare the UK and Ireland on lodgings for seasonal harbour workers", store, coast)
    irish = next(row for row in answer.survey if row.jurisdiction == "ie")
    assert answer.citations[irish.citation].instrument == DAMAGED and irish.line == "Harbour lodgings" and not irish.ours
    assert any(note.startswith("damaged: ") for note in answer.notes)


def test_laws_are_compared_by_their_names(store: Store, coast: Settings) -> None:
    answer = _ask("Compare the Domestic Lanterns Act 2099 and the Lantern Treaty on shelter for victims", store, coast)
    rows = {row.instrument: row for row in answer.survey}
    assert rows.keys() == {ACT, TREATY} and rows[TREATY].name == "Lantern Treaty"
    assert rows[TREATY].state == "summaries-only" and answer.citations[rows[TREATY].citation].kind == "summary"


def test_nothing_found_rests_on_the_thresholds_of_an_answer(store: Store, coast: Settings) -> None:
    asked = survey.sides(PASSPORTS, Filters(), store)
    strict = replace(coast, adequate=0.99)
    assert all(finding.hit is None for finding in survey.find(asked, PASSPORTS, Query(PASSPORTS), (), store, strict))
    assert any(finding.hit for finding in survey.find(asked, PASSPORTS, Query(PASSPORTS), (), store, coast))


def test_what_is_declined_has_no_rows(store: Store, coast: Settings) -> None:
    for question in ("Compare the processing times of the UK and Ireland", "Compare the football leagues of the UK and Ireland"):
        answer = _ask(question, store, coast)
        assert not answer.answer and answer.survey == ()


def test_official_texts_alone_leave_our_words_out(store: Store, coast: Settings) -> None:
    answer = _ask(PASSPORTS, store, coast, summaries=False)
    assert answer.survey[0].state == "found" and not any(row.ours for row in answer.survey)
    assert all(cited.kind == "text" for cited in answer.citations)


def test_a_past_day_shows_no_later_wording(store: Store, coast: Settings) -> None:
    answer = _ask("Compare the UK and Ireland: may an agency charge a worker a fee for finding work?", store, coast, as_at="2020-01-01")
    british = next(row for row in answer.survey if row.jurisdiction == "gb")
    assert british.state == "found" and answer.citations[british.citation].as_at == BEFORE


def test_a_state_s_law_stands_for_its_federation_unless_both_are_asked_for() -> None:
    library = library_of(("us", "us-ca"))
    both, whole = (Side("us"), Side("us-ca")), (Side("us"),)
    assert survey.owners(both, library) == {"us/act": Side("us"), "us-ca/act": Side("us-ca")}
    assert survey.owners(whole, library) == {"us/act": Side("us"), "us-ca/act": Side("us")}


# other answers stay as they are


def test_everyday_questions_are_answered_as_before(summaries_only: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = [json.loads(line)["query"] for line in (ROOT / "tests" / "data" / "everyday.jsonl").read_text("utf-8").splitlines()]
    opened = Store.open(summaries_only)
    assert [question for question in questions if survey.sides(question, Filters(), opened)] == []
    sample = questions[::10]
    with_rows = [json.dumps(answer_json(ask(Query(question), opened, summaries_only))) for question in sample]
    monkeypatch.setattr(answering, "_surveyed", lambda answer, *_: answer)
    assert with_rows == [json.dumps(answer_json(ask(Query(question), opened, summaries_only))) for question in sample]
    assert not any('"survey"' in line for line in with_rows)
    opened.close()


# shown and taken away


def test_json_has_the_rows_where_there_are_some(store: Store, coast: Settings) -> None:
    told = json.loads(json.dumps(answer_json(_ask(PASSPORTS, store, coast))))
    assert [row["jurisdiction"] for row in told["survey"]][0] == "gb"
    assert told["survey"][0].keys() == {"jurisdiction", "name", "instrument", "state", "citation", "line", "ours"}
    assert "survey" not in answer_json(_ask("May an employer keep a passport?", store, coast))


def test_markdown_and_word_have_the_table(store: Store, coast: Settings) -> None:
    answer = _ask(PASSPORTS, store, coast)
    dossier = export.of_answer(answer, store, date(2026, 1, 1))
    written = export.markdown(dossier).decode()
    assert "| Whose law | Provision | In short |" in written and "| France | Not held |  |" in written and survey.NOTE in written
    table = Document(BytesIO(export.docx(dossier))).tables[0]
    cells = [[cell.text for cell in row.cells] for row in table.rows]
    assert cells[0] == list(export.SURVEY_COLUMNS) and ["France", "Not held", ""] in cells
    british = next(line for line in cells if line[0] == "United Kingdom")
    number = int(british[1].partition(".")[0])
    assert british[1] == f"{number}. {answer.citations[number - 1].citation}" and export.OURS in british[2]


def test_an_answer_without_rows_is_taken_away_as_before(store: Store, coast: Settings) -> None:
    dossier = export.of_answer(_ask("May an employer keep a passport?", store, coast), store, date(2026, 1, 1))
    assert "Place by place" not in export.markdown(dossier).decode() and not Document(BytesIO(export.docx(dossier))).tables


def test_the_command_prints_a_line_a_place(coast: Settings, tmp_path: Path) -> None:
    environment = {"KB_CORPUS": str(coast.corpus), "KB_INDEX": str(coast.index), "KB_BACKEND": coast.backend, "PATH": "", "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-m", "kb", "ask", PASSPORTS], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert "United Kingdom: Domestic Lanterns Act 2099 s. 1" in done.stdout
    assert "Law held, nothing found: Ireland, United Arab Emirates" in done.stdout and "Not held: France" in done.stdout
    assert ACT_TEXT.partition("(1) ")[2].partition("\n")[0] in done.stdout
