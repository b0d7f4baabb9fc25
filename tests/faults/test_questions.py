"""B42 to B50: whatever is asked, the command ends with 0, 1 or 2, in one line where it is refused, without a traceback and without the question in a log."""

import json
import logging
import os
import subprocess
import sys

import pytest

from kb.config import ROOT
from kb.errors import QueryError
from kb.model import Filters, Query
from kb.search import search
from tests.faults.driver import plain


def ask(driver, settings, *arguments: str, command: str = "search") -> tuple[int, str, str]:
    environment = {"KB_CORPUS": str(settings.corpus), "KB_INDEX": str(settings.index_dir)}
    return driver.task("command", module="kb", arguments=[command, *arguments], environment=environment)


REFUSED = {
    "empty": "", "blank": " \t\n ", "emoji": "😱🆘", "marks": "??? !!! …", "controls": "\x01\x02\x1b[\x07", "brackets": "(" * 3900, "dashes": "--", "surrogate": "\udc80\udc81", "combining": "\u0301" * 3000,
}  # fmt: skip
TAKEN = {
    "emoji and words": "😱 my boss took my passport 🆘", "controls and words": "pass\x00port\x1b[31m \x07 kept\u202e", "script": "<script>alert('passport')</script>",
    "sql": "'; drop table versions; -- passport", "where": '{"$where": "this.passport"}', "or": '{"$or": []}', "nin": '{"id": {"$nin": [' + "1," * 900 + "1]}}",
    "operators": '"passport" AND (fee OR -lamp*) NEAR/3 title:x^9', "regex bomb": "(a+)+$ " + "a" * 3000 + "!", "regex": r".*(\w+\s?)*$[passport]{1,99999}",
    "numbers": "1.1.1.1.1" * 300, "citations": "s. 1(" + "1)(" * 900, "brackets": "(" * 3900 + "fee", "traversal": "../../etc/passwd", "percent": "%s %n {} {0.__class__}",
    "homoglyph": "раssport", "zero width": "pass\u200bport", "right to left": "\u202epassport", "one letter": "a",
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_questions_that_say_nothing(tiny_store, name):
    with pytest.raises(QueryError, match="the question is blank"):
        search(Query(REFUSED[name]), tiny_store, tiny_store.settings)


@pytest.mark.parametrize("name", TAKEN)
def test_questions_of_every_kind_are_words(tiny_store, name, caplog):
    with caplog.at_level(logging.DEBUG):
        hits = search(Query(TAKEN[name]), tiny_store, tiny_store.settings)
    for hit in hits:
        if hit.kind == "text":
            assert tiny_store.version(hit.version).provision.text[hit.start : hit.end] == hit.text
    assert TAKEN[name] not in caplog.text and "passport" not in caplog.text


def test_a_megabyte_is_refused_before_it_is_embedded(tiny_store, monkeypatch):
    monkeypatch.setattr(type(tiny_store.embedder), "read_queries", lambda *_: pytest.fail("it was embedded"))
    for question in ("passport " * 125_000, "x" * 1_000_000, "\u0301" * 1_000_000):
        with pytest.raises(QueryError, match="the limit is 4000; shorten it") as caught:
            search(Query(question), tiny_store, tiny_store.settings)
        assert "passport" not in str(caught.value)


@pytest.mark.parametrize("filters", [Filters(jurisdiction=("atlantis",)), Filters(kind=("poem",)), Filters(instrument=("nz/none",)), Filters(language=("tlh",))])
def test_unknown_filters_are_refused_and_what_is_known_is_named(tiny_store, filters):
    with pytest.raises(QueryError, match="is not a .* in the knowledge base; known are"):
        search(Query("passport", filters), tiny_store, tiny_store.settings)


@pytest.mark.parametrize("question, code", [("", 1), ("\x01", 1), ("<script>passport</script>", 0), ("'; drop table versions; --", 0), ('{"$where": 1}', 0), ("x" * 100_000, 1)])
def test_the_command_line(driver, tiny, question, code):
    ended, out, err = ask(driver, tiny, "--json", "--", question)
    assert ended == code and "Traceback" not in err + out
    if code:
        assert not out and len(err.strip().splitlines()) == 1 and err.startswith("kb: the question ") and "xxxx" not in err
    else:
        assert json.loads(out)["contract"] == 1 and json.loads(out)["hits"] and not err.strip()


@pytest.mark.parametrize("arguments, code", [
    (("passport", "--limit", "0"), 2), (("passport", "--limit", "-1"), 2), (("passport", "--limit", "1000000"), 2), (("passport", "--limit", "1e6"), 2),
    (("passport", "--limit", "1"), 0), (("passport", "--limit", "100"), 0), (("passport", "--colour"), 2), ((), 2), (("passport", "--as-at", "yesterday"), 1),
    (("passport", "--as-at", "2025-02-30"), 1), (("passport", "--jurisdiction", "atlantis"), 1), (("passport", "--kind", ""), 1),
])  # fmt: skip
def test_options_out_of_range(driver, tiny, arguments, code):
    ended, out, err = ask(driver, tiny, "--json", *arguments)
    assert ended == code, err
    assert "Traceback" not in err and "passport" not in err
    assert bool(out) is (code == 0) and (code == 0 or len(err.strip().splitlines()) == 1)


def test_a_real_process(tiny):
    """Not a fork: the same in a process of its own, as people start it."""
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("KB_")}, "KB_CORPUS": str(tiny.corpus), "KB_INDEX": str(tiny.index_dir)}
    for question, code in (("Who must return a passport?", 0), (" ", 1)):
        ended = subprocess.run([sys.executable, "-m", "kb", "search", "--json", question], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == code and "Traceback" not in ended.stderr
        assert json.loads(ended.stdout)["hits"] if code == 0 else len(ended.stderr.strip().splitlines()) == 1


def test_without_a_knowledge_base_the_line_says_what_to_run(driver, tiny, tmp_path):
    code, out, err = driver.task("command", module="kb", arguments=["search", "passport"], environment={"KB_CORPUS": str(tiny.corpus), "KB_INDEX": str(tmp_path)})
    assert code == 1 and not out and err.startswith("kb: there is no knowledge base in") and err.rstrip().endswith("run: python -m ingest build")
    assert plain(tiny)


def test_a_file_that_cannot_be_written_is_told_in_a_line(driver, tiny, tmp_path):
    questions, nowhere = tmp_path / "q.jsonl", tmp_path / "none" / "run.jsonl"
    questions.write_text('{"id": "a", "query": "passport"}\n', "utf-8")
    code, out, err = ask(driver, tiny, str(questions), "--out", str(nowhere), command="batch")
    assert code == 1 and not out and "Traceback" not in err and "cannot write" in err


def test_a_batch_with_bad_lines(driver, tiny, tmp_path):
    questions, out = tmp_path / "q.jsonl", tmp_path / "run.jsonl"
    rows = [{"id": "a", "query": "passport"}, {"id": "b", "query": ""}, {"id": "c", "query": "x" * 10_000}, {"id": "d", "query": "fee", "filters": {"kind": ["poem"]}}]
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    code, _, err = ask(driver, tiny, str(questions), "--mode", "search", "--out", str(out), command="batch")
    assert code == 0, err
    made = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [row["id"] for row in made] == ["a", "b", "c", "d"] and made[0]["hits"] and all("error" in row for row in made[1:])
    for bad in ("{", "[]", '{"id": 1}', '{"id": 1, "query": "x", "filters": {"colour": 1}}', '{"id": 1, "query": "x", "filters": 3}'):
        questions.write_text('{"id": "a", "query": "fee"}\n' + bad + "\n", "utf-8")
        code, _, err = ask(driver, tiny, str(questions), "--out", str(out), command="batch")
        assert code == 1 and "q.jsonl:2: " in err and "Traceback" not in err, bad
