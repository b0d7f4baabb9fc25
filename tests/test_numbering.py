"""Printed markers: recognised, and nested by their sequence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.parse.numbering import Reading, learn, markers, portions, read, readings

ROMAN = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii"]
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
COUNTS = {
    "1": [str(n) for n in range(1, 30)],
    "a": list(ALPHABET),
    "A": list(ALPHABET.upper()),
    "i": ROMAN,
    "I": [number.upper() for number in ROMAN],
    "aa": [letter * 2 for letter in ALPHABET],
}
HIERARCHIES = [
    [("a", "({})"), ("1", "({})"), ("i", "({})"), ("A", "({})")],
    [("a", "({})"), ("1", "({})"), ("A", "({})"), ("i", "({})"), ("I", "({})"), ("aa", "({})")],
    [("1", "{}."), ("a", "({})"), ("i", "({})")],
    [("1", "({})"), ("a", "({})"), ("i", "({})"), ("I", "({})")],
    [("1", "{}."), ("a", "{}."), ("i", "{}.")],
    [("1", "({})"), ("a", "{})"), ("i", "{})")],
]


def paths(text: str, number: str = "9") -> list[str]:
    """The portions of a text as printed paths, in order."""
    return ["/".join(portion.numbers[1:]) for portion in portions(text, f"x/y~{number}", (number,))]


def slices(text: str) -> dict[str, str]:
    return {portion.id.partition("~9/")[2]: text[portion.start : portion.end] for portion in portions(text, "x/y~9", ("9",))}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1. The Parties", [("1", "x.")]),
        ("(1) The Parties", [("1", "(x)")]),
        ("(a) any person", [("a", "(x)")]),
        ("a) any person", [("a", "x)")]),
        ("a. any person", [("a", "x.")]),
        ("a.access to places", [("a", "x.")]),
        ("(aa) wages", [("aa", "(x)")]),
        ("(1A) Where", [("1A", "(x)")]),
        ("3 bis. Los extranjeros", [("3 bis", "x.")]),
        ("1° Les étrangers", [("1°", "x°")]),
        ("(b) (1) The fee", [("b", "(x)"), ("1", "(x)")]),
        ("(a)(1)(i) A petition", [("a", "(x)"), ("1", "(x)"), ("i", "(x)")]),
        ("(1) —(i) —(A) An alien", [("1", "(x)"), ("i", "(x)"), ("A", "(x)")]),
        ("(b) Fees—(1) Amount. The fee", [("b", "(x)"), ("1", "(x)")]),
        ("() Its number is lost", [("", "(x)")]),
        ("[(2) It extends to the whole country.]", [("2", "(x)")]),
        ("一、雇主", [("一", "x、")]),
        ("（二）雇主", [("二", "（x）")]),
        ("أ) كل شخص", [("أ", "x)")]),
        ("A State may denounce", []),
        ("e.g. a worker", []),
        ("2016 was the year", []),
        ("Yes. The employer pays", []),
        ("(if any) of them", []),
    ],
)
def test_markers(line: str, expected: list[tuple[str, str]]) -> None:
    assert [(number, form) for number, form, _ in markers(line, 0, len(line)).markers] == expected


def test_marker_offsets_stand_at_the_line_and_at_the_bracket() -> None:
    text = "Opening words\n[(b) (1) The fee"
    assert read(text)[1].markers == (("b", "(x)", 14), ("1", "(x)", 19))


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("1A", Reading("1", (1, 100))),
        ("2 bis", Reading("1", (2, 100))),
        ("iv", Reading("i", (4, 0))),
        ("cc", Reading("aa", (3, 0))),
        ("ba", Reading("a", (2, 100))),
        ("A1", Reading("1", (0, 9000))),
        ("ñ", Reading("a", (14, 100))),
        ("十二", Reading("一", (12, 0))),
        ("٣", Reading("1", (3, 0))),
    ],
)
def test_readings(number: str, expected: Reading) -> None:
    assert expected in readings(number)


def test_no_reading_of_words() -> None:
    assert readings("the1") == [] and readings("") == [] and readings("Act") == []


def test_letter_i_after_h_is_a_letter() -> None:
    assert paths("(g) one;\n(h) two;\n(i) three;\n(j) four.") == ["g", "h", "i", "j"]


def test_roman_i_after_h_where_ii_follows() -> None:
    assert paths("(a) x;\n(b) x;\n(c) x;\n(d) x;\n(e) x;\n(f) x;\n(g) x;\n(h) all of:\n(i) one;\n(ii) two;\n(i) nine;\n(j) ten.")[-5:] == ["h", "h/i", "h/ii", "i", "j"]


def test_v_and_x_among_letters_and_romans() -> None:
    letters = "\n".join(f"({letter}) item;" for letter in ALPHABET)
    assert paths(letters) == list(ALPHABET)
    romans = "(a) of:\n" + "\n".join(f"({number}) item;" for number in ROMAN) + "\n(b) last."
    assert paths(romans) == ["a", *[f"a/{number}" for number in ROMAN], "b"]


def test_c_and_d_after_b_are_letters_not_hundreds() -> None:
    assert paths("(1) of:\n(a) x;\n(b) x;\n(c) x;\n(d) x.\n(2) end") == ["1", "1/a", "1/b", "1/c", "1/d", "2"]


def test_inserted_numbers_keep_their_level() -> None:
    assert paths("(1) x\n(1A) x\n(1B) x\n(2) of:\n(a) x;\n(aa) x;\n(b) x.\n(3) x") == ["1", "1A", "1B", "2", "2/a", "2/aa", "2/b", "3"]
    assert paths("1. x\n2. x\n2 bis. x\n3. x") == ["1", "2", "2 bis", "3"]


def test_a_gap_left_by_a_repeal_is_passed_over() -> None:
    assert paths("(1) x\n(2) x\n(5) x\n(6) x") == ["1", "2", "5", "6"]


def test_a_number_printed_twice_gets_an_occurrence_in_the_id_only() -> None:
    text = "In this Act—\n“child” means—\n(a) one;\n(b) two;\n“ship” means—\n(a) three;\n(b) four."
    assert [portion.id for portion in portions(text, "x/y~2", ("2",))] == ["x/y~2/a", "x/y~2/b", "x/y~2/a!2", "x/y~2/b!2"]
    assert {portion.numbers for portion in portions(text, "x/y~2", ("2",))} == {("2", "a"), ("2", "b")}


def test_flush_text_belongs_to_the_parent() -> None:
    found = slices("1. A person who:\n(a) works; or\n(b) studies,\nshall register.\n2. End.")
    assert found["1"].endswith("shall register.") and found["1/b"] == "(b) studies,"


def test_a_second_paragraph_of_a_numbered_one_stays_in_it() -> None:
    found = slices("1. First.\nMore of the first.\n2. Second.\nMore of the second.")
    assert found == {"1": "1. First.\nMore of the first.", "2": "2. Second.\nMore of the second."}


def test_a_lost_number_makes_no_portion_and_hides_what_is_below() -> None:
    found = slices("(a) of:\n(1) of:\n(i) of:\n(A) of:\n() first;\n() second;\n(B) other.")
    assert list(found) == ["a", "a/1", "a/1/i", "a/1/i/A", "a/1/i/B"]
    assert found["a/1/i/A"].endswith("() second;")


def test_text_inserted_into_another_act_makes_no_portions() -> None:
    text = (
        "(1) The Wages Act is amended as follows.\n(2) After section 17 insert—\nRegistration\n17A (1) A person may apply.\n"
        "(2) The condition is that—\n(a) the person works;\n(b) the person is paid.\n(3) It ends.\n.\n(3) In section 20 after paragraph (c) insert—\n"
        "(ca) wages;\n.\n(4) This section binds the State."
    )
    assert paths(text) == ["1", "2", "3", "4"]


def test_text_between_quotation_marks_makes_no_portions() -> None:
    text = "The Wages Act is amended—\n(a) by inserting the following:\n“(4) A worker—\n(a) is paid;\n(b) is heard.”,\n(b) in section 9, by deleting “and”."
    assert paths(text) == ["a", "b"]


def test_a_quoted_word_behind_a_number_is_no_quotation() -> None:
    assert paths("(a) “worker” means one;\n(b) “wage” means pay.") == ["a", "b"]


def test_a_year_or_a_figure_is_no_portion() -> None:
    assert paths("(1) Under the Act of\n1995. It was repealed.\n(2) x") == ["1", "2"]


def test_habits_of_the_instrument_decide() -> None:
    habits = learn(["(a) of:\n(1) x;\n(2) x.\n(b) x"] * 6)
    assert habits["", ""]["a", "(x)"] == 12 and habits["a", "(x)"]["1", "(x)"] == 12


@st.composite
def trees(draw: st.DrawFn, depth: int = 0, deepest: int = 3) -> list[list]:
    """A list of nodes, each the list of its children; lists have two nodes or more."""
    count = draw(st.integers(2, 11 if depth == 0 else 5))
    return [draw(trees(depth + 1, deepest)) if depth < deepest and draw(st.integers(0, 3)) == 0 else [] for _ in range(count)]


def flatten(nodes: list[list], levels: list[tuple[str, str]], path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    """Each node's path and its printed line."""
    (kind, form), *deeper = levels
    lines: list[tuple[tuple[str, ...], str]] = []
    for number, children in zip(COUNTS[kind], nodes):
        here = (*path, number)
        lines.append((here, f"{form.format(number)} words {'of:' if children and deeper else 'end;'}"))
        if children and deeper:
            lines += flatten(children, deeper, here)
    return lines


@settings(max_examples=200, deadline=None)
@given(trees(), st.sampled_from(HIERARCHIES))
def test_a_tree_printed_flat_is_found_again(tree: list[list], levels: list[tuple[str, str]]) -> None:
    lines = flatten(tree, levels)
    text = "\n".join(line for _, line in lines)
    assert [portion.numbers[1:] for portion in portions(text, "x/y~9", ("9",))] == [path for path, _ in lines]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="(ab1i.) \n“”—x:;", max_size=200))
def test_portions_nest_whatever_the_text(text: str) -> None:
    text = "\n".join(line.strip() for line in text.split("\n") if line.strip())
    found = portions(text, "x/y~9", ("9",))
    by_id = {portion.id: portion for portion in found}
    assert len(by_id) == len(found)
    for portion in found:
        assert 0 <= portion.start < portion.end <= len(text)
        parent = by_id.get(portion.id.rpartition("/")[0])
        assert parent is None or parent.start <= portion.start and portion.end <= parent.end
