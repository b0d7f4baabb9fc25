"""Every summary in corpus/summaries: its fields, its length, its questions, and, where the official text is there, what it says against the law."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from ingest import catalogue
from ingest.build import Wording, sha256
from ingest.stamp import held_wordings, lacks, wording_of
from kb.citation import format_id
from kb.config import ROOT, Settings

CORPUS = ROOT / "corpus"
FIELDS = {"instrument", "numbers", "heading", "summary", "facts", "questions", "topics", "official_url", "as_at", "checked_against"}
SPANISH = ("us", "ca", "eu", "int")  # jurisdictions whose provisions are asked about in Spanish too
RUN = 12  # words in a row that a summary must not share with the law


@pytest.fixture(scope="module")
def entries():
    return catalogue.instruments(CORPUS / "catalogue")


@pytest.fixture(scope="module")
def rows() -> list[tuple[str, dict[str, Any]]]:
    """Every summary as it stands in its file, with its place."""
    found = []
    for path in sorted((CORPUS / "summaries").rglob("*.yaml")):
        data, lines = catalogue.read_yaml(path)
        found += [(f"{path.relative_to(CORPUS)}:{line}", row) for row, line in zip(data or [], lines, strict=True)]
    return found


@pytest.fixture(scope="module")
def held(full: Settings, entries, rows) -> dict[str, dict[str, Wording]]:
    """The current wordings of every summarised instrument that the snapshots hold."""
    return held_wordings(full, entries, {row["instrument"] for _, row in rows})


def numbers_of(row: dict[str, Any]) -> list[str]:
    return [str(number) for number in row["numbers"]]


def test_there_are_enough(rows):
    assert len(rows) >= 700
    assert len({row["instrument"] for _, row in rows}) >= 70


def test_every_field_is_there(rows, entries):
    """An address is null only where the catalogue has none of the instrument either; a date only with the wording that bears it."""
    wrong = [
        place
        for place, row in rows
        if not FIELDS <= row.keys()
        or not (row["heading"] and row["facts"])
        or not (row["official_url"] or entries[row["instrument"]].official_url is None)
        or (row["as_at"] and not row["checked_against"])
    ]
    assert not wrong


def test_every_summary_is_of_a_catalogued_instrument(rows, entries):
    assert not sorted({row["instrument"] for _, row in rows} - entries.keys())


def test_summaries_have_40_to_120_words(rows):
    assert not [f"{place}: {count}" for place, row in rows if not 40 <= (count := len(row["summary"].split())) <= 120]


def test_each_has_three_to_six_questions_and_none_twice(rows):
    assert not [f"{place}: {len(row['questions'])}" for place, row in rows if not 3 <= len(row["questions"]) <= 6]
    assert not [place for place, row in rows if len({question.casefold() for question in row["questions"]}) < len(row["questions"])]


def test_two_spanish_questions_for_american_canadian_eu_and_treaty_provisions(rows):
    missing = [place for place, row in rows if row["instrument"].split("/")[0] in SPANISH and len(row.get("questions_es") or ()) != 2]
    assert not missing
    assert not [place for place, row in rows for question in row.get("questions_es") or () if not re.search(r"[¿¡]", question)]


def test_topics_are_known_and_one_to_four(rows):
    known = catalogue.topics(CORPUS / "topics" / "topics.yaml")
    assert not [place for place, row in rows if not 1 <= len(set(row["topics"])) == len(row["topics"]) <= 4]
    assert not [f"{place}: {topic}" for place, row in rows for topic in row["topics"] if topic not in known]


# what readers made of them


def told_of_understanding() -> dict[str, tuple[float, int, int]]:
    """The shares that docs/corpus.md gives, by verdict: the share, and the count and the whole behind it."""
    text = (ROOT / "docs" / "corpus.md").read_text("utf-8")
    part = text.partition("<!-- understanding:start -->")[2].partition("<!-- understanding:end -->")[0]
    shares = re.findall(r"(\.\d{3})\s+(?:were|fell) (right in part|right|wrong|silent|outside)\b[^;.]*?\((\d+)\s+of\s+(\d+)\)", part)
    return {{"right in part": "partly"}.get(verdict, verdict): (float(share), int(count), int(whole)) for share, verdict, count, whole in shares}


def test_share_understood_is_the_one_in_the_docs():
    """The verdicts counted from the review itself; two questions a summary, one summary an instrument. `-s` prints them."""
    lines = (ROOT / "docs" / "reviews" / "understanding-2026-11-22.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    verdicts = Counter(row["verdict"] for row in rows)
    shares = {verdict: (round(count / len(rows), 3), count, len(rows)) for verdict, count in verdicts.items()}
    print("\nunderstanding:", ", ".join(f"{verdict} {share:.3f} ({count} of {whole})" for verdict, (share, count, whole) in shares.items()))
    assert shares == told_of_understanding()
    asked = Counter(row["id"] for row in rows)
    assert set(asked.values()) == {2} and len({re.split("[~#]", provision)[0] for provision in asked}) == len(asked) == 100
    assert not [row["id"] for row in rows if row["verdict"] != "right" and not row["note"]]


# against the official text


@pytest.mark.snapshots
def test_every_number_path_exists_where_the_text_is_held(rows, held, entries):
    missing = []
    for place, row in rows:
        instrument, numbers, wordings = row["instrument"], numbers_of(row), held.get(row["instrument"], {})
        if wording_of(instrument, numbers, wordings) is None and lacks(entries[instrument], instrument, numbers, wordings):
            missing.append(f"{place}: {'/'.join(numbers)}")
    assert not missing


@pytest.mark.snapshots
def test_checked_against_is_the_digest_of_the_current_wording(rows, held):
    wrong = []
    for place, row in rows:
        wording = wording_of(row["instrument"], numbers_of(row), held.get(row["instrument"], {}))
        expected = (sha256(wording.provision.text), wording.snapshot.as_at) if wording else (None, None)
        if (row["checked_against"], row["as_at"]) != expected:
            wrong.append(f"{place}: {format_id(row['instrument'], numbers_of(row))}; read the wording again, then run: python -m ingest stamp")
    assert not wrong


def words(text: str) -> list[str]:
    """Lower-case runs of letters and digits."""
    return re.findall(r"\w+", text.casefold())


def runs(text: str) -> set[tuple[str, ...]]:
    own = words(text)
    return {tuple(own[start : start + RUN]) for start in range(len(own) - RUN + 1)}


def without(text: str, titles: re.Pattern[str]) -> list[str]:
    """The pieces of a text between the titles of laws that it names, which nobody can put in other words."""
    return titles.split(text)


def ours(row: dict[str, Any]) -> Iterator[str]:
    """All that we wrote of a provision, its heading left out."""
    yield row["summary"]
    yield from map(str, row["facts"].values())
    for field, values in row.items():
        if field.startswith("questions"):
            yield from values or ()


@pytest.mark.snapshots
def test_no_run_of_twelve_words_is_a_laws_own(rows, full, entries):
    """Against every law held, since laws repeat each other; titles, headings and citations exempt, questions and facts not."""
    titles = sorted({title for entry in entries.values() for title in (entry.title, entry.short_title)}, key=len, reverse=True)
    named = re.compile("|".join(map(re.escape, titles)), re.IGNORECASE)
    mine = {run: place for place, row in rows for text in ours(row) for piece in without(text, named) for run in runs(piece)}
    held = held_wordings(full, entries, set(entries))
    shared = {f"{mine[run]}: {' '.join(run)}" for wordings in held.values() for wording in wordings.values() for run in mine.keys() & runs(wording.provision.text)}
    assert not sorted(shared)


# numbers in facts


UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
    "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12,
    "fifteenth": 15, "eighteenth": 18, "twentieth": 20, "thirtieth": 30, "once": 1, "twice": 2,
}  # fmt: skip
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "lakh": 100_000, "crore": 10_000_000}
_DIGITS = re.compile(r"\d{1,3}(?:[, \u00a0]\d{3})+(?![\d])(?:\.\d+)?|\d+(?:\.\d+)*")
_ELSEWHERE = re.compile(r"(?:sections?|articles?|regulations?|§+|s\.|arts?\.) ?(\d+[A-Z]*(?:-[A-Z\d]+)?)")


def digits(text: str) -> set[str]:
    """The numbers written in digits, as they would be without what groups thousands: 5,000 and 5 000 are 5000, 5 million is 5000000."""
    scaled = re.compile(rf"(\d+(?:\.\d+)?) ({'|'.join(SCALES)})\b", re.IGNORECASE)
    found = {f"{float(number) * SCALES[scale.casefold()]:.0f}" for number, scale in scaled.findall(text)}
    plain = {re.sub(r"[, \u00a0]", "", match[0]) for match in _DIGITS.finditer(scaled.sub(" ", text))}
    return found | {re.sub(r"\.0+$", "", number.lstrip("0") or "0") for number in plain}


def spoken(text: str) -> set[str]:
    """The numbers written in words: "one hundred and eighty days" says 180; each part counts too."""
    found: set[str] = set()
    total = current = 0
    counting = False
    for word in [*re.findall(r"[a-z]+", text.casefold()), ""]:
        value = UNITS.get(word, ORDINALS.get(word))
        if value is not None:
            current, counting = current + value, True
            found.add(str(value))
        elif word in SCALES and counting:
            scale = SCALES[word]
            if scale == 100:
                current *= 100
            else:
                total, current = total + current * scale, 0
        elif not (word == "and" and counting):
            if counting:
                found.add(str(total + current))
            total, current, counting = 0, 0, False
    return found


def _named(wording: Wording, fact: str) -> bool:
    """Whether a fact says that it rests on this provision: "(section 3)", "(Schedule)"."""
    first = (wording.provision.numbers or ("",))[0]
    return first in _ELSEWHERE.findall(fact) or ("Schedule" in fact and first.startswith("Schedule"))


def said(wordings: list[Wording]) -> set[str]:
    """Every number in provisions: their text, headings, notes and own numbers."""
    parts = [
        " ".join([w.provision.text, w.provision.heading, *w.provision.context, *w.provision.numbers, *(span.text for span in w.provision.spans)])
        for w in wordings
    ]
    return set[str]().union(*(digits(part) | spoken(part) for part in parts))


def test_numbers_are_read_in_digits_and_in_words():
    assert {"5000", "30"} <= digits("a fine of 5,000 euros within 30 days")
    assert {"500000", "8", "1502.05"} <= digits("R$ 500 000, article 8, N$ 1 502.05")
    assert {"180", "20", "25", "41"} <= spoken("one hundred and eighty days, twenty or twenty-five years, the forty-first State")
    assert "1000000" in spoken("one million pesos")


@pytest.mark.snapshots
def test_numbers_in_facts_stand_in_the_official_wording(rows, held):
    """For texts in English: each number of a fact, in digits or in words, stands in the provision, or in the one that the fact itself names."""
    missing = []
    for place, row in rows:
        own = held.get(row["instrument"], {})
        wording = wording_of(row["instrument"], numbers_of(row), own)
        if wording is None or not wording.snapshot.language.startswith("en"):
            continue
        known = said([wording] if row["numbers"] else list(own.values()))
        for key, value in row["facts"].items():
            lost = digits(str(value)) - known
            if lost:
                lost -= said([other for other in own.values() if _named(other, str(value))])
            missing += [f"{place}: {key}: {value}: {', '.join(sorted(lost))}"] if lost else []
    assert not missing
