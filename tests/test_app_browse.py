"""Browsing: whose law, which law, its contents, and what stands about a provision."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from pages import paths, verbatim
from pages.related import _apart
from pages.verbatim import Aside
from tests.page import find, html_of
from tests.tiny import ACT, TREATY, UNREAD

pytestmark = pytest.mark.usefixtures("navigation")


def at(app: AppTest, page: str, **address: str) -> str:
    """The HTML of a page at its address."""
    app.switch_page(f"pages/{page}.py")
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return html_of(app)


def links(page: str) -> list[str]:
    return re.findall(r'<a class="hv-in" href="([^"]+)"', page)


def test_the_start_lists_every_jurisdiction_with_an_address(app: AppTest) -> None:
    assert {"browse?j=int", "browse?j=gb", "browse?j=ie", "browse?j=ae", "browse?j=fr"} <= set(links(at(app, "browse")))


def test_a_country_lists_its_laws_and_says_what_is_held(app: AppTest) -> None:
    page = at(app, "browse", j="gb")
    assert f"browse?i={ACT}" in links(page) and "official text" in page and "4 articles or sections" in page
    assert "catalogue only" in at(app, "browse", j="fr")


def test_contents_lead_to_every_provision_under_its_heading(app: AppTest) -> None:
    page = at(app, "browse", i=ACT)
    assert [link for link in links(page) if link.startswith("provision")] == [f"provision?p={ACT}~{n}" for n in (1, 2, 3, 4)]
    assert re.search(r'<details open><summary dir="auto">PART 1\. Workers', page)


def test_a_law_without_text_lists_what_is_summarised_and_who_is_bound(app: AppTest) -> None:
    page = at(app, "browse", i=TREATY)
    assert f"provision?p={TREATY}~4" in links(page) and "The official text is not held" in page
    assert "1 party among the states in our catalogue" in page and "not yet checked against the depositary" in page
    assert "2 states are left out because we are not certain" in page and "not a party" in page


def test_a_law_of_the_catalogue_alone_says_so(app: AppTest) -> None:
    assert "Only the catalogue entry is held" in at(app, "browse", i=UNREAD)


def test_an_address_that_leads_nowhere_says_so_and_shows_the_start(app: AppTest) -> None:
    page = at(app, "browse", i="gb/<script>")
    assert "Nothing by this address" in page and "browse?j=gb" in links(page) and "<script>" not in page.replace("<script>(()", "")


def test_a_citation_that_is_not_known_is_one_plain_line(app: AppTest) -> None:
    at(app, "browse")
    app.text_input(key="open_citation").set_value("nonsense of nowhere")
    find(app, "Open").click().run()
    assert "This citation is not one that Haven knows" in html_of(app)


def test_searching_inside_a_law_asks_that_law_alone_and_leaves_no_address(app: AppTest) -> None:
    at(app, "browse", i=ACT)
    app.text_input(key="inside_question").set_value("who keeps a passport?")
    find(app, "Find").click().run()
    assert app.session_state["asked"].filters.instrument == (ACT,)
    assert "passport" not in str(dict(app.query_params))


# the provision


def test_a_provision_leads_up_across_and_to_the_same_topic(app: AppTest) -> None:
    found = links(at(app, "provision", p=f"{ACT}~1"))
    assert {"browse?j=gb", f"browse?i={ACT}", "compare?topic=passports-and-documents", f"provision?p={ACT}~1"} <= set(found)


def test_neighbours_stand_in_the_address(app: AppTest) -> None:
    at(app, "provision", p=f"{ACT}~1")
    find(app, "Next").click().run()
    assert "Domestic Lanterns Act 2099 s. 2" in html_of(app) and f"{ACT}~2" in app.query_params["p"]


def test_defined_words_and_references_are_explained_both_ways(app: AppTest) -> None:
    third = at(app, "provision", p=f"{ACT}~3")
    assert '<abbr title="(1) In this Act, “lantern” means a lamp that burns oil.">lantern</abbr>' in third
    assert "Referred to by" in third and f"provision?p={ACT}~4/2" in links(third)
    fourth = at(app, "provision", p=f"{ACT}~4")
    assert f'<a class="hv-in" href="provision?p={ACT}~3">section 3</a>' in fourth and "Refers to" in fourth


def test_what_changed_is_shown_word_by_word(app: AppTest) -> None:
    page = at(app, "provision", p=f"{ACT}~2")
    assert re.search(r"<del>.{0,60}removed:.{0,20}</span>An agency", page) and re.search(r"<ins>.{0,60}added:.{0,20}</span>No person", page)
    assert "The words are the same." in at(app, "provision", p=f"{ACT}~3")


# links and asides


def test_addresses_carry_what_ids_may_hold() -> None:
    assert paths.provision("int/x~59%20bis/a!2") == "provision?p=int/x~59%2520bis/a!2"
    assert paths.comparison(["a"], ["gb", "us"]) == "compare?topic=a&with=gb&with=us"
    assert paths.inside("browse", "<b>") == '<a class="hv-in" href="browse">&lt;b&gt;</a>'


def test_asides_never_change_the_characters() -> None:
    text = "A lamp & a\nlamp of section 3."
    asides = _apart([Aside(19, 28, address='x"'), Aside(2, 6, meaning="<m>"), Aside(4, 9, meaning="late"), Aside(11, 15, meaning="m")])
    assert [(a.start, a.end) for a in asides] == [(2, 6), (11, 15), (19, 28)]
    for marked in ((3, 20), (0, 6), None):
        shown = verbatim.provision(text, "en", (), 0, marked, asides)
        assert re.sub(r"<[^>]*>", "", shown) == verbatim.escape(text)
    assert 'title="&lt;m&gt;"' in shown and 'href="x&quot;"' in shown
