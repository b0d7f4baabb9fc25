"""Command line of the writer: python -m ingest."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from kb.config import Settings, settings
from kb.errors import KBError, StoreError

CONTRACT = 1
app = typer.Typer(help="Write Haven's knowledge base.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
AsJson = Annotated[bool, typer.Option("--json", help="JSON for other programs.")]


class Bar:
    """One progress bar a step on stderr, with the time that is left."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._name = ""

    def step(self, name: str, done: int, total: int) -> None:
        from tqdm import tqdm

        if name != self._name:
            self.close()
            self._name = name
            self._bar = tqdm(total=total, desc=name, unit="", file=sys.stderr, mininterval=1 if sys.stderr.isatty() else 15)
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _told(chosen: Settings, bar: Bar):
    """Progress for people on stderr and, for the page, in <index>/progress.json."""
    path = chosen.index_dir / "progress.json"

    def step(name: str, done: int, total: int) -> None:
        bar.step(name, done, total)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps({"step": name, "done": done, "total": total, "pid": os.getpid()}), "utf-8")
        os.replace(partial, path)

    return step


def _forget(chosen: Settings) -> None:
    """Remove this process's own progress; another build's stays."""
    path = chosen.index_dir / "progress.json"
    try:
        if json.loads(path.read_text("utf-8")).get("pid") == os.getpid():
            path.unlink()
    except (OSError, ValueError):
        pass


@app.command()
def build(
    force: Annotated[bool, typer.Option("--force", help="Build even where nothing has changed.")] = False, as_json: AsJson = False
) -> None:
    """Make the knowledge base from corpus/ and publish it; what has not changed is not embedded again."""
    from ingest.build import build as make

    chosen = settings(os.environ)
    bar = Bar()
    try:
        report = make(chosen, _told(chosen, bar), force)
    finally:
        bar.close()
        _forget(chosen)
    if as_json:
        print(json.dumps({"contract": CONTRACT, **asdict(report)}, ensure_ascii=False))
        return
    if report.notice:
        print(report.notice, file=sys.stderr)
    for path, reason in report.failed.items():
        print(f"failed: {path}: {reason}", file=sys.stderr)
    if report.unchanged:
        print(f"nothing has changed; generation {report.generation} stays")
        return
    cuts = ", ".join(f"{count} {name}" for name, count in sorted(report.cuts.items()))
    print(
        f"generation {report.generation}: {report.provisions} provisions of {report.instruments} instruments, {report.surfaces} surfaces, "
        f"{report.embedded} embedded in {report.seconds} s\npassages: {cuts or 'none'}"
    )


