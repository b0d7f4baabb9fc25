"""Command line of the reader: python -m kb."""

from __future__ import annotations

import json
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from kb.config import Settings, settings
from kb.errors import ConfigError, KBError, QueryError
from kb.model import Answer, Filters, Query, Statement
from kb.report import CONTRACT, answer_json, narrowed, read_lines, search_json

app = typer.Typer(help="Ask Haven's knowledge base.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Jurisdiction = Annotated[list[str] | None, typer.Option("--jurisdiction", help="Only this jurisdiction (int, eu, us, us-ca, gb ...); may be repeated.")]
Kind = Annotated[list[str] | None, typer.Option("--kind", help="Only treaty, statute, regulation, directive or guidance; may be repeated.")]
InstrumentId = Annotated[list[str] | None, typer.Option("--instrument", help="Only this instrument, by id; may be repeated.")]
Language = Annotated[list[str] | None, typer.Option("--language", help="Only texts in this language (en, es, fr ...).")]
AsAt = Annotated[str | None, typer.Option("--as-at", help="The wording in force on this date, YYYY-MM-DD.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100, help="How many hits.")]
NoSummaries = Annotated[bool, typer.Option("--no-summaries", help="Official texts only, without Haven's own summaries.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for other programs.")]
Prose = Annotated[bool | None, typer.Option("--prose/--no-prose", help="Let the language model of KB_PROSE_URL write too; on where one is set.")]


def _store(chosen: Settings):
    from kb.store import Store

    store = Store.open(chosen)
    if store.notice:
        print(store.notice, file=sys.stderr)
    return store


def _prose(wanted: bool | None, chosen: Settings) -> bool:
    """Whether a language model takes part; says where questions go before they do.

    Raises: ConfigError where it is asked for and none is set.
    """
    if wanted is False:
        return False
    from kb.prose import disclosure, enabled

    if wanted and not enabled(chosen):
        raise ConfigError("--prose needs a language model: set KB_PROSE_URL to an OpenAI-compatible endpoint")
    if enabled(chosen):
        print(f"A language model is on. {disclosure(chosen)}", file=sys.stderr)
    return enabled(chosen)


def _answered(query: Query, store, chosen: Settings, prose: bool) -> Answer:
    from kb.answer import ask as answer_question

    answer = answer_question(query, store, chosen)
    if prose:
        from kb.prose import rewrite

        answer = rewrite(answer, store, chosen)
    return answer


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False))


def _dated(as_at: str | None, instrument_kind: str) -> str:
    if not as_at:
        return "date unknown"
    return f"copy of {as_at}" if instrument_kind == "treaty" else f"as at {as_at}"


@app.command()
def search(
    question: str, jurisdiction: Jurisdiction = None, kind: Kind = None, instrument: InstrumentId = None, language: Language = None, as_at: AsAt = None,
    limit: Limit = 10, no_summaries: NoSummaries = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """The passages that come nearest to a question or citation, best first."""
    from kb.search import search as find

    chosen = settings(os.environ, top=limit)
    query = Query(question, narrowed(jurisdiction, kind, instrument, language, as_at, no_summaries))
    store = _store(chosen)
    hits = find(query, store, chosen)
    if as_json:
        _print_json(search_json(query, hits))
        return
    for hit in hits:
        label = "  [our summary]" if hit.kind == "summary" else "  [damaged copy]" if hit.damaged else ""
        print(f"{hit.rank:2}. {hit.citation}{label}  ({_dated(hit.as_at, store.instruments[hit.instrument]['kind'])}; score {hit.score:.3f})")
        print(f"    {hit.text[:300].replace(chr(10), ' ')}{' …' if len(hit.text) > 300 else ''}\n    {hit.official_url or ''}")


@app.command()
def ask(
    question: str, jurisdiction: Jurisdiction = None, kind: Kind = None, instrument: InstrumentId = None, language: Language = None, as_at: AsAt = None,
    no_summaries: NoSummaries = False, prose: Prose = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """An answer in our plain words and the law's own, every statement cited."""
    chosen = settings(os.environ)
    query = Query(question, narrowed(jurisdiction, kind, instrument, language, as_at, no_summaries))
    written = _prose(prose, chosen)
    store = _store(chosen)
    answer = _answered(query, store, chosen, written)
    if as_json:
        _print_json(answer_json(answer))
        return
    _print_answer(answer, store)


def _beside(statement: Statement) -> str:
    """What a further quotation is there for."""
    labels = {"definition": f"What “{statement.term}” means", "exception": "An exception", "condition": "Subject to", "override": "Goes before it"}
    return labels.get(statement.why, "Also relevant")


def _print_answer(answer: Answer, store) -> None:
    print(f"[{answer.status}]")
    if answer.survey:
        _print_survey(answer)
    for statement in answer.answer:
        cited = answer.citations[statement.citations[0]]
        if statement.role == "prose":
            print(f"\nA language model, over {'; '.join(answer.citations[n].citation for n in statement.citations)}:\n  {statement.text}")
            continue
        label = "Our summary" if cited.kind == "summary" else _beside(statement) if statement.role == "related" else "The law"
        print(f"\n{label}, {cited.citation} ({_dated(cited.as_at, store.instruments[cited.instrument]['kind'])}):\n  {statement.text}\n  {cited.official_url or ''}")
    for note in answer.notes:
        print(f"\nNote: {note}")
    for hit in answer.nearest:
        print(f"\nNearest: {hit.citation}: {hit.text[:160].replace(chr(10), ' ')}")
    print(f"\nSearched {answer.searched['passages']} passages of {answer.searched['instruments']} instruments. Not legal advice.")


def _print_survey(answer: Answer) -> None:
    """What each of the places or laws asked about has, and what has nothing, by name."""
    from kb.survey import NOTE, STATES, without

    print("\nPlace by place:")
    for row in answer.survey:
        if row.citation is not None:
            cited = answer.citations[row.citation]
            ours = f"; our summary{'' if row.ours else ' below'}" if cited.kind == "summary" else ""
            print(f"  {row.name}: {cited.citation}{ours}\n    {'in our words: ' if row.ours else ''}{row.line}" if row.line else f"  {row.name}: {cited.citation}{ours}")
    for state, names in without(answer.survey).items():
        print(f"  {STATES[state].capitalize()}: {', '.join(names)}")
    print(f"  {NOTE}")


@app.command()
def batch(
    questions: Annotated[Path, typer.Argument(help='JSON Lines: {"id", "query", "filters"}.')],
    out: Annotated[Path, typer.Option("--out", help="Where the run is written, JSON Lines.")],
    mode: Annotated[str, typer.Option("--mode", help="search or ask.")] = "search",
    limit: Limit = 10,
    no_summaries: NoSummaries = False,
    prose: Prose = None,
) -> None:
    """Many questions in one process; a line of JSON each, with the question's id."""
    if mode not in ("search", "ask"):
        raise typer.BadParameter("it must be search or ask", param_hint="--mode")
    from tqdm import tqdm

    from kb.search import search as find

    chosen = settings(os.environ, top=limit)
    rows = read_questions(questions)
    written = mode == "ask" and _prose(prose, chosen)
    store = _store(chosen)
    with _opened(out) as file:
        for id, query in tqdm(rows, desc=mode, unit="question", disable=None):
            if no_summaries:
                query = Query(query.text, Filters(**{**asdict(query.filters), "summaries": False}))
            try:
                made = search_json(query, find(query, store, chosen)) if mode == "search" else answer_json(_answered(query, store, chosen, written))
            except QueryError as exc:
                made = {"contract": CONTRACT, "query": query.text, "error": str(exc)}
            file.write(json.dumps({"id": id, **made}, ensure_ascii=False) + "\n")


def read_questions(path: Path) -> list[tuple[str, Query]]:
    """Ids and queries of a file of questions.

    Raises: QueryError, with file and line, for a line that is not a question.
    """
    return read_lines(path, "a question with id, query and known filters", _question)


def _question(row: Any) -> tuple[str, Query]:
    values = row.get("filters") or {}
    filters = Filters(**{key: value if key in ("as_at", "summaries") else _several(value) for key, value in values.items()})
    return row["id"], Query(row["query"], filters)


def _several(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


@app.command()
def show(citation: Annotated[str, typer.Argument(help="An id or a citation as printed: 8 CFR 214.204(b).")], as_json: AsJson = False) -> None:
    """One provision whole, with its context, its versions and the official link."""
    from kb.show import show as describe

    chosen = settings(os.environ)
    found = describe(citation, _store(chosen))
    if as_json:
        _print_json({"contract": CONTRACT, **found})
        return
    print(found["citation"], *([f"— {found['heading']}"] if found["heading"] else []))
    print(" > ".join(found["context"]))
    if found["kind"] == "summary":
        print("\n[our summary; the official text is not held]")
    print(f"\n{found['text']}\n")
    for version in found["versions"]:
        print(f"  version: as at {version['as_at'] or 'unknown'}, {version['format']}{', current' if version['current'] else ''}{', damaged' if version['damaged'] else ''}")
    print(found["official_url"] or "")


@app.command()
def check(
    facts: Annotated[Path, typer.Argument(help="Facts about one person, YAML; corpus/eligibility/facts.yaml lists them.")],
    relief: Annotated[list[str] | None, typer.Option("--relief", help="Only this form of relief, such as us/t-status; may be repeated.")] = None,
    on: Annotated[str | None, typer.Option("--on", help="The day of the check, YYYY-MM-DD; today unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """What the law's tests for each form of relief say to a set of facts, and what to ask next."""
    import datetime

    from kb import eligibility
    from kb.findings import as_text, check_json
    from kb.rules import read_rules

    chosen = settings(os.environ)
    day = eligibility.day(on) if on else datetime.date.today()
    rules = read_rules(chosen.corpus / "eligibility")
    told, reliefs = eligibility.read_facts(facts, rules), eligibility.chosen(relief or (), rules)
    outcomes = eligibility.check(reliefs, told, rules, day, eligibility.law_of(_store(chosen)))
    if as_json:
        _print_json(check_json(outcomes, rules, day))
        return
    print(as_text(outcomes, rules, day), end="")


@app.command()
def compare(
    topic: Annotated[str | None, typer.Argument(help="A topic by id or name, or a treaty article: int/palermo-protocol~6/6. Without it, the topics.")] = None,
    jurisdiction: Jurisdiction = None,
    limit: Limit = 10,
    as_json: AsJson = False,
    to_csv: Annotated[Path | None, typer.Option("--csv", help="Write the table to this file, as CSV.")] = None,
    to_docx: Annotated[Path | None, typer.Option("--docx", help="Write the table to this file, for Word.")] = None,
) -> None:
    """A topic across jurisdictions, or where national law speaks of what a treaty article speaks of."""
    import datetime

    from kb import compare as comparing
    from kb import tables

    store = _store(settings(os.environ))
    if topic is None:
        _print_topics(list(comparing.topics(store).values()), as_json)
        return
    comparisons, told = comparing.compared(topic, jurisdiction or [], limit, store)
    if to_docx:
        _write(to_docx, tables.as_docx(comparisons, store, datetime.date.today().isoformat()))
    if to_csv:
        _write(to_csv, tables.as_csv(comparisons, store).encode("utf-8-sig"))  # the mark tells spreadsheets the encoding
    if as_json:
        _print_json({"contract": CONTRACT, **told})
        return
    for comparison in comparisons:
        _print_comparison(comparison, store)
    print(f"\n{comparing.POINTER} Not legal advice.")


def _print_topics(known: list[Any], as_json: bool) -> None:
    if as_json:
        _print_json({"contract": CONTRACT, "topics": [asdict(topic) for topic in known]})
        return
    for topic in known:
        print(f"{topic.id:32} {topic.name}: {topic.definition}")


def _print_comparison(comparison, store) -> None:
    from kb.citation import jurisdiction_name
    from kb.compare import STANDARD, STATES

    print(f"\n{comparison.topic.name.upper()}\n{comparison.topic.definition}")
    for place, cell in enumerate((comparison.standard, *comparison.cells)):
        print(f"\n== {jurisdiction_name(cell.jurisdiction) if place else STANDARD}")
        if not cell.provisions:
            print(f"  {STATES[cell.state]}")
        for found in cell.provisions:
            checked = "" if found.checked else ", not yet checked"
            print(f"  {found.citation} ({_dated(found.as_at, store.instruments[found.instrument]['kind'])})")
            print(f"    our summary{checked}: {found.line}" if found.line else "    no summary")
            print(f"    {found.pinpoint}: “{found.quote}”" if found.quote is not None else "    text not held")
            print(*(f"    note: {warning}\n" for warning in found.warnings), sep="", end="")
        if cell.more:
            print(f"  and {cell.more} more: raise --limit")


@app.command()
def export(
    question: str,
    to: Annotated[Path | None, typer.Option("--to", help="File to write: .docx, .md, .bib, .ris or .json (CSL-JSON).")] = None,
    receipt: Annotated[Path | None, typer.Option("--receipt", help="File for the answer's receipt, which `verify` reads.")] = None,
    with_question: Annotated[bool, typer.Option("--with-question", help="Write the question into the files too.")] = False,
    jurisdiction: Jurisdiction = None, kind: Kind = None, instrument: InstrumentId = None, language: Language = None, as_at: AsAt = None,
    no_summaries: NoSummaries = False,
) -> None:  # fmt: skip
    """An answer's quotations as a file to take away, with full citations; or the receipt of it."""
    import datetime

    from kb import export as taken
    from kb.receipt import of_answer, text_of

    if not (to or receipt):
        raise typer.BadParameter("say which file to write", param_hint="--to or --receipt")
    chosen = settings(os.environ)
    query = Query(question, narrowed(jurisdiction, kind, instrument, language, as_at, no_summaries))
    store = _store(chosen)
    answer, today = _answered(query, store, chosen, prose=False), datetime.date.today()
    dossier = taken.of_answer(answer, store, today, with_question)
    if to:
        _write(to, taken.write(dossier, to.suffix))
    if receipt:
        _write(receipt, text_of(of_answer(answer, store, today, with_question)).encode())


def _write(path: Path, content: bytes) -> None:
    """Raises: QueryError where the file cannot be written."""
    try:
        path.write_bytes(content)
    except OSError as exc:
        raise _unwritable(path, exc) from exc
    print(f"wrote {path}", file=sys.stderr)


def _opened(path: Path) -> TextIO:
    """Raises: QueryError where the file cannot be written."""
    try:
        return path.open("w", encoding="utf-8", errors="replace")
    except OSError as exc:
        raise _unwritable(path, exc) from exc


def _unwritable(path: Path, exc: OSError) -> QueryError:
    return QueryError(f"cannot write {path}: {exc.strerror}")


def _read(path: Path) -> bytes:
    """Raises: QueryError where the file cannot be read."""
    try:
        return path.read_bytes()
    except OSError as exc:
        raise QueryError(f"cannot read {path}: {exc.strerror}") from exc


@app.command()
def verify(receipt: Annotated[Path, typer.Argument(help="A receipt or a folder of saved passages, as Haven wrote it.")], as_json: AsJson = False) -> None:
    """What became of each quotation of a receipt: the same, changed since, no longer held; exit code 1 where one was never in the record."""
    from kb import receipt as receipts

    read = receipts.read(_read(receipt))
    store = _store(settings(os.environ))
    verdicts = receipts.verify(read, store)
    if as_json:
        _print_json(receipts.verified_json(read, verdicts, store))
    else:
        for verdict in verdicts:
            print(f"{verdict.state:10}  {verdict.saved.cited.citation}: {verdict.words}")
            print(_changes(verdict.changes), end="")
    if forged := [verdict.saved.cited.citation for verdict in verdicts if verdict.state == "forged"]:
        raise QueryError(f"{len(forged)} of {len(verdicts)} quotations were never in the record: {'; '.join(forged)}")


def _changes(pieces) -> str:
    """Two wordings in one line, what was taken out as [-...-] and what was put in as {+...+}; nothing where they are the same."""
    marks = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    line = "".join(marks[piece.kind].format(piece.text) for piece in pieces).replace("\n", " ")
    return f"            {line}\n" if pieces else ""


@app.command()
def draft(file: Annotated[Path, typer.Argument(help="The draft, as plain text (UTF-8).")], as_json: AsJson = False) -> None:
    """Every citation of a draft resolved, and every quotation compared word for word with the record."""
    from kb.draft import check as review
    from kb.draft import review_json

    try:
        text = _read(file).decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise QueryError(f"{file} is not plain text in UTF-8; save the draft as plain text") from exc
    found = review(text, _store(settings(os.environ)))
    if as_json:
        _print_json(review_json(found))
        return
    for citation in found.citations:
        print(f"{citation.state:17}  {' '.join(citation.text.split())}: {citation.words}")
    for quoted in found.quotations:
        print(f"{quoted.state:17}  “{' '.join(quoted.text.split())[:80]}”: {quoted.words}")
        print(_changes(quoted.changes), end="")


@app.command()
def evaluate(
    questions: Annotated[Path, typer.Argument(help="Judged questions, JSON Lines.")],
    unanswerable: Annotated[Path | None, typer.Option("--unanswerable", help="Questions that should be declined, JSON Lines.")] = None,
    naive: Annotated[bool, typer.Option("--naive", help="Also build and score the naive starter (minutes).")] = False,
    ablation: Annotated[bool, typer.Option("--ablation", help="Also the baselines, and every stage left out in turn.")] = False,
    judged: Annotated[Path | None, typer.Option("--judged", help="Answer points judged by hand, JSON Lines (docs/answer-points.md).")] = None,
    no_summaries: NoSummaries = False,
    as_json: AsJson = False,
) -> None:
    """Scores over judged questions, with intervals: by system, style, jurisdiction and kind, and the shares declined and well cited."""
    from dataclasses import replace

    from kb import ablation as systems
    from kb import evaluate as judge

    chosen = settings(os.environ, surfaces="passage" if no_summaries else None)
    asked = judge.read_judged(questions)
    store = _store(chosen)
    wanted = dict(systems.SYSTEMS if ablation else {"everything, as in force": {}})
    runs = {systems.NAIVE: systems.run_naive(asked, store)} if naive else {}
    found = systems.lines(asked, {**runs, **systems.run_all(wanted, asked, store, chosen, _running)})
    parts = systems.lines(asked, systems.run_all(systems.STAGES, asked, store, chosen, _running)) if ablation else []
    shares = _shares(asked, unanswerable, store, replace(chosen, top=10), not no_summaries)
    if judged:
        shares |= judge.point_shares(judge.read_points(judged))
    if as_json:
        means = {line.name: {name: float(line.plain[name].mean()) for name in judge.NAMES} for line in (*found, *parts)}
        _print_json({"contract": CONTRACT, "systems": means, "shares": shares})
        return
    about = {
        "style": lambda q: q.style,
        "jurisdiction": lambda q: judge.first_gold(q, store)["jurisdiction"],
        "kind": lambda q: judge.first_gold(q, store)["kind"],
    }
    tables = [systems.table(found), *([systems.ablation(found[-1], parts)] if parts else []), systems.splits(asked, found[-1], about), systems.shares_table(shares)]
    print("\n\n".join(tables))


def _running(name: str) -> None:
    print(f"running: {name}", file=sys.stderr)


def _shares(asked, unanswerable: Path | None, store, chosen: Settings, summaries: bool) -> dict[str, float]:
    """The shares over answers: wrongly declined, well cited, byte-exact and, where such questions are given, rightly declined."""
    from kb import evaluate as judge
    from kb.answer import ask as answer_question

    def answers(questions) -> list[Answer]:
        return [answer_question(Query(q.query, Filters(summaries=summaries)), store, chosen) for q in questions]

    shares = judge.answer_shares(asked, answers(asked), store)
    others = judge.read_judged(unanswerable) if unanswerable else []
    return {**shares, **(judge.declined_by_kind(others, answers(others)) if others else {})}


@app.command()
def serve(
    http: Annotated[bool, typer.Option("--http", help="HTTP with an OpenAPI page instead of MCP over stdin and stdout.")] = False,
    host: Annotated[str, typer.Option("--host", help="The address to listen on, with --http.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen on, with --http.")] = 8502,
    open_to_network: Annotated[bool, typer.Option("--open-to-network", help="Allow a --host that other computers reach: no password, no encryption.")] = False,
) -> None:
    """Serve the same operations to other programs on this computer: MCP, or HTTP."""
    from kb import serve as server

    desk = server.Desk(settings(os.environ))
    if http:
        server.serve_http(desk, host, port, open_to_network)
    else:
        server.serve_mcp(desk)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Whether the knowledge base is whole, what it holds and which settings are in force."""
    from kb.store import published, read_generation, verify

    chosen = settings(os.environ)
    names = published(chosen.index_dir)
    if not names:
        _store(chosen)  # raises, saying what to run
    folder = chosen.index_dir / "generations" / names[0]
    verify(folder, chosen)
    manifest = read_generation(folder)
    shown = {name: manifest[name] for name in ("generation", "created_at", "schema", "model", "counts")}
    if as_json:
        _print_json({"contract": CONTRACT, **shown})
        return
    for name, value in shown.items():
        print(f"{name}: {value}")
    print("verified: files, counts and indexes agree")


def main() -> int:
    """Run the command line; 0 done, 1 an error of ours in one line, 2 wrong usage."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        return app(standalone_mode=False) or 0
    except KBError as exc:
        print(f"kb: {exc}", file=sys.stderr)
        return 1
    except typer.TyperException as exc:
        if words := exc.format_message():  # blank where the help was shown instead
            print(f"kb: {words.rstrip('.')}; see: python -m kb --help", file=sys.stderr)
        return 2
    except typer.Abort:
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
