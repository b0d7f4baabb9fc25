"""What kb says, in Spanish: every sentence that it makes for people has a template that fits it, and parts go where they belong."""

from __future__ import annotations

import ast
import re
from string import Formatter

import pytest

from kb import answer, compare, currency, draft, prose, receipt, refusal
from kb.citation import JURISDICTIONS, jurisdiction_name
from kb.config import ROOT
from pages import language
from pages.told import PARTS, SENTENCES, in_language
from tests.test_language import catalogue_entries

SPEAKING = (answer, compare, currency, draft, refusal)  # modules whose sentences a page shows as they come
FRAGMENTS = {  # pieces of a sentence that another literal of the module completes, and what no page shows
    " On {} it had not been replaced yet.", " Our copy is known to be incomplete or disturbed; compare it with the official text.",
    "A change is not in our copy: {} ({})", "It differs from the record{}.",
    # to other programs, or on the command line, alone
    "law held, nothing found: no summary of ours is on this topic, which does not mean that the law is silent",
    "not held: we have neither text nor summary of this law", "this edition of the knowledge base carries no topics; {}", "{} is not a topic{}; the list: python -m kb compare",
    "{} is not a jurisdiction that we know; they are written as int, eu, us, us-ca, gb ...",
    "{} is not among the treaty articles that we have sorted by topic; those are of {}",
}  # fmt: skip
_PLAIN = re.compile(r"[\w'’“”{}();:,.§ -]+")


@pytest.fixture(autouse=True)
def _spanish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "chosen", lambda: "es")


def sentences(module: object) -> list[str]:
    """The sentences in a module's code, {} where a value goes; no docstrings, no patterns, no names."""
    tree = ast.parse((ROOT / f"{module.__name__.replace('.', '/')}.py").read_text("utf-8"))
    apart = {id(part) for node in ast.walk(tree) if _no_speech(node) for part in ast.walk(node)}
    apart |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    texts = [_written(node) for node in ast.walk(tree) if id(node) not in apart and isinstance(node, ast.Constant | ast.JoinedStr)]
    return [text for text in texts if _PLAIN.fullmatch(text) and len(re.findall(r"\b[a-z]{2,}\b", text)) > 3 and re.search(r"[.,;:{]", text)]


def _no_speech(node: ast.AST) -> bool:
    """A docstring, a pattern, or what stands within an f-string."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).startswith("re.")
    return isinstance(node, ast.FormattedValue) or (isinstance(node, ast.Constant) and not isinstance(node.value, str))


def _written(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value
    return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)


@pytest.mark.parametrize("module", SPEAKING, ids=lambda module: module.__name__)
def test_every_sentence_has_a_template(module: object) -> None:
    """Where this fails: put the sentence into pages/told.py, then python -m tests.messages, and translate what it prints."""
    parts = {re.sub(r"\{\w+\}", "{}", part) for part in PARTS}
    made = {text: text.replace("{}", "X1") for text in sentences(module) if text not in FRAGMENTS | parts}
    assert made and not [text for text, line in made.items() if in_language(line) == line]


def test_every_kind_of_data_that_is_not_held_has_a_name() -> None:
    assert {what for _pattern, what in answer._DATA_NOT_HELD} <= {*PARTS}


def test_no_fragment_is_named_that_is_gone() -> None:
    there = {text for module in SPEAKING for text in sentences(module)}
    assert not FRAGMENTS - there


def test_every_template_is_translated_with_its_places() -> None:
    for template in (*SENTENCES, *PARTS):
        spanish = catalogue_entries[template]
        places = [{name for _text, name, _spec, _conversion in Formatter().parse(text)} - {None} for text in (template, spanish)]
        assert spanish and places[0] == places[1], template


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("the law of Spain is not in the knowledge base.", "No tenemos en la biblioteca: la ley de España."),
        ("We hold laws and guidance, not processing times.", "Tenemos leyes y guías, pero no plazos de tramitación."),
        ("There is no Act s. 9 in the text held. The nearest are Act s. 8, Act s. 10.", "Act s. 9 no existe en el texto que tenemos. Lo más cercano es: Act s. 8, Act s. 10."),
        (
            "The question takes for granted that the law sets 30 days, 12 percent; the provisions found do not say so. Read what they say.",
            "La pregunta da por hecho que la ley fija 30 días, un 12 por ciento; las disposiciones encontradas no lo dicen. Lea lo que dicen.",
        ),
        ("as-at: no wording of Act s. 1 as old as 2001-02-03 is held; the oldest is of 2004-05-06.", "No tenemos ninguna redacción de Act s. 1 tan antigua como el 2001-02-03; la más antigua es del 2004-05-06."),
        (
            "as-at: each quotation is the newest wording held that is dated 2001-02-03 or earlier; changes made between the date beside it and 2001-02-03 are not in it.",
            "Cada cita es la redacción más reciente que tenemos con fecha de 2001-02-03 o anterior; no incluye los cambios hechos entre la fecha que figura a su lado y el 2001-02-03.",
        ),
        ("replaced: The Act has been replaced by New Act, applicable from 2027-01-01 (except Part 2).", "The Act: se ha sustituido por New Act, aplicable desde el 2027-01-01 (except Part 2)."),
        (
            "old-reference: 8 CFR 1 still refers to 8 CFR 2. 8 CFR 2 is now 8 CFR 3, applicable from 2024-08-28. (89 FR 1)",
            "8 CFR 1 todavía remite a 8 CFR 2. 8 CFR 2 es ahora 8 CFR 3, aplicable desde el 2024-08-28. (89 FR 1)",
        ),
        ("repealed: Act s. 2 is marked “repealed” in our copy; nothing applies there now.", "Act s. 2 figura en nuestra copia como «derogada»; ahora no rige nada allí."),
        ("moved: 8 CFR 2 is now 8 CFR 3. Renumbered. (89 FR 1)", "8 CFR 2 es ahora 8 CFR 3. Renumbered. (89 FR 1)"),
        ("prose: One sentence was written by a language model. Citations, quotations and figures were checked, the reasoning was not.",
         "Un modelo de lenguaje escribió una frase. Se comprobaron las referencias, las citas y las cifras; no el razonamiento."),
        ("Word for word as in the record, copy of 2017-05-10.", "Palabra por palabra como en el registro, copia del 2017-05-10."),
    ],
)  # fmt: skip
def test_parts_go_where_they_belong(english: str, spanish: str) -> None:
    assert in_language(english) == spanish


def test_other_words_stay_as_they_are() -> None:
    for text in ("Everyone has the right to wages.", "30 days", "pending-amendment: Act s. 1: new text (Act 2, source)", ""):
        assert in_language(text) == text


def test_in_english_nothing_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "chosen", lambda: "en")
    assert in_language("as-at: no wording of X as old as 2001-02-03 is held; our copy bears no date.").startswith("as-at: no wording")


def test_names_of_countries_are_told_apart() -> None:
    assert len({jurisdiction_name(code) for code in JURISDICTIONS}) == len(JURISDICTIONS)


def test_receipts_and_the_language_model_are_spoken_too() -> None:
    assert in_language(f"{receipt.NO_RECEIPT}: it is larger than 5 MB").startswith("este archivo no es un comprobante")
    assert "no" in in_language(prose._counted(2) + " written by a language model" + prose._withheld(1) + ". Citations, quotations and figures were checked, the reasoning was not.")
