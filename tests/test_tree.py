"""Mark-up as a tree: every run of characters knows its bytes, and what would harm the reader is refused in time."""

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.parse import PARSERS
from ingest.parse.tree import MAX_DEPTH, Node, Text, html_tree, plain, utf8, xml_tree
from kb.errors import ParseError
from kb.model import Instrument

ACT = Instrument("gb/x", "An act", "An act", "gb", "statute", "en", None, "{pinpoint}")
TREES = [xml_tree, html_tree]
LETTERS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="<>&\ufffe\uffff"), max_size=12)
PIECES = st.one_of(
    LETTERS, st.sampled_from(["&amp;", "&lt;", "&#167;", "&#xe9;", " ", "\n", "\t "]), LETTERS.map(lambda t: f"<!--{t.replace('-', '')}-->"),
    LETTERS.map(lambda t: f"<b>{t}</b>"), LETTERS.map(lambda t: f"<i class='x'>{t}<u>{t}</u></i>"), st.just("<br/>"),
)  # fmt: skip


def slices(raw: bytes, node: Node) -> list[bytes]:
    return [raw[text.start : text.end] for text in node.texts()]


@settings(deadline=None)
@given(pieces=st.lists(PIECES, max_size=12))
@pytest.mark.parametrize("tree", TREES)
def test_the_characters_of_a_tree_are_its_bytes_without_mark_up(tree, pieces):
    import re

    raw = f"<p>{''.join(pieces)}</p>".encode()
    wanted = re.sub(rb"<!--.*?-->|<[^>]*>", b"", raw, flags=re.DOTALL)
    found = tree(raw)
    assert b"".join(slices(raw, found)) == wanted
    ends = [(text.start, text.end) for text in found.texts()]
    assert all(start < end for start, end in ends) and all(a[1] <= b[0] for a, b in zip(ends, ends[1:], strict=False))


def test_cdata_comments_instructions_and_namespaces():
    raw = '<?xml version="1.0"?><a:x a:id="7">é<![CDATA[<b> & ]]><?page 3?><!-- no -->ü</a:x>'.encode()
    root = xml_tree(raw, instructions=True)
    node = root.elements()[0]
    assert (node.tag, node.attrs) == ("x", {"id": "7"})
    assert b"".join(slices(raw, node)).decode() == "é<b> & ü"
    assert [(child.tag, child.attrs) for child in node.elements()] == [("?page", {"data": "3"})]
    assert [child for child in xml_tree(raw).elements()[0].children if not isinstance(child, Text)] == []


def test_scripts_and_styles_hold_no_text():
    raw = b"<p>one<script>alert('x')</script><style>p{}</style> two</p><noscript>three</noscript>"
    assert b"".join(slices(raw, html_tree(raw))) == b"one twothree"


def test_open_paragraphs_items_and_cells_end_where_html_ends_them():
    raw = b"<ul><li>a<p>b<li>c</ul><table><tr><td>d<td>e<tr><td>f</table>"
    root = html_tree(raw)
    assert [plain(raw, item) for item in root.find_all("li")] == ["ab", "c"]
    assert [plain(raw, cell) for cell in root.find_all("td")] == ["d", "e", "f"]


# what is refused


def refused(tree, raw: bytes, words: str = "") -> None:
    began = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(ParseError, match=words):
            tree(raw)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < 5


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize("raw", [
    f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><x>&l9;</x>'.encode(),
    b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 100_000 + b'">]><x>' + b"&a;" * 100_000 + b"</x>",
    b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>',
    b'<!DOCTYPE x [<!ENTITY h SYSTEM "http://127.0.0.1:9/x">]><x>&h;</x>',
    b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]><x/>',
    b'<!DOCTYPE x [<!NOTATION n SYSTEM "n"><!ENTITY u SYSTEM "u.gif" NDATA n>]><x/>',
], ids=["billion laughs", "quadratic", "file", "http", "parameter", "unparsed"])  # fmt: skip
def test_entities_are_refused(raw):
    """B16 to B19."""
    refused(xml_tree, raw, "declares an entity")


def test_external_dtd_and_xinclude_are_not_followed(tmp_path):
    """B20: no file is read and no socket is opened (conftest refuses both); the words of the text itself stay."""
    (tmp_path / "secret.txt").write_text("SECRET", "utf-8")
    raw = f"""<!DOCTYPE x SYSTEM "http://example.org/x.dtd"><x xmlns:xi="http://www.w3.org/2001/XInclude">a&nbsp;b
<xi:include href="{tmp_path}/secret.txt" parse="text"/></x>""".encode()
    words = plain(raw, xml_tree(raw))
    assert "SECRET" not in words and words.startswith("a b")


