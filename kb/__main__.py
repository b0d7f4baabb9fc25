"""Command line of the reader: python -m kb."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from kb.config import Settings, settings
from kb.errors import ConfigError, KBError, QueryError
from kb.model import Answer, Filters, Hit, Query

CONTRACT = 1
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


def _filters(jurisdiction, kind, instrument, language, as_at, no_summaries) -> Filters:
    return Filters(tuple(jurisdiction or ()), tuple(kind or ()), tuple(instrument or ()), tuple(language or ()), _date(as_at), not no_summaries)


def _date(value: str | None) -> str | None:
    import datetime

    if value is None:
        return None
    try:
        return datetime.date.fromisoformat(value).isoformat()
    except ValueError as exc:
        raise QueryError(f"{value!r} is not a date; write it as 2025-01-31") from exc


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


def hit_json(hit: Hit) -> dict[str, Any]:
    """A hit with the contract's fields."""
    names = (
        "rank", "score", "passage_id", "instrument", "numbers", "citation", "kind", "text", "start", "end", "official_url", "as_at", "language",
        "damaged",
    )  # fmt: skip
    return {name: getattr(hit, name) for name in names}


def search_json(query: Query, hits: Sequence[Hit]) -> dict[str, Any]:
    """The object that `search --json` prints."""
    return {"contract": CONTRACT, "query": query.text, "hits": [hit_json(hit) for hit in hits]}


def answer_json(answer: Answer) -> dict[str, Any]:
    """The object that `ask --json` prints."""
    names = ("instrument", "numbers", "citation", "kind", "quote", "start", "end", "digest", "official_url", "as_at")
    return {
        "contract": CONTRACT,
        "query": answer.query,
        "status": answer.status,
        "answer": [{"text": s.text, "citations": list(s.citations), "role": s.role} for s in answer.answer],
        "citations": [{name: getattr(cited, name) for name in names} for cited in answer.citations],
        "searched": answer.searched,
        "notes": list(answer.notes),
        "nearest": [hit_json(hit) for hit in answer.nearest],
    }


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
    query = Query(question, _filters(jurisdiction, kind, instrument, language, as_at, no_summaries))
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
    query = Query(question, _filters(jurisdiction, kind, instrument, language, as_at, no_summaries))
    written = _prose(prose, chosen)
    store = _store(chosen)
    answer = _answered(query, store, chosen, written)
    if as_json:
        _print_json(answer_json(answer))
        return
    _print_answer(answer, store)


def _print_answer(answer: Answer, store) -> None:
    print(f"[{answer.status}]")
    for statement in answer.answer:
        cited = answer.citations[statement.citations[0]]
        if statement.role == "prose":
            print(f"\nA language model, over {'; '.join(answer.citations[n].citation for n in statement.citations)}:\n  {statement.text}")
            continue
        label = "Our summary" if cited.kind == "summary" else "Also relevant" if statement.role == "related" else "The law"
        print(f"\n{label}, {cited.citation} ({_dated(cited.as_at, store.instruments[cited.instrument]['kind'])}):\n  {statement.text}\n  {cited.official_url or ''}")
    for note in answer.notes:
        print(f"\nNote: {note}")
    for hit in answer.nearest:
        print(f"\nNearest: {hit.citation}: {hit.text[:160].replace(chr(10), ' ')}")
    print(f"\nSearched {answer.searched['passages']} passages of {answer.searched['instruments']} instruments. Not legal advice.")


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
    with out.open("w", encoding="utf-8") as file:
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
    if not path.is_file():
        raise QueryError(f"no file {path}")
    rows = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            values = row.get("filters") or {}
            filters = Filters(**{key: value if key in ("as_at", "summaries") else _several(value) for key, value in values.items()})
            rows.append((row["id"], Query(row["query"], filters)))
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise QueryError(f"{path}:{number}: not a question with id, query and known filters") from exc
    return rows


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
def evaluate(
    questions: Annotated[Path, typer.Argument(help="Judged questions, JSON Lines.")],
    unanswerable: Annotated[Path | None, typer.Option("--unanswerable", help="Questions that should be declined, JSON Lines.")] = None,
    naive: Annotated[bool, typer.Option("--naive", help="Also build and score the naive starter (minutes).")] = False,
    every: Annotated[bool, typer.Option("--all", help="Every system, not only the one in force.")] = False,
    no_summaries: NoSummaries = False,
    as_json: AsJson = False,
) -> None:
    """Scores over judged questions: by system, by style of question, and the share declined; a Markdown table."""
    from kb import evaluate as judge
    from kb.answer import ask as answer_question

    chosen = settings(os.environ)
    judged = judge.read_judged(questions)
    store = _store(chosen)
    systems = judge.SYSTEMS if every else {name: s for name, s in judge.SYSTEMS.items() if s["fusion"] == chosen.fusion}
    runs = {"naive starter": judge.run_naive(judged, store)} if naive else {}
    for name, changed in systems.items():
        runs[name] = judge.run_search(judged, store, settings(os.environ, **changed), not no_summaries)
    rows = [(name, judge.mean_scores(judged, run), judge.mean_scores(judged, run, strict=True)) for name, run in runs.items()]
    last = list(runs.values())[-1]
    styles = {style: judge.mean_scores(group, last) for style, group in judge.by(judged, lambda q: q.style).items()}
    filters = Filters(summaries=not no_summaries)
    answers = [answer_json(answer_question(Query(q.query, filters), store, chosen)) for q in judged]
    shares = judge.answer_shares(judged, answers)
    if unanswerable:
        others = judge.read_judged(unanswerable)
        given = [(q.style, judge.declined(answer_json(answer_question(Query(q.query, filters), store, chosen)))) for q in others]
        shares["unanswerable declined"] = sum(d for _, d in given) / len(given)
        for kind in sorted({kind for kind, _ in given}):
            kept = [d for k, d in given if k == kind]
            shares[f"unanswerable declined, {kind}"] = sum(kept) / len(kept)
    if as_json:
        _print_json({"contract": CONTRACT, "systems": {n: {"plain": p, "strict": s} for n, p, s in rows}, "styles": styles, "shares": shares})
        return
    print(judge.table(rows))
    print("\n| style | " + " | ".join(judge.NAMES) + " |\n|---|" + "---|" * len(judge.NAMES))
    for style, scores in styles.items():
        print(f"| {style} | " + " | ".join(f"{scores[name]:.3f}" for name in judge.NAMES) + " |")
    print("\n| share | |\n|---|---|")
    for name, value in shares.items():
        print(f"| {name} | {value:.3f} |")


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
