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


def test_a_form_of_relief_implies_whose_law_is_meant(vocabulary: Vocabulary) -> None:
    assert vocabulary.jurisdictions("Can my H-2A boss call ICE?") == ["us"]
    assert vocabulary.jurisdictions("Home Office refused a conclusive grounds decision") == ["gb"]
    assert vocabulary.jurisdictions("Who must report in Uganda under the ILO rules?")[0] == "ug"
    assert vocabulary.jurisdictions("my employer keeps my passport") == []