@pytest.mark.parametrize("tree", TREES)
def test_nesting_is_limited(tree):
    """B21 and B22: text below deep nesting is an error and never lost."""
    for depth in (MAX_DEPTH + 1, 100_000):
        refused(tree, b"<div>" * depth + b"law" + b"</div>" * depth, "nested deeper")
    raw = b"<div>" * 90 + b"law" + b"</div>" * 90
    assert plain(raw, tree(raw)) == "law"


@pytest.mark.parametrize("tree", TREES)
def test_a_hundred_thousand_siblings_keep_their_text(tree):
    raw = b"<x>" + b"".join(b"<div>%d </div>" % n for n in range(100_000)) + b"</x>"
    began = time.process_time()
    assert plain(raw, tree(raw)).endswith("99998 99999")
    assert time.process_time() - began < 20


@pytest.mark.parametrize("cut", [b"<a><b>law</b>", b"<a><b>la", b"<a", b"<a><![CDATA[law", b"<a><!-- law", b"<a>law</b>", b"<a/><b/>", b"", b"law", b"<a>&undeclared;</a>"])
def test_xml_that_is_cut_or_broken_is_an_error(cut):
    """B23."""
    refused(xml_tree, cut, "not well-formed")


@pytest.mark.parametrize("tree", TREES)
@pytest.mark.parametrize("piece", [b"<", b"<!--", b"<![CDATA[", b"</", b"<a ", b'<a b="', b"&", b"<!", b"<?", b"&#", b"<a/", b"<script>", b"]]>", b"<a>", b"</a>", b"<p>", b"<table>"])
def test_repeated_fragments_take_no_quadratic_time(tree, piece):
    began = time.process_time()
    try:
        tree(piece * 20_000)
    except ParseError:
        pass
    assert time.process_time() - began < 5


# encodings: B24 to B26


@pytest.mark.parametrize("raw, text", [
    ("<a>ñ</a>".encode(), "<a>ñ</a>"), (b"\xef\xbb\xbf<a>\xc3\xb1</a>", "<a>ñ</a>"), ("<a>ñ</a>".encode("utf-16"), "<a>ñ</a>"),
    ("\ufeff<a>ñ</a>".encode("utf-16-be"), "<a>ñ</a>"),
    ('<?xml version="1.0" encoding="ISO-8859-1"?><a>ñ</a>'.encode("latin-1"), '<?xml version="1.0" encoding="ISO-8859-1"?><a>ñ</a>'),
    ('<meta charset="windows-1252">“ñ”'.encode("cp1252"), '<meta charset="windows-1252">“ñ”'),
    ('<?xml version="1.0" encoding="UNICODE-1-1-UTF-8"?><a>ñ</a>'.encode(), '<?xml version="1.0" encoding="UNICODE-1-1-UTF-8"?><a>ñ</a>'),
])  # fmt: skip
def test_encodings_that_fit(raw, text):
    assert utf8(raw).decode("utf-8").lstrip("\ufeff") == text


@pytest.mark.parametrize("raw", [
    "<a>ñ</a>".encode("latin-1"), b'<?xml version="1.0" encoding="us-ascii"?><a>\xc3\xb1</a>', b'<?xml version="1.0" encoding="klingon"?><a/>',
    "<a>law</a>".encode("utf-16-le"), "<a>law</a>".encode("utf-16-be"), "<a>law</a>".encode("utf-32-le"), "法".encode("utf-16-le") * 3 + b"\xd8\x00",
    b"<a>\xc0\xaf</a>", b"<a>\xed\xa0\x80</a>", b"<a>\xf4\x90\x80\x80</a>", b"<a>\x00</a>", b"\xff\xfe<\x00a", b"<a>\x80</a>",
    b'<?xml version="1.0" encoding="rot13"?><a/>', b'<?xml version="1.0" encoding="zlib"?><a/>',
])  # fmt: skip
def test_bytes_that_do_not_fit_their_encoding_are_an_error(raw):
    with pytest.raises(ParseError, match="do not read as|a NUL stands"):
        utf8(raw)


def test_characters_that_xml_does_not_have():
    for raw in (b"<a>&#xD800;</a>", b"<a>&#0;</a>", b"<a>\x01</a>"):
        refused(xml_tree, raw, "not well-formed")


@pytest.mark.parametrize("format", [name for name in PARSERS if name not in ("md", "txt", "pdf")])
@pytest.mark.parametrize("raw", [
    b"", b"\0\0", b"law", b"<html><body>maintenance</body></html>", b"<a>" * 5000, b"%PDF-1.7", b"PK\x03\x04", bytes(range(256)), b"<?xml version='1.0'?><a><b>cut",
    f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><x>&l9;</x>'.encode(),
])  # fmt: skip
def test_no_parser_ends_in_anything_but_provisions_or_a_parse_error(format, raw):
    try:
        found = PARSERS[format](raw, ACT)
    except ParseError:
        return
    assert format in ("html", "eurlex-xhtml") and all("ha" * 10 not in provision.text for provision in found)
