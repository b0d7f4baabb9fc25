"""Treaty article -> topic -> national provisions, as corpus/topics/alignment.yaml lets it be read off."""

from __future__ import annotations

from collections import defaultdict

import pytest

from ingest import catalogue
from ingest.stamp import held_wordings, wording_of
from kb.citation import split_id
from kb.config import ROOT, Settings

CORPUS = ROOT / "corpus"
# the articles with substance of each treaty; the rest are final clauses
TREATIES = {
    "int/palermo-protocol": range(1, 15),
    "int/coe-trafficking": range(1, 41),
    "int/ilo-p029": range(1, 7),
    "int/ilo-c189": range(1, 19),
}


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    return catalogue.read_yaml(CORPUS / "topics" / "alignment.yaml")[0]


@pytest.fixture(scope="module")
def national() -> dict[str, set[str]]:
    """By topic, the provisions of national and EU law that have a summary."""
    found = defaultdict(set)
    for summary in catalogue.summaries(CORPUS / "summaries"):
        for topic in summary.topics:
            if not summary.instrument.startswith("int/"):
                found[topic].add(summary.id.removesuffix("#summary"))
    return found


def test_every_row_names_a_known_topic_once(rows):
    topics = [row["topic"] for row in rows]
    assert len(set(topics)) == len(topics)
    assert set(topics) <= catalogue.topics(CORPUS / "topics" / "topics.yaml").keys()
    assert all(set(row) == {"topic", "provisions"} and row["provisions"] for row in rows)


def test_provisions_are_of_the_four_treaties_and_stand_once_a_row(rows):
    for row in rows:
        assert len(set(row["provisions"])) == len(row["provisions"]), row["topic"]
        for id in row["provisions"]:
            instrument, numbers = split_id(id)
            assert int(numbers[0]) in TREATIES[instrument], id


def test_every_article_with_substance_has_a_topic(rows):
    aligned = {(instrument, int(numbers[0])) for row in rows for instrument, numbers in map(split_id, row["provisions"])}
    assert not sorted({(instrument, article) for instrument, articles in TREATIES.items() for article in articles} - aligned)


def test_every_aligned_topic_leads_to_national_provisions(rows, national):
    assert not [row["topic"] for row in rows if not national[row["topic"]]]


def test_palermo_6_6_leads_to_compensation_in_national_law(rows, national):
    """The question that the table is for: who implements Palermo art. 6(6)?"""
    (topic,) = [row["topic"] for row in rows if "int/palermo-protocol~6/6" in row["provisions"]]
    assert topic == "compensation-and-restitution"
    assert {"us/usc/t18~1593", "us/usc/t18~1595", "gb/ukpga/2015/30~8"} <= national[topic]


def test_summaries_of_aligned_articles_share_a_topic_with_the_table(rows):
    """What a summary says an article is about, and what the table says, never part company altogether."""
    topics = defaultdict(set)
    for row in rows:
        for instrument, numbers in map(split_id, row["provisions"]):
            topics[instrument, numbers[0]].add(row["topic"])
    apart = [
        summary.id
        for summary in catalogue.summaries(CORPUS / "summaries")
        if summary.numbers and (key := (summary.instrument, summary.numbers[0])) in topics and not topics[key] & set(summary.topics)
    ]
    assert not apart


@pytest.mark.snapshots
def test_every_aligned_provision_exists(rows, full: Settings):
    entries = catalogue.instruments(CORPUS / "catalogue")
    held = held_wordings(full, entries, set(TREATIES))
    ids = {id for row in rows for id in row["provisions"]}
    assert not sorted(id for id in ids if wording_of((place := split_id(id))[0], list(place[1]), held[place[0]]) is None)
