"""Passages: exact spans that cover their provision, within the model's limit, cut where the law is cut."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.build import narrowest
from ingest.chunk import Cuts, header, passages
from kb.config import Settings
from kb.embed import Embedder
from kb.model import Passage, Portion, Provision
from kb.store import Store
from tests import library

SETTINGS = Settings()
WORD = st.one_of(
    st.sampled_from("the worker shall not pay any fee; (a) or: “passport”. section 214.204(b) años ümlaut 條約 المادة e\u0301 \u200bzero".split(" ")),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=12),
)
SENTENCE = st.lists(WORD, min_size=1, max_size=40).map(" ".join)


@pytest.fixture(scope="module")
def count():
    return Embedder(SETTINGS).count


@st.composite
def provisions(draw) -> Provision:
    """A provision of nested portions, some of them long, with a chapeau and closing words at times."""
    parts: list[str] = []
    portions: list[Portion] = []
    at = 0

    def write(words: str) -> None:
        nonlocal at
        words = "\n" + words if parts else words
        parts.append(words)
        at += len(words)

    def walk(id: str, numbers: tuple[str, ...], depth: int) -> None:
        for n in range(draw(st.integers(0, 3 if depth < 2 else 0))):
            own, path = f"{id}/{n}", (*numbers, str(n))
            start = at + (1 if parts else 0)
            place = len(portions)
            write(f"({n}) {draw(SENTENCE)}" * draw(st.sampled_from([1, 1, 1, 6])))
            walk(own, path, depth + 1)
            portions.insert(place, Portion(own, path, start, at))
        if parts and draw(st.booleans()):
            write(draw(SENTENCE))

    if draw(st.booleans()):
        write(draw(SENTENCE))
    walk("nz/x~1", ("1",), 0)
    if not parts:
        write(draw(SENTENCE))
    heading, context = draw(SENTENCE), tuple(draw(st.lists(SENTENCE, max_size=2)))
    return Provision("nz/x~1", "nz/x", ("1",), heading, context, "".join(parts), tuple(portions))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(provision=provisions())
def test_passages_are_exact_spans_that_cover_their_provision(count, provision):
    cuts = Cuts()
    made = passages(provision, "An act", count, SETTINGS, cuts)
    at = 0
    for ordinal, (passage, embedded) in enumerate(made, start=1):
        assert passage.id == f"{provision.id}#{ordinal}" and passage.provision_id == provision.id
        assert provision.text[passage.start : passage.end] == passage.text and passage.text
        assert embedded.endswith(passage.text)
        assert passage.start >= at and not provision.text[at : passage.start].strip()
        assert count([embedded])[0] <= SETTINGS.max_tokens
        wanted = narrowest(provision, passage)
        around = [p for p in provision.portions if p.start <= passage.start and passage.end <= p.end]
        widths = [p.end - p.start for p in around if p.numbers == wanted] or [len(provision.text)]
        assert min(widths) == min([p.end - p.start for p in around], default=len(provision.text))
        at = passage.end
    assert at == len(provision.text)
    assert len(made) == cuts.counts["whole"] + cuts.counts["portion"]
    assert (count([made[0][1]])[0] <= SETTINGS.max_tokens) and (cuts.counts["whole"] == (len(made) == 1 and cuts.counts["portion"] == 0))


def _provision(text: str, *portions: tuple[str, str], heading: str = "Fees", context: tuple[str, ...] = ()) -> Provision:
    """A provision whose portions are given as (number, words of it)."""
    spans = [Portion(f"nz/x~1/{number}", ("1", number), text.index(words), text.index(words) + len(words)) for number, words in portions]
    return Provision("nz/x~1", "nz/x", ("1",), heading, context, text, tuple(spans))


def test_a_short_provision_stays_whole(count):
    cuts = Cuts()
    text = "(1) No fees.\n(2) No deposits."
    ((passage, embedded),) = passages(_provision(text, ("1", "(1) No fees."), ("2", "(2) No deposits."), context=("Part 1",)), "An act", count, SETTINGS, cuts)
    assert passage.text == text and embedded == f"An act > Part 1 > Fees\n{text}"
    assert dict(cuts.counts) == {"whole": 1}


def test_a_long_provision_is_cut_at_its_portions(count):
    points = [f"({n}) {library.prose(n, 9)}" for n in range(1, 5)]
    provision = _provision("The following hold:\n" + "\n".join(points), *((str(n), point) for n, point in enumerate(points, start=1)))
    cuts = Cuts()
    made = [passage for passage, _ in passages(provision, "An act", count, SETTINGS, cuts)]
    starts = {p.start for p in provision.portions}
    assert {p.start for p in made} - starts == {0} and cuts.counts["split"] == 0 and cuts.counts["portion"] == len(made)
    assert [narrowest(provision, p) for p in made[1:]] == [("1", "2"), ("1", "3"), ("1", "4")]


def test_only_an_overlong_portion_goes_through_the_splitter(count):
    long = f"(1) {library.prose(1, 40)}"
    provision = _provision(f"{long}\n(2) Records are kept.", ("1", long), ("2", "(2) Records are kept."))
    cuts = Cuts()
    made = [passage for passage, _ in passages(provision, "An act", count, SETTINGS, cuts)]
    assert cuts.counts["split"] == 1 and len(made) > 3
    assert [narrowest(provision, p) for p in made] == [("1", "1")] * (len(made) - 1) + [("1", "2")]
    assert all(re.search(r"[.;:]$", p.text) for p in made)


def test_a_header_keeps_to_its_room_and_to_the_narrowest_headings(count):
    wide = tuple(library.prose(n, 4) for n in range(4))
    text = header(_provision("No fees.", heading="Fees", context=wide), "An act", count, 52)
    assert count([text])[0] - 2 <= 52 and text.endswith("Fees") and text.startswith("An act")
    assert header(_provision("No fees.", heading="word " * 300), "An act", count, 52) in ("An act", "")


def test_the_narrowest_portion_wins(count):
    portions = (Portion("x~1/a", ("1", "a"), 0, 50), Portion("x~1/a/i", ("1", "a", "i"), 10, 30))
    provision = Provision("x~1", "x", ("1",), "", (), "w" * 60, portions)
    numbers = {span: narrowest(provision, Passage("x~1#1", "x~1", *span, "")) for span in ((10, 30), (12, 20), (5, 20), (40, 60))}
    assert numbers == {(10, 30): ("1", "a", "i"), (12, 20): ("1", "a", "i"), (5, 20): ("1", "a"), (40, 60): ("1",)}


@pytest.mark.parametrize("text", ["條" * 3000, "e" + "\u0301" * 10_000, "x" * 5000, "\u200b" * 4000 + "a", "العمل " * 900])
def test_scripts_without_spaces_and_unbroken_runs(count, text):
    made = passages(_provision(text.strip()), "An act", count, SETTINGS, Cuts())
    assert "".join(passage.text for passage, _ in made).replace(" ", "") == text.strip().replace(" ", "")


def _every_passage(store: Store) -> int:
    seen = 0
    for unit, surfaces in store.by_unit.items():
        passages_ = [s for s in surfaces if s.kind == "passage"]
        if not passages_:
            continue
        provision = store.version(passages_[0].version).provision
        assert provision.id == unit and {s.version for s in passages_} == {passages_[0].version}
        at = 0
        for surface in passages_:
            assert surface.start >= at and not provision.text[at : surface.start].strip(), surface.passage_id
            around = [p for p in provision.portions if p.start <= surface.start and surface.end <= p.end]
            widths = [p.end - p.start for p in around if p.numbers == surface.numbers] or ([len(provision.text)] if surface.numbers == provision.numbers else [])
            assert widths and min(widths) == min([p.end - p.start for p in around], default=len(provision.text)), surface.passage_id
            at = surface.end
            seen += 1
        assert at == len(provision.text), unit
    return seen


def test_every_passage_of_the_library(tiny_store):
    assert _every_passage(tiny_store) == tiny_store.manifest["counts"]["passages"]
    held = {id for (id,) in tiny_store._rows("select id from versions where current = 1")}
    assert held == {s.unit for s in tiny_store.surfaces if s.kind == "passage"}, "a provision without a passage cannot be found"


@pytest.mark.snapshots
def test_every_passage_of_all_snapshots(full):
    store = Store.open(full)
    try:
        assert _every_passage(store) == store.manifest["counts"]["passages"]
        held = {id for (id,) in store._rows("select id from versions where current = 1 and text != ''")}
        assert held == {s.unit for s in store.surfaces if s.kind == "passage"}
        assert not [place for place in store.manifest["failed"] if "~" in Path(place).name]
    finally:
        store.close()
