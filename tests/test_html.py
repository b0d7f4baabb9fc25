"""Official HTML without classes: golden files, the treaties and the Arabic laws, what is refused."""

from pathlib import Path

import pytest

from ingest.parse import html
from kb.errors import ParseError
from kb.model import Instrument
from tests.test_eurlex import promises

DATA = Path(__file__).parent / "data" / "html"
ACT = Instrument("eu/treaty", "A treaty", "A treaty", "eu", "treaty", "en", None, "{pinpoint}")
COUNTS = {  # provisions, at least so many portions
    "eu/dir-2003-88.2003-11-04": (34, 115), "eu/teu.2012-10-26": (447, 380), "eu/tfeu.2012-10-26": (762, 900), "ae/fdl-24-2023": (29, 45),
    "ae/fdl-9-2022": (34, 140),
}


@pytest.mark.parametrize("name", ["eurlex4", "treaty", "sections", "arabic", "chinese"])
def test_golden(golden, name):
    path = DATA / f"{name}.html"
    provisions = html.parse(path.read_bytes(), ACT)
    promises(path.read_bytes(), provisions)
    golden(path, provisions)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param((DATA / "treaty.html").read_bytes()[:1500], id="truncated"),
        pytest.param(b"<html><body><p>We are checking your browser.</p></body></html>", id="challenge page"),
        pytest.param(b"<html><body>" + b"<div>" * 5000 + b"x</body></html>", id="deep"),
        pytest.param("<html><body><p>Article 1</p><p>é</p></body></html>".encode("latin-1"), id="encoding"),
        pytest.param(b"", id="empty"),
    ],
)
def test_what_cannot_be_read_is_refused(raw):
    with pytest.raises(ParseError):
        html.parse(raw, ACT)


def test_scripts_and_hidden_parts_are_no_law():
    text = " ".join(provision.text for provision in html.parse((DATA / "sections.html").read_bytes(), ACT))
    assert "Hidden" not in text
    assert "Not law" not in text


def test_a_sentence_that_opens_with_article_is_text():
    raw = b"<html><body><p>Article 1</p><p>Article 2 does not apply.</p><p>Article 2</p><p>Oars float.</p></body></html>"
    assert [(p.numbers, p.text) for p in html.parse(raw, ACT)] == [(("1",), "Article 2 does not apply."), (("2",), "Oars float.")]


@pytest.mark.snapshots
@pytest.mark.parametrize("name", COUNTS)
def test_snapshots(snapshots, name):
    raw = (snapshots / "texts" / f"{name}.html").read_bytes()
    provisions = html.parse(raw, ACT)
    promises(raw, provisions)
    assert len(provisions) == COUNTS[name][0]
    assert sum(len(p.portions) for p in provisions) >= COUNTS[name][1]


@pytest.mark.snapshots
@pytest.mark.parametrize(
    ("name", "count"), [("eu/teu.2012-10-26", 55), ("eu/tfeu.2012-10-26", 358), ("eu/dir-2003-88.2003-11-04", 29), ("ae/fdl-24-2023", 27)]
)
def test_the_articles_of_the_body_are_all_there(snapshots, name, count):
    provisions = html.parse((snapshots / "texts" / f"{name}.html").read_bytes(), ACT)
    assert [p.numbers[0] for p in provisions if len(p.numbers) == 1 and p.numbers[0].isdigit()] == [str(n) for n in range(1, count + 1)]


@pytest.mark.snapshots
@pytest.mark.parametrize(
    ("name", "numbers", "opens"),
    [
        ("eu/tfeu.2012-10-26", ("79", "2", "d"), "(d) combating trafficking in persons"),
        ("eu/teu.2012-10-26", ("3", "2"), "2. The Union shall offer its citizens"),
        ("eu/dir-2003-88.2003-11-04", ("2", "4", "b", "ii"), "(ii) by collective agreements"),
        ("eu/dir-2003-88.2003-11-04", ("preamble", "17"), "(17) This Directive should not affect"),
        ("ae/fdl-24-2023", ("2", "1", "أ"), "أ- باع شخصاً"),
    ],
)
def test_known_portions(snapshots, name, numbers, opens):
    provisions = html.parse((snapshots / "texts" / f"{name}.html").read_bytes(), ACT)
    found = [p.text[portion.start : portion.end] for p in provisions for portion in p.portions if portion.numbers == numbers]
    assert len(found) == 1
    assert found[0].startswith(opens)


@pytest.mark.snapshots
def test_formats(formats):
    raw = (formats / "eurlex" / "html4-2003.html").read_bytes()
    promises(raw, html.parse(raw, ACT))
