"""The rules of eligibility and the topics in Spanish: whole, with the figures and numbers of the English, and refused where they do not fit."""

from __future__ import annotations

import datetime
import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from ingest.catalogue import topics
from kb.config import ROOT
from kb.eligibility import Basis, check
from kb.errors import ConfigError
from kb.rules import Criterion, Deadline, Fact, Note, Place, Relaxation, Relief, Rules, read_rules
from kb.translation import MANY, ONE, facts_texts, figures, read_rules_words, read_words, relief_texts, topic_texts, translated

FOLDER = ROOT / "corpus" / "eligibility"
RULES = read_rules(FOLDER)
WORDS = read_rules_words(FOLDER, "es", RULES)
TOPICS = ROOT / "corpus" / "topics"
NO_TEXT = {"key", "kind", "id", "jurisdiction", "who", "since", "applies_to"}  # fields of words that no reader sees as a text
NUMBERS = {
    "two": "dos", "three": "tres", "four": "cuatro", "five": "cinco", "six": "seis", "seven": "siete", "eight": "ocho", "nine": "nueve", "ten": "diez",
    "eleven": "once", "twelve": "doce", "twenty": "veinte", "thirty": "treinta", "sixty": "sesenta", "ninety": "noventa",
}  # fmt: skip
ALIKE = {"No"}  # the same in both languages
FAMILIAR = {"tú", "tu", "tus", "puedes", "tienes", "quieres", "debes", "contigo", "vos", "os", "vuestro"}


def numbers(text: str, words: dict[str, str]) -> list[str]:
    """The numbers that a text writes out, in Spanish words. "Neither" and "either" become "of the two"."""
    plain = re.sub(r"\b(?:ningun[oa]|cualquiera) de l[oa]s dos\b", "", text.casefold())
    return sorted(words[word] for word in re.findall(r"\w+", plain) if word in words)


def topic_words() -> dict[str, str]:
    known = topics(TOPICS / "topics.yaml")
    groups = {group["id"]: group["name"] for group in yaml.safe_load((TOPICS / "topics.yaml").read_text("utf-8"))}
    sealed = {id: {**topic, "group": groups[topic["group"]]} for id, topic in known.items()}
    return dict(read_words(TOPICS / "translation" / "es" / "topics.yaml", "es", topic_texts(sealed)))


def help_words() -> dict[str, str]:
    entries = yaml.safe_load((TOPICS / "help.yaml").read_text("utf-8"))
    return dict(read_words(TOPICS / "translation" / "es" / "help.yaml", "es", [entry["for_whom"] for entry in entries if entry["for_whom"]]))


ALL = {**WORDS, **topic_words(), **help_words()}


def test_every_text_that_a_reader_sees_is_translated() -> None:
    texts = {text for relief in RULES.reliefs.values() for text in relief_texts(relief)} | set(facts_texts(RULES))
    assert texts == WORDS.keys() and len(texts) > 1000
    criteria = [criterion for relief in RULES.reliefs.values() for criterion in relief.criteria]
    assert {criterion.wording for criterion in criteria} <= texts and len(criteria) >= 130


def test_no_file_translates_what_is_not_there() -> None:
    base = FOLDER / "translation" / "es"
    there = {path.relative_to(base).with_suffix("").as_posix() for path in base.rglob("*.yaml")}
    assert there == {"facts", *RULES.reliefs}


def test_no_field_of_words_is_forgotten() -> None:
    """A field added to the rules is either translated or named here as no text."""
    for kind in (Fact, Relief, Criterion, Relaxation, Deadline, Note):
        worded = {field.name for field in fields(kind) if "str" in str(field.type)}
        assert worded <= ONE | MANY | NO_TEXT, kind


def test_figures_and_numbers_are_those_of_the_english() -> None:
    spanish_words = {word: word for word in NUMBERS.values()}
    assert not [english for english, spanish in ALL.items() if figures(english) != figures(spanish)]
    assert not [english for english, spanish in ALL.items() if numbers(english, NUMBERS) != numbers(spanish, spanish_words)]
    assert numbers("Two of three years", NUMBERS) == ["dos", "tres"] and numbers("en dos o tres años", spanish_words) == ["dos", "tres"]


def test_it_is_spanish_and_polite() -> None:
    assert {english for english, spanish in ALL.items() if english == spanish} <= ALIKE
    assert not [spanish for spanish in ALL.values() if FAMILIAR & set(re.findall(r"\w+", spanish.casefold()))]
    assert not [spanish for spanish in ALL.values() if re.search(r"\b(?:the|and|person|of)\b", spanish) and "(" not in spanish]