@app.command()
def fetch(
    ids: Annotated[list[str] | None, typer.Argument(help="Instruments, or what their ids begin with (us/usc/t8, eu); all, where none is named.")] = None,
    core: Annotated[bool, typer.Option("--core", help="Only the core set of the catalogue.")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Take the copies kept aside of the instruments named; nothing is fetched.")] = False,
    as_json: AsJson = False,
) -> None:
    """Copy official texts from their publishers into corpus/raw, and say what changed since the last copy."""
    from ingest import catalogue
    from ingest import fetch as fetching

    chosen = settings(os.environ)
    entries = catalogue.instruments(chosen.corpus / "catalogue")
    if accept:
        if not ids:
            raise typer.BadParameter("name the instruments whose copies kept aside are to be taken")
        return _fetched(fetching.accept(chosen, ids, entries), as_json)
    bar = Bar()
    try:
        tasks = fetching.plan(entries, ids or [], core)
        report = fetching.fetch(chosen, tasks, fetching.rules_for(entries), _told(chosen, bar))
    finally:
        bar.close()
        _forget(chosen)
    _fetched(report, as_json)


def _fetched(report: Any, as_json: bool) -> None:
    """Print what a fetch did; exit 1 where every source failed."""
    if as_json:
        print(json.dumps({"contract": CONTRACT, **asdict(report)}, ensure_ascii=False))
    for note in report.notes:
        print(f"note: {note}", file=sys.stderr)
    for failure in report.failed:
        print(f"failed: {failure['instrument']} {failure['url']}: {failure['reason']}", file=sys.stderr)
    for change in report.aside:
        print(
            f"kept aside: {change.instrument} {change.url}: {change.reason}; look at it, then: python -m ingest fetch {change.instrument} --accept",
            file=sys.stderr,
        )
    if not as_json:
        for change in (*report.fetched, *report.aside):
            _print_change(change)
        print(
            f"{len(report.fetched)} texts fetched, {len(report.current)} current already, {len(report.aside)} kept aside, {len(report.failed)} failed"
            + ("\nnext: python -m ingest build" if report.fetched else "")
        )
    if report.failed and not (report.fetched or report.current or report.aside):
        raise typer.Exit(1)


def _print_change(change: Any, most: int = 20) -> None:
    """One copy against the one before it, provision by provision."""
    form = change.format + (f", {change.covers}" if change.covers else "") + (f", as at {change.as_at}" if change.as_at else "")
    if change.since is None:
        print(f"{change.instrument} ({form}): first copy, {change.provisions} provisions")
        return
    print(f"{change.instrument} ({form}): {len(change.new)} new, {len(change.amended)} amended, {len(change.gone)} gone since {change.since}")
    for word, ids in (("new", change.new), ("amended", change.amended), ("gone", change.gone)):
        for id in ids[:most]:
            print(f"  {word} {id}")
        if len(ids) > most:
            print(f"  {word} {len(ids) - most} more (--json lists them all)")


@app.command(name="import")
def import_(folder: Annotated[Path, typer.Argument(help="A folder with manifest.jsonl and the files that it names.")]) -> None:
    """Take official texts from a folder, such as a USB stick, laid out as corpus/raw is."""
    from tqdm import tqdm

    from ingest import raw

    chosen = settings(os.environ)
    rows = raw.read_manifest(folder)
    with tqdm(total=len(rows), desc="taking the texts", file=sys.stderr, mininterval=1 if sys.stderr.isatty() else 15) as bar:
        taken, refused = raw.import_folder(folder, chosen.raw_dir, lambda _: bar.update())
    for reason in refused:
        print(f"refused: {reason}", file=sys.stderr)
    print(f"{len(taken)} snapshots of {len(set(taken))} instruments in {chosen.raw_dir}; {len(refused)} refused\nnext: python -m ingest build")
    if refused and not taken:
        raise typer.Exit(1)


@app.command()
def stamp() -> None:
    """Fill in what a tool knows of each summary: instrument, official address, date, and the digest of the wording it was checked against."""
    from ingest.stamp import stamp_all

    changed, unresolved = stamp_all(settings(os.environ))
    for place in unresolved:
        print(f"no such provision in the text held: {place}", file=sys.stderr)
    print(f"{changed} files stamped, {len(unresolved)} summaries not resolved")


@app.command()
def benchmark(
    folder: Annotated[Path, typer.Argument(help="A public benchmark in BEIR layout: corpus.jsonl, queries.SPLIT.jsonl, qrels/SPLIT.tsv.")],
    split: Annotated[str, typer.Option("--split", help="Whose questions are asked.")] = "dev",
    as_json: AsJson = False,
) -> None:
    """Index a benchmark apart from the law, and score word index, vectors and both fusions over its questions."""
    from dataclasses import replace

    from ingest import benchmark as bench
    from kb.store import Store

    bar = Bar()
    found = {}
    try:
        own = bench.prepare(folder, settings(os.environ), bar.step)
        store = Store.open(own)
        for name, fusion in bench.SYSTEMS.items():
            found[name] = bench.scores(folder, split, store, replace(own, fusion=fusion), bar.step)
    finally:
        bar.close()
    if as_json:
        print(json.dumps({"contract": CONTRACT, "benchmark": folder.name, "split": split, "systems": found}))
        return
    print(f"| {folder.name}, {split} | " + " | ".join(bench.MEASURES) + " |\n|" + "---|" * (len(bench.MEASURES) + 1))
    for name, scores in found.items():
        print(f"| {name} | " + " | ".join(f"{scores[measure]:.3f}" for measure in bench.MEASURES) + " |")


@app.command()
def rollback() -> None:
    """Publish the generation before the current one again."""
    from ingest.build import rollback as back

    print(f"published again: {back(settings(os.environ))}")


@app.command()
def status(
    as_json: AsJson = False,
    gaps: Annotated[bool, typer.Option("--gaps", help="List the catalogue's unsure fields.")] = False,
) -> None:
    """What is catalogued, held and built; dates, damage, failures and their reasons."""
    chosen = settings(os.environ)
    found = _status(chosen)
    if as_json:
        print(json.dumps({"contract": CONTRACT, **found}, ensure_ascii=False))
        return
    counts = found["counts"]
    print(f"catalogue: {counts['instruments']} instruments in {counts['jurisdictions']} jurisdictions; summaries: {counts['summaries']}; snapshots: {counts['snapshots']}")
    for name in ("by_jurisdiction", "by_kind"):
        print(f"{name.replace('_', ' ')}: " + ", ".join(f"{key} {count}" for key, count in found[name].items()))
    built = found["generation"]
    none = found["problem"] or "nothing yet; run: python -m ingest build"
    print(f"built: {built['generation']}, {built['counts']['provisions']} provisions, {built['counts']['passages']} passages" if built else f"built: {none}")
    for label, key in (("damaged", "damaged"), ("failed", "failed"), ("no text held", "text_not_held")):
        if found[key]:
            print(f"{label}: {len(found[key])}" + ("" if key == "text_not_held" else "".join(f"\n  {line}" for line in found[key])))
    if gaps:
        for line in found["gaps"]:
            print(f"gap: {line}")
    else:
        print(f"unsure catalogue fields: {len(found['gaps'])} (python -m ingest status --gaps)")


def _status(chosen: Settings) -> dict[str, Any]:
    from ingest import catalogue, raw
    from kb.store import published, read_generation

    entries = catalogue.instruments(chosen.corpus / "catalogue")
    summaries = catalogue.summaries(chosen.corpus / "summaries")
    snapshots = raw.read_snapshots(chosen.raw_dir)
    held = {snapshot.instrument for snapshot, _ in snapshots}
    names = published(chosen.index_dir)
    built, problem = None, None
    if names:
        try:
            built = read_generation(chosen.index_dir / "generations" / names[0])
        except StoreError as exc:
            problem = str(exc)
    unsure = ("official_url", "adopted", "in_force", "last_amended", "licence", "machine_readable")
    return {
        "counts": {
            "instruments": len(entries), "jurisdictions": len({e.jurisdiction for e in entries.values()}), "summaries": len(summaries),
            "summarised_instruments": len({s.instrument for s in summaries}), "unchecked_summaries": sum(s.checked_against is None for s in summaries),
            "snapshots": len(snapshots),
        },
        "by_jurisdiction": dict(sorted(Counter(e.jurisdiction for e in entries.values()).items())),
        "by_kind": dict(sorted(Counter(e.kind for e in entries.values()).items())),
        "generation": {key: built[key] for key in ("generation", "created_at", "model", "counts", "cuts")} if built else None,
        "problem": problem,
        "damaged": [f"{s.instrument} ({s.path}): {s.notes or ''}" for s, _ in snapshots if s.damaged],
        "failed": [f"{path}: {reason}" for path, reason in (built["failed"] if built else {}).items()],
        "text_not_held": sorted(set(entries) - held),
        "gaps": [f"{e.id}: {field} is not known" for e in entries.values() for field in unsure if getattr(e, field) is None]
        + [f"{e.id}: {s.fetch_url} was never checked" for e in entries.values() for s in e.sources if s.url_checked is None],
    }  # fmt: skip


@app.command()
def train(
    out: Annotated[Path, typer.Option("--out", help="Where the adapter is written, safetensors.")] = Path("kb/adapter.safetensors"),
    folds: Annotated[int, typer.Option("--folds", min=0, max=20, help="First score it on this many folds of instruments that it was not taught on.")] = 0,
    seed: Annotated[int, typer.Option("--seed", help="Of the draws; the same seed gives the same adapter on the same machine.")] = 7,
) -> None:
    """Learn the query adapter anew from the questions in the published generation; search uses it from the next start on."""
    from ingest.train import cross_validate, learn, read_pairs, save
    from kb.store import Store

    def tell(line: str) -> None:
        print(line, file=sys.stderr)

    chosen = settings(os.environ)
    store = Store.open(chosen)
    pairs = read_pairs(store)
    if folds:
        scores = cross_validate(pairs, folds, seed, tell)
        before, after = (sum(pair[side] for pair in scores) / folds for side in (0, 1))
        print(f"nDCG@10 over {folds} folds of instruments: {before:.3f} without the adapter, {after:.3f} with it")
    weights = learn(pairs, pairs.questions, seed, tell)
    save(weights, out, len(pairs.questions), seed, store.manifest["model"])
    print(f"taught on {len(pairs.questions)} questions; wrote {out}")


def main() -> int:
    """Run the command line; 0 done, 1 an error of ours in one line, 2 wrong usage."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        return app(standalone_mode=False) or 0
    except KBError as exc:
        print(f"ingest: {exc}", file=sys.stderr)
        return 1
    except typer.TyperException as exc:
        if words := exc.format_message():  # blank where the help was shown instead
            print(f"ingest: {words.rstrip('.')}; see: python -m ingest --help", file=sys.stderr)
        return 2
    except (typer.Abort, KeyboardInterrupt):
        print("ingest: stopped; what was published is untouched", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
