"""The README says what is there: every command with its options and an example, every file of the rooms, every link."""

from __future__ import annotations

import re
import shlex

import pytest
import typer

from ingest import catalogue
from ingest.__main__ import app as ingest_app
from kb.__main__ import app as kb_app
from kb.config import ROOT, settings

README = (ROOT / "README.md").read_text("utf-8")
PROGRAMS = {"kb": kb_app, "ingest": ingest_app}
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])


def commands(program: str):
    """The commands of a program by name, as its own help knows them."""
    return typer.main.get_command(PROGRAMS[program]).commands


def listed(program: str) -> dict[str, set[str]]:
    """Commands and options in the README's table for a program."""
    part = README.partition(f"`python -m {program}`\n")[2].partition("\n##")[0]
    rows = re.findall(r"^\| `([\w-]+)[^`]*` \|[^|]*\|([^|]*)\|$", part, re.MULTILINE)
    return {name: set(re.findall(r"--[\w-]+", options)) for name, options in rows}


def examples(program: str) -> list[list[str]]:
    """The lines of the README's code blocks that call a program, as words after its name."""
    return [shlex.split(line.partition("#")[0]) for line in re.findall(rf"^python -m {program} (.+)$", README, re.MULTILINE)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_commands_and_options_are_those_of_the_help(program: str):
    known = {
        name: {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts) if option.startswith("--")} - {"--help"}
        for name, command in commands(program).items()
    }
    assert listed(program) == known


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_command_has_an_example_that_parses(program: str):
    table = commands(program)
    shown = examples(program)
    assert {words[0] for words in shown} == table.keys()
    for words in shown:
        table[words[0]].make_context(words[0], words[1:])  # raises where the words are not the command's


def test_every_file_of_the_rooms_has_a_line():
    part = README.partition("### The rooms")[2].partition("### To add")[0]
    names = re.findall(r"^ *([\w.]+\.(?:py|css)) {2,}\S", part, re.MULTILINE)
    files = [path for room in ("pages", "ingest", "kb") for path in (ROOT / room).rglob("*") if path.suffix in (".py", ".css") and path.name != "__init__.py"]
    assert sorted(names) == sorted([path.name for path in files] + ["app.py"])


def test_settings_named_exist():
    for name in set(re.findall(r"`(KB_[A-Z_]+)`", README)) - {"KB_"}:
        assert settings({name: "auto" if name == "KB_BACKEND" else "weighted" if name == "KB_FUSION" else "1"})


def test_make_targets_named_exist():
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    texts = " ".join(path.read_text("utf-8") for path in DOCUMENTS)
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", texts, re.MULTILINE)) <= made


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_within_the_repository_lead_somewhere(document):
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document.read_text("utf-8"))
    assert not [link for link in links if not (document.parent / link).exists()]


def test_counts_in_the_readme_are_not_above_what_is_there():
    words = re.search(r"more than ([\d,]+)\s+provisions of more than (\d+) instruments, from a catalogue of more than (\d+) instruments in over (\d+)", README)
    checked = re.search(r"more than ([\d,]+) of the summaries are checked", README)
    said = [int(number.replace(",", "")) for number in (*words.groups(), *checked.groups())]
    summaries = catalogue.summaries(ROOT / "corpus" / "summaries")
    entries = catalogue.instruments(ROOT / "corpus" / "catalogue").values()
    against_text = sum(summary.checked_against is not None for summary in summaries)
    there = [len(summaries), len({s.instrument for s in summaries}), len(entries), len({e.jurisdiction for e in entries}), against_text]
    assert all(told <= found for told, found in zip(said, there, strict=True)), there


def test_docs_name_every_licence_in_the_catalogue():
    told = (ROOT / "docs" / "corpus.md").read_text("utf-8")
    licences = {entry.licence for entry in catalogue.instruments(ROOT / "corpus" / "catalogue").values() if entry.licence}
    assert not sorted(licence for licence in licences if licence not in told)
