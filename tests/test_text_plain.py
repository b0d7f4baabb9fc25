"""Plain text with headings of articles and sections."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.parse.text import check, derive
from ingest.parse.text_plain import is_unit, parse
from kb.errors import ParseError
from kb.model import Instrument

DATA = Path(__file__).parent / "data" / "txt"
FERRY = Instrument("int/ferrymen", "Charter of the Ferrymen", "Charter", "int", "treaty", "en", None, "art. {pinpoint}")


def test_golden(golden) -> None:
    raw = (DATA / "charter.txt").read_bytes()
    provisions = parse(raw, FERRY)
    for provision in provisions:
        assert derive(raw, check(provision).offsets, entities=False) == provision.text
    golden(DATA / "charter.txt", provisions)


@pytest.mark.parametrize("line", ["Article 6", "ARTICLE 6. Assistance", "Section 4A. Fees", "SECTION 3 - Registration", "§ 4. Zugang", "第 5 條", "المادة 12"])
def test_headings(line: str) -> None:
    assert is_unit(line)


@pytest.mark.parametrize(
    "line", ["Article 6 applies to the fare", "Section 4 of the Act,", "section 4. of the act", "Articles of faith", "article 2, paragraph 1; and"]
)
def test_sentences(line: str) -> None:
    assert not is_unit(line)


@pytest.mark.parametrize(("raw", "reason"), [(b"", "no provisions"), (b"\xff\xff\xff", "utf-8"), (b"a\0b", "NUL")])
def test_malformed(raw: bytes, reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        parse(raw, FERRY)
