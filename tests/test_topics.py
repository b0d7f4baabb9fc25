"""The scheme of topics in corpus/topics/topics.yaml, and how the summaries use it."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from ingest import catalogue
from kb.config import ROOT

PATH = ROOT / "corpus" / "topics" / "topics.yaml"


@pytest.fixture(scope="module")
def groups():
    return catalogue.read_yaml(PATH)[0]


@pytest.fixture(scope="module")
def used() -> Counter[str]:
    """How many summaries each topic has."""
    return Counter(topic for summary in catalogue.summaries(ROOT / "corpus" / "summaries") for topic in summary.topics)


def test_two_levels_of_45_to_60_topics(groups):
    assert 5 <= len(groups) <= 12
    assert 45 <= sum(len(group["topics"]) for group in groups) <= 60


def test_every_id_is_a_slug_and_stands_once(groups):
    ids = [*(group["id"] for group in groups), *(topic["id"] for group in groups for topic in group["topics"])]
    assert not [id for id, count in Counter(ids).items() if count > 1]
    assert not [id for id in ids if not re.fullmatch(r"[a-z]+(-[a-z]+)*", id)]


def test_every_topic_has_a_name_and_a_definition_of_one_line(groups):
    for entry in (*groups, *(topic for group in groups for topic in group["topics"])):
        assert entry["name"].strip(), entry["id"]
        assert entry["definition"].endswith("."), entry["id"]
        assert "\n" not in entry["definition"].strip(), entry["id"]


def test_every_topic_has_summaries(used):
    assert not sorted(catalogue.topics(PATH).keys() - used.keys())


def test_every_summary_has_one_to_four_known_topics():
    known = catalogue.topics(PATH).keys()
    wrong = [s.id for s in catalogue.summaries(ROOT / "corpus" / "summaries") if not 1 <= len(s.topics) <= 4 or not known >= set(s.topics)]
    assert not wrong
