"""Settings: every tunable number and path, once, with KB_* environment variables over the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from math import inf
from pathlib import Path

from kb.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things lie and how retrieval is tuned. Lengths are in tokens or characters, as their names say."""

    corpus: Path = ROOT / "corpus"
    raw: Path | None = None  # snapshots; corpus/raw unless set
    index: Path | None = None  # generations; corpus/index unless set
    model: str = "all-MiniLM-L6-v2"  # the bundled model, or a folder with a sentence-transformers model
    adapter: str = "auto"  # auto: the query adapter that comes with the bundled model; off
    backend: str = "auto"  # auto | sentence-transformers | openvino
    max_tokens: int = 256  # the model's limit, special tokens included
    passage_tokens: int = 200  # the body of a passage that is cut out of a longer provision
    batch: int = 32
    threads: int = 2
    max_query_chars: int = 4000
    depth: int = 300  # candidates a stage hands on
    rrf_k: int = 60
    fusion: str = "weighted"  # weighted | rrf | bm25 | dense
    dense_weight: float = 0.8  # of the cosine; the rest is BM25 as a share of the question's best
    bare_dense_weight: float = 0.9  # the same where no official text is held: our summaries and questions are in everyday words, as what is asked
    plain_dense_weight: float = 0.65  # the same where the question's vector is not adapted: then words tell more
    closeness_weight: float = 0.5  # of how closely the question's words find theirs in a row, beside 1 for cosine and BM25 together
    plain_closeness_weight: float = 1.5  # the same where the question's vector is not adapted
    asking_weight: float = 0.6  # in this, of the sentence that asks, beside the whole question
    closely: int = 100  # rows for which that is measured
    surfaces: str = "passage,summary,question"  # what is ranked: a provision's own passages, our summaries of it, questions that it answers
    expansion_weight: float = 0.5  # of the vocabulary's words beside the question's own
    bridge_weight: float = 0.85  # of our questions and summaries beside a provision's own passages
    unbridged: float = 0.7  # what a provision without such questions is lent, as a share of its own score
    kin: float = 0.75  # what a wider or narrower portion of the same provision lends
    crowding: float = 0.01  # what each further hit of one provision loses
    turns: float = 0.05  # what each further hit loses on one of several laws or places between which a question compares
    instrument_bonus: float = 0.15
    jurisdiction_bonus: float = 0.1
    jurisdiction_malus: float = 0.1
    treaty_bonus: float = 0.0
    unheld_malus: float = 0.02  # a law of which we hold our summaries alone comes after one whose wording can be shown
    guidance_malus: float = 0.03  # guidance explains the law and says the same in easier words; the law itself comes first
    per_provision: int = 3
    top: int = 10
    exact_below: int = 5000  # vectors; a search over fewer is exact instead of by Chroma's graph
    read: int = 15  # hits that an answer chooses from
    quotes: int = 4
    further: int = 6  # quotations that an answer shows as also relevant
    quote_chars: int = 2000
    related_chars: int = 1500  # the same for a quotation shown as also relevant
    widened: int = 2  # by how many times as much is read of a provision that several hits come from
    shown_chars: int = 11_500  # after as much, nothing more is shown as also relevant
    accompanied: int = 2  # quotations that bring the definitions and exceptions they rest on
    accompanying: int = 2  # definitions, and exceptions, that an answer shows for them
    accompanying_chars: int = 600
    adequate: float = 0.50  # cosine that one hit must reach, or nothing adequate was found
    beside: float = 0.30  # cosine that the others must reach to be quoted beside it
    adequate_text: float = 0.40  # the same for official texts alone, which lie further from everyday words than our questions do
    keep_generations: int = 2
    prose_url: str = ""  # an OpenAI-compatible endpoint; empty: no language model is used
    prose_model: str = ""
    prose_key: str = ""
    prose_timeout_s: float = 30.0
    idle_minutes: float = 15.0  # after which an unused page is put away and its session forgotten; 0: never

    @property
    def raw_dir(self) -> Path:
        return self.raw or self.corpus / "raw"

    @property
    def index_dir(self) -> Path:
        return self.index or self.corpus / "index"


def settings(environment: Mapping[str, str], **overrides: object) -> Settings:
    """The defaults, with KB_<FIELD> variables over them and explicit values over both.

    Raises: ConfigError for an unknown KB_* variable or a value of the wrong type.
    """
    known = {f"KB_{field.name.upper()}": field for field in fields(Settings)}
    values: dict[str, object] = {}
    for name, text in environment.items():
        if not name.startswith("KB_"):
            continue
        if name not in known:
            raise ConfigError(f"unknown setting {name}; known are {', '.join(sorted(known))}")
        values[known[name].name] = _typed(name, text, getattr(Settings(), known[name].name))
    chosen = replace(Settings(), **{**values, **{k: v for k, v in overrides.items() if v is not None}})
    if chosen.backend not in ("auto", "sentence-transformers", "openvino"):
        raise ConfigError(f"KB_BACKEND is {chosen.backend!r}; it must be auto, sentence-transformers or openvino")
    if chosen.adapter not in ("auto", "off"):
        raise ConfigError(f"KB_ADAPTER is {chosen.adapter!r}; it must be auto or off")
    if chosen.fusion not in ("weighted", "rrf", "bm25", "dense"):
        raise ConfigError(f"KB_FUSION is {chosen.fusion!r}; it must be weighted, rrf, bm25 or dense")
    _within_bounds(chosen)
    return chosen


_SHARES = {"dense_weight", "bare_dense_weight", "plain_dense_weight", "asking_weight", "expansion_weight", "bridge_weight", "unbridged", "kin", "adequate", "adequate_text", "beside"}
_FROM_0 = {"exact_below", "further", "accompanied", "accompanying"}  # whole numbers of which there may be none


def _within_bounds(chosen: Settings) -> None:
    """Raises: ConfigError for a number outside what its setting can mean, infinities and not-a-number among them."""
    for field in fields(chosen):
        value = getattr(chosen, field.name)
        if not isinstance(value, int | float):
            continue
        least = 1 if isinstance(value, int) and field.name not in _FROM_0 else 0
        most = 1 if field.name in _SHARES else 9999 if field.name == "idle_minutes" else chosen.max_tokens if field.name == "passage_tokens" else inf
        if not least <= value <= most or value == inf:
            bounds = f"{least} or more" if most == inf else f"from {least} to {most}"
            raise ConfigError(f"KB_{field.name.upper()} is {value}; it must be {bounds}")


def _typed(name: str, text: str, default: object) -> object:
    try:
        if isinstance(default, int) and not isinstance(default, bool):
            return int(text)
        if isinstance(default, float):
            return float(text)
    except ValueError as exc:
        raise ConfigError(f"{name} is {text!r}; it must be a number") from exc
    return Path(text) if default is None or isinstance(default, Path) else text
