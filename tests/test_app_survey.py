"""The Ask page over a question about several places: a table with a row for each, each quotation a click away."""

from __future__ import annotations

import re

from streamlit.testing.v1 import AppTest

from tests.page import ask_it, html_of

QUESTION = "Do the UK, Ireland, the United Arab Emirates and France let an employer keep a passport?"


def table_of(page: str) -> str:
    return page.partition('<table class="hv-table hv-survey">')[2].partition("</table>")[0]


def test_each_place_has_a_row_that_leads_to_its_quotation(app: AppTest) -> None:
    page = html_of(ask_it(app, QUESTION))
    table = table_of(page)
    assert re.findall(r'<th scope="row">([^<]+)</th>', table) == ["United Kingdom", "Ireland", "United Arab Emirates", "France"]
    assert re.findall(r'<th scope="col">([^<]+)</th>', table) == ["Whose law", "Provision", "In short"]
    assert table.count("Law held, nothing found") == 2 and table.count("Not held") == 1
    leads_to = re.findall(r'href="#([^"]+)"', table)
    assert leads_to and all(f' id="{place}"' in page for place in leads_to)
    assert "Haven’s summary" in table and "Found for 1 of 4." in page


def test_the_table_stands_above_the_quotations(app: AppTest) -> None:
    page = html_of(ask_it(app, QUESTION))
    assert page.index('id="survey"') < page.index(">What the law says<") < page.index('id="quote-1"')


def test_one_place_has_no_table(app: AppTest) -> None:
    assert not table_of(html_of(ask_it(app, "My boss took my passport. Is that allowed?")))


def test_the_table_is_spanish_too(app: AppTest) -> None:
    ask_it(app, QUESTION)
    app.button(key="interface_es").click().run()
    assert not app.exception
    table = table_of(html_of(app))
    assert "Reino Unido" in table and "Ley disponible, sin resultados" in table and "Law held" not in table
