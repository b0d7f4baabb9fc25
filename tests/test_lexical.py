"""Words as the index knows them, and BM25 over them."""

import unicodedata

import numpy as np
import pytest

from kb.lexical import LexicalIndex, fold, terms


@pytest.mark.parametrize("number", ["214.204", "1101", "15", "2011-36", "c189", "l425-1", "59", "a1.4", "101a"])
def test_numbers_are_kept_whole(number):
    assert number in terms(f"See section {number}, as amended.")


@pytest.mark.parametrize("printed, parts", [("8 CFR 214.204(b)", {"8", "cfr", "214.204", "b"}), ("§ 1101(a)(15)(T)", {"1101", "15", "t"})])
def test_citations_fall_into_their_numbers(printed, parts):
    assert parts <= set(terms(printed))


@pytest.mark.parametrize("text", ["protección de la niñez", "Entschädigung für Überstunden", "traﬁcking", "hébergement", "Å ångström"])
def test_nfc_and_nfd_give_the_same_terms(text):
    forms = {tuple(terms(unicodedata.normalize(form, text))) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert len(forms) == 1 and forms != {()}


@pytest.mark.parametrize("hidden", ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202e"])
def test_invisible_characters_inside_words_do_not_part_them(hidden):
    assert terms(f"pass{hidden}port") == terms("passport")


def test_accents_and_case_do_not_matter():
    assert fold("ÁRBOL Niño") == "arbol nino" and terms("EMPLOYMENT") == terms("employment")


def test_stems_and_stop_words():
    assert terms("The workers were working") == ["worker", "work"] or terms("The workers were working")[-1] == "work"
    assert terms("what is the") == []


def test_chinese_is_read_in_pairs():
    assert terms("人口販運", "zh") == ["人口", "口販", "販運"] and terms("法", "zh") == ["法"]


def test_an_endless_word_and_ten_thousand_marks_are_read_quickly():
    assert len(terms("x" * 1_000_000)) == 1
    assert terms("e" + "\u0301" * 10_000) == ["e"]


@pytest.fixture(scope="module")
def index():
    texts = ["Fees for finding work are forbidden.", "A passport must be returned; see 214.204.", "Lanterns AND lamps OR wicks NOT oil.", "", "*"]
    return LexicalIndex.build(terms(text) for text in texts)


def test_unknown_and_empty_questions_score_zero_everywhere(index):
    for question in ("xylophone", "", "\0", "???"):
        scores = index.scores(terms(question))
        assert scores.shape == (5,) and scores.dtype == np.float32 and not scores.any(), question


def test_the_row_with_the_words_wins(index):
    assert index.scores(terms("passports 214.204")).argmax() == 1
    assert index.scores(terms("fee")).argmax() == 0


@pytest.mark.parametrize("question", ["lamps AND NOT oil", '"lamps" OR wick*', "lamps -oil", "title:lamps^9", "NEAR(lamps, oil)", "lamps~2", "(lamps"])
def test_operators_are_words(index, question):
    scores = index.scores(terms(question))
    assert scores.argmax() == 2 and np.isfinite(scores).all()


def test_an_index_is_the_same_after_saving(index, tmp_path):
    index.save(tmp_path / "bm25")
    loaded = LexicalIndex.load(tmp_path / "bm25")
    for question in ("passport", "fees for work", "unknown"):
        assert np.array_equal(loaded.scores(terms(question)), index.scores(terms(question)))
    assert not [path for path in (tmp_path / "bm25").rglob("*") if path.suffix in (".pkl", ".pickle")]


def test_an_index_of_nothing_or_of_empty_texts():
    for documents in ([], [[]], [[], []]):
        index = LexicalIndex.build(documents)
        assert index.scores(["fee"]).shape == (len(documents),)
