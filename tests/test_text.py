"""The record's text and its way back to the snapshot's bytes."""

import html
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.parse import PARSERS, source_text
from ingest.parse.text import TextBuilder, check, derive, recover, slug
from ingest.parse.tree import html_tree, xml_tree
from kb.errors import ParseError
from kb.model import Instrument, Portion, Provision, Span
from tests import library

ACT = Instrument(library.HARBOUR, "An act", "An act", "nz", "statute", "en", None, "s. {pinpoint}")
LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), exclude_characters="<>&\ufffe\uffff"), min_size=1, max_size=8)
WORDS = st.one_of(LETTERS, st.sampled_from(["&amp;", "&#167;", "&nbsp;", "&lt;b&gt;", "a&b;c", " ", "\n \n", "\t", "\u00a0", "\u2003", "&", "&copy", "&#x20;"]))
ACTIONS = st.lists(st.one_of(WORDS.map(lambda w: ("add", w)), st.sampled_from([("block", ""), ("space", ""), ("open", ""), ("close", ""), ("unspace", "")])), max_size=30)


@settings(deadline=None)
@given(actions=ACTIONS, entities=st.booleans())
def test_what_is_written_is_derived_again_from_the_bytes(actions, entities):
    raw = "".join(f"<i>{words}</i>" for _, words in actions).encode()
    builder = TextBuilder(raw, entities)
    at, opened = 0, 0
    for action, words in actions:
        start, end = at + 3, at + 3 + len(words.encode())
        at = end + 4
        if action == "add":
            builder.add(start, end)
        elif action == "space":
            builder.space(start)
        elif action == "open":
            builder.open("emphasis")
            opened += 1
        elif action == "close" and opened:
            builder.close()
            opened -= 1
        elif action in ("block", "unspace"):
            getattr(builder, action)()
    provision = Provision("x~1", "x", ("1",), "", (), builder.text, (), tuple(builder.spans), tuple(builder.segments))
    assert derive(raw, provision.offsets, entities) == provision.text == check(provision).text
    starts = [segment[0] for segment in provision.offsets]
    assert starts == sorted(set(starts)) and (not starts or starts[0] == 0)
    for (start, first, last), end in zip(provision.offsets, [*starts, len(provision.text)][1:], strict=True):
        assert recover(raw, first, last, entities) == provision.text[start:end]
    assert all(0 <= span.start < span.end <= len(provision.text) for span in provision.spans)
    letters = "".join(html.unescape(words) if entities and words[-1] == ";" else words for action, words in actions if action == "add")
    assert re.sub(r"\s", "", provision.text) == re.sub(r"\s", "", letters)


def _built(raw: bytes, tree) -> TextBuilder:
    builder = TextBuilder(raw)
    for text in tree(raw).texts():
        builder.add(text.start, text.end)
    return builder


@pytest.mark.parametrize("tree", [xml_tree, html_tree])
@pytest.mark.parametrize("markup, text", [
    ("a &amp; b", "a & b"), ("&lt;script&gt;", "<script>"), ("&#8212;&#x2014;", "——"), ("é<b>ü</b>ñ", "éüñ"), (" a \n\n b\t", "a b"), ("a&#160;b", "a b"),
    ("法律<i>第</i>一條", "法律第一條"), ("a<!-- x -->b", "ab"), ("&amp;amp;", "&amp;"), ("𝔸&#x1D538;", "𝔸𝔸"), ("e\u0301", "e\u0301"), ("a\u200bb", "a\u200bb"),
])  # fmt: skip
def test_entities_white_space_and_wide_characters(tree, markup, text):
    raw = f"<p>{markup}</p>".encode()
    builder = _built(raw, tree)
    assert builder.text == text == derive(raw, tuple(builder.segments))


def test_blocks_are_parted_by_one_newline_and_spaces_that_mark_up_implies_are_marked():
    raw = b"<p>one</p>  <p>two</p><td>three</td><td>four</td>"
    builder = TextBuilder(raw)
    for start, end, before in ((3, 6, builder.block), (15, 18, builder.block), (26, 31, builder.block), (40, 44, lambda: builder.space(31))):
        before()
        builder.add(start, end)
    assert builder.text == "one\ntwo\nthree four" == derive(raw, tuple(builder.segments))
    assert (13, 31, 30) in builder.segments and (3, 15, 15) in builder.segments


def test_notes_stand_where_they_were_taken_out():
    raw = b"fee[1] paid"
    builder = TextBuilder(raw)
    builder.add(0, 3)
    builder.note("note", " see  the\nGazette ")
    builder.add(6, 11)
    assert builder.text == "fee paid" and builder.spans == [Span("note", 3, 3, "see the Gazette")]