def test_a_question_stays_a_question_and_a_condition_a_condition() -> None:
    for english, spanish in WORDS.items():
        assert english[-1:] in "?." or spanish[-1:] not in "?.", english
        assert english[-1:] not in "?." or english[-1:] == spanish[-1:], english
        assert not spanish.endswith("?") or "¿" in spanish, english
        assert not re.match(r"If [^.]*:", english) or re.match(r"Si [^.]*:", spanish), english


def test_a_check_comes_out_the_same_in_both_languages() -> None:
    """Only words differ: states, places and what is missing do not."""
    spanish = translated(RULES, WORDS)
    day = datetime.date(2026, 11, 22)
    facts = {"in_us": True, "born_on": datetime.date(2008, 1, 1)}
    for mine, theirs in zip(_checked(RULES, facts, day), _checked(spanish, facts, day), strict=True):
        assert [(f.criterion, f.state, f.missing, f.basis) for f in mine.findings] == [(f.criterion, f.state, f.missing, f.basis) for f in theirs.findings]
        assert [finding.wording for finding in theirs.findings] == [WORDS[finding.wording] for finding in mine.findings]
        assert (theirs.title, theirs.ask, len(theirs.due)) == (WORDS[mine.title], mine.ask, len(mine.due))


def _checked(rules: Rules, facts, day: datetime.date):
    def law(place: Place) -> Basis:
        return Basis(place.instrument, place.numbers, place.instrument, None, False, None)

    return check(rules.reliefs.values(), facts, rules, day, law)


GOOD = [{"en": "Under 18 today?", "es": "¿Menos de 18 hoy?"}, {"en": "Yes", "es": "Sí"}]
TEXTS = ["Under 18 today?", "Yes"]


def words_of(folder: Path, rows: object, texts: list[str]) -> dict[str, str]:
    path = folder / "eligibility" / "es" / "made-up.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(rows, allow_unicode=True), "utf-8")
    return dict(read_words(path, "es", texts))


def test_pairs_are_read(tmp_path: Path) -> None:
    assert words_of(tmp_path, GOOD, TEXTS) == {"Under 18 today?": "¿Menos de 18 hoy?", "Yes": "Sí"}


@pytest.mark.parametrize(
    ("rows", "texts", "said"),
    [
        (GOOD, [*TEXTS, "No"], "“No” has no translation"),
        (GOOD, ["Under 18 today?"], "“Yes” is translated, but nothing says it"),
        (GOOD, ["Under 18 now?", "Yes"], "“Under 18 now?” has no translation"),
        ([*GOOD, GOOD[1]], TEXTS, "“Yes” is translated twice"),
        ([{"en": "Under 18 today?", "es": "¿Menos de 21 hoy?"}], TEXTS, "“Under 18 today?” has other figures than its translation"),
        ([{"en": "Yes", "es": ""}], ["Yes"], "is not a pair of en and es"),
        ([{"en": "Yes", "es": True}], ["Yes"], "is not a pair of en and es"),
        ([{"en": "Yes", "fr": "Oui"}], ["Yes"], "is not a pair of en and es"),
        (["Yes"], ["Yes"], "is not a pair of en and es"),
        (None, ["Yes"], "“Yes” has no translation"),
    ],
)
def test_what_does_not_fit_is_refused_with_file_and_text(tmp_path: Path, rows: object, texts: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        words_of(tmp_path, rows, texts)
    assert "made-up.yaml" in str(caught.value) and "\n" not in str(caught.value)


def test_one_text_is_translated_in_one_way(tmp_path: Path) -> None:
    for path in FOLDER.rglob("*.yaml"):
        copy = tmp_path / path.relative_to(FOLDER)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text("utf-8"), "utf-8")
    changed = tmp_path / "translation" / "es" / "us" / "t-derivative.yaml"
    shared = next(text for text in relief_texts(RULES.reliefs["us/t-derivative"]) if text in relief_texts(RULES.reliefs["us/u-derivative"]))
    changed.write_text(changed.read_text("utf-8").replace(WORDS[shared], f"{WORDS[shared]} otra vez"), "utf-8")
    with pytest.raises(ConfigError, match="is translated otherwise elsewhere"):
        read_rules_words(tmp_path, "es", RULES)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"facts\.yaml cannot be read"):
        read_rules_words(tmp_path, "es", RULES)
