"""What people say and what the law says."""

from __future__ import annotations

import pytest

from ingest import catalogue
from kb.config import ROOT
from kb.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary(catalogue.vocabulary(ROOT / "corpus" / "vocabulary"))


def test_everyday_words_bring_the_laws_words(vocabulary: Vocabulary) -> None:
    assert "employer" in vocabulary.expand("My boss keeps my passport")
    assert "travel document" in vocabulary.expand("My boss keeps my passport")
    assert vocabulary.expand("8 U.S.C. 1101(a)(15)(T)") == ""


def test_a_spanish_question_is_known_and_put_into_english_words(vocabulary: Vocabulary) -> None:
    asked = "¿El contratista me puede cobrar por conseguirme el trabajo?"
    assert vocabulary.is_spanish(asked) and not vocabulary.is_spanish("Can the contractor charge me?")
    assert "recruiter" in vocabulary.gloss(asked) and "fee" in vocabulary.gloss(asked)


@pytest.mark.parametrize(
    ("asked", "english"),
    [
        ("¿Me pueden deportar si soy victima de trata?", "trafficking victim"),  # no accent written
        ("El patrón no pagó", "paid"),
        ("Me debe el pago", "payment"),  # an accent can part two words
        ("Me quitaron el pasaporte en la pizca", "confiscated"),
        ("Soy interna en una casa", "live-in domestic worker"),
        ("¿La ley interna lo permite?", "domestic law"),  # the longer phrase
        ("El raitero nos cobra el jale", "work"),
        ("Tengo la visa T y dos chamacos", "T visa"),
    ],
)
def test_words_of_the_field_in_spanish_are_known_in_their_forms(vocabulary: Vocabulary, asked: str, english: str) -> None:
    assert english in vocabulary.gloss(asked)


def test_wide_space_a_dotless_i_and_parted_accents_do_no_harm(vocabulary: Vocabulary) -> None:
    assert "confiscate" in vocabulary.expand("He took  my\npassport")
    assert "human trafficking" in vocabulary.gloss("¿Qué es la trata  de\npersonas?")
    assert vocabulary.gloss("¿Vıctıma?") == "¿victim?" == vocabulary.gloss("¿Vi\u0301ctima?")


def test_a_citation_in_a_spanish_question_stands_as_it_is(vocabulary: Vocabulary) -> None:
    for cited in ("8 U.S.C. 1101(a)(15)(T)", "8 CFR 214.2(h)(5)(o)", "29 U.S.C. 203(e)(y)"):
        assert cited in vocabulary.gloss(f"¿Qué dice {cited} sobre mi visa?")


def test_no_spanish_form_is_given_twice_and_none_has_a_stray_space() -> None:
    table = catalogue.vocabulary(ROOT / "corpus" / "vocabulary")["spanish"]
    forms = [form for key in table for form in str(key).split("|")]
    assert len(forms) == len({form.casefold() for form in forms}) and all(form == " ".join(form.split()) and form for form in forms)
    assert all(str(english).isascii() for english in table.values())
    assert not {str(key) for key in table} & {"True", "False", "None"}


def test_a_form_of_relief_implies_whose_law_is_meant(vocabulary: Vocabulary) -> None:
    assert vocabulary.jurisdictions("Can my H-2A boss call ICE?") == ["us"]
    assert vocabulary.jurisdictions("Home Office refused a conclusive grounds decision") == ["gb"]
    assert vocabulary.jurisdictions("Who must report in Uganda under the ILO rules?")[0] == "ug"
    assert vocabulary.jurisdictions("my employer keeps my passport") == []


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        ("Does South Africa punish recruiters?", ["za"]),
        ("South African and Kenyan law", ["za", "ke"]),
        ("shrimp boats in the Gulf of Mexico", ["mx"]),
        ("American law on T visas", ["us"]),
    ],
)
def test_a_country_whose_name_holds_a_part_of_the_world_is_no_part_of_the_world(vocabulary: Vocabulary, asked: str, places: list[str]) -> None:
    assert vocabulary.places(asked) == places


def test_a_part_of_the_world_stands_for_its_places_alone(vocabulary: Vocabulary) -> None:
    assert {"ar", "co", "mx"} < set(vocabulary.places("Latin American laws on fees")) and "us" not in vocabulary.places("Latin American laws on fees")
    assert {"ke", "za"} < set(vocabulary.places("Which African laws give a reflection period?"))