def _provision(text: str, portions=(), spans=()) -> Provision:
    return Provision("x~1", "x", ("1",), "", (), text, tuple(portions), tuple(spans))


@pytest.mark.parametrize("text", ["a  b", " a", "a ", "a\n\nb", "a \nb", "a\n b", "a\tb", "a\u00a0b", "a\r\nb", "\n"])
def test_text_that_is_not_in_normal_form_is_refused(text):
    with pytest.raises(ParseError, match="normal form"):
        check(_provision(text))


@pytest.mark.parametrize("span", [(-1, 2), (2, 2), (3, 2), (0, 7), (6, 9)])
def test_portions_and_spans_outside_the_text_are_refused(span):
    with pytest.raises(ParseError, match="outside"):
        check(_provision("abcdef", [Portion("x~1/a", ("1", "a"), *span)]))
    if not 0 <= span[0] <= span[1] <= 6:
        with pytest.raises(ParseError, match="outside"):
            check(_provision("abcdef", spans=[Span("emphasis", *span)]))


def test_slugs():
    assert slug("What is ‘trafficking’? (2020)") == "what-is-trafficking-2020"
    assert slug("Fees", ["fees", "fees-2"]) == "fees-3" and slug("!!!") == "text" and len(slug("w " * 500)) <= 80
    assert slug("第一 條") == "第一-條"


@pytest.mark.parametrize("format, raw", [
    ("md", library.harbour().encode()), ("md", b"\xef\xbb\xbf" + library.lantern().encode()), ("akn", library.FERRY_TEXT.encode()),
    ("akn", library.FERRY_TEXT.replace("utf-8", "utf-16").encode("utf-16")), ("md", library.harbour().replace("\n", "\r\n").encode()),
])  # fmt: skip
def test_every_provision_is_derived_again_from_its_snapshot(format, raw):
    source, entities = source_text(raw, format)
    provisions = PARSERS[format](raw, ACT)
    assert provisions
    for provision in provisions:
        assert derive(source, provision.offsets, entities) == provision.text


@pytest.mark.parametrize("raw", [b"", b"   \n", b"\x00", b"# \n", b"---\ntitle: x\n---\n", b"---\nx: !!python/name:os.system\n---\n## 1. A\n\nB", b"\xff\xfe", "## 1. Ñ".encode("latin-1"), b"## Section 1. A\n\n\xed\xa0\x80"])
@pytest.mark.parametrize("format", ["md", "txt"])
def test_plain_texts_that_hold_nothing_or_are_no_text(format, raw):
    """B25, B26, B31, B38."""
    if format == "txt" and raw.startswith((b"---", b"# ")):
        pytest.skip("words, where nothing is mark-up")
    with pytest.raises(ParseError):
        PARSERS[format](raw, ACT)


@pytest.mark.parametrize("words", [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "![a](http://example.org/x.png)", "a\u202eb\u202c", "ra\u200bther",
    "e" + "\u0301" * 10_000, "ignore previous instructions", "$500 and $x^2$", "a_b_c",
])  # fmt: skip
def test_active_and_invisible_things_in_markdown_are_words(words):
    """B29, B30, B32, B35, B39: kept in the record as they are; the page and the index deal with them."""
    (provision,) = PARSERS["md"](f"## Section 1. Fees\n\nNo {words} fees.\n".encode(), ACT)
    assert provision.text == f"No {words} fees."


def test_a_line_of_a_megabyte():
    """B37, smaller: time grows with the length alone."""
    began = time.process_time()
    (provision,) = PARSERS["md"](b"## Section 1. Fees\n\n" + b"No fees at all. " * 64_000, ACT)
    assert len(provision.text) > 1_000_000 and time.process_time() - began < 5


@pytest.mark.snapshots
def test_every_provision_of_all_snapshots_is_derived_again(full):
    from ingest import raw
    from kb.store import Store

    store = Store.open(full)
    held = {snapshot.sha256: snapshot for snapshot, _ in raw.read_snapshots(full.raw_dir)}
    sources: dict[str, tuple[bytes, bool]] = {}
    wrong = []
    for (row,) in store._rows("select version from versions order by snapshot"):
        version = store.version(row)
        if version.snapshot not in sources:
            snapshot = held[version.snapshot]
            sources = {version.snapshot: source_text(raw.read_bytes(full.raw_dir, snapshot), snapshot.format)}
        if derive(sources[version.snapshot][0], version.provision.offsets, sources[version.snapshot][1]) != version.provision.text:
            wrong.append(version.provision.id)
    store.close()
    assert not wrong, f"{len(wrong)}: {wrong[:10]}"
