"""The page that compares: the overview, a topic, a treaty article, addresses, and what can be taken away."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages import world
from pages.verbatim import escape
from tests.page import html_of
from tests.test_app_browse import at, links
from tests.tiny import ACT, PASSPORTS, TREATY

pytestmark = pytest.mark.usefixtures("navigation")
TOPIC = "passports-and-documents"


def test_overview_counts_every_topic_and_leads_to_it(app: AppTest) -> None:
    page = at(app, "compare", **{"with": "gb"})
    assert app.multiselect(key="compare_with").value == ["gb"]
    assert f"compare?topic={TOPIC}&amp;with=gb" in links(page) and '<span title="Held, nothing found">–</span>' in page


def test_a_topic_by_its_address_shows_the_law_s_words_and_ours_apart(app: AppTest) -> None:
    app.switch_page("pages/compare.py")
    app.query_params["topic"] = [TOPIC]
    app.query_params["with"] = ["gb", "ie", "fr"]
    app.run()
    assert not app.exception
    page = html_of(app)
    assert f'<blockquote class="hv-quote hv-law" lang="en" dir="auto">{escape(PASSPORTS)[:80]}' in page
    assert "Haven’s summary" in page and f"provision?p={ACT}~1" in links(page) and "Domestic Lanterns Act 2099 s. 1, in part" in page
    assert "hv-cell-nothing" in page and "hv-cell-not-held" in page and "Lantern Treaty art. 4" in page
    assert [button.proto.label for button in app.get("download_button")] == ["Download for Word", "Download the table (CSV)"]


def test_what_is_chosen_stands_in_the_address(app: AppTest) -> None:
    at(app, "compare")
    app.multiselect(key="compare_with").set_value(["ie"]).run()
    app.multiselect(key="compare_topics").set_value(["support-services"]).run()
    assert not app.exception
    assert "ie" in app.query_params["with"] and "support-services" in app.query_params["topic"]


def test_from_a_treaty_article_to_national_law_as_a_pointer(app: AppTest) -> None:
    page = at(app, "compare", article=f"{TREATY}~4", **{"with": "gb"})
    assert app.radio(key="compare_way").value == "article"
    assert "A pointer, not a finding" in page and "Support services" in page and f"provision?p={ACT}~1" in links(page)


def test_nothing_to_compare_is_said(app: AppTest) -> None:
    at(app, "compare")
    app.multiselect(key="compare_with").set_value([]).run()
    assert not app.exception and "Choose at least one country" in html_of(app)


def test_an_unknown_topic_in_the_address_is_left_out(app: AppTest) -> None:
    at(app, "compare", topic="<script>", **{"with": "gb"})
    assert app.multiselect(key="compare_topics").value == []


# the map


def test_the_map_draws_each_state_by_shade_and_sign() -> None:
    made = world.chart({"gb": "text", "fr": "catalogue", "eu": "text"}, {"gb": "UK", "fr": "France", "eu": "EU"}).to_dict()
    outlines, signs = (made["datasets"][layer["data"]["name"]] if "name" in layer["data"] else layer["data"]["values"] for layer in made["layer"])
    assert {o["properties"]["state"] for o in outlines} == {"text", "catalogue", "none"}
    assert sorted(sign["told"] for sign in signs) == ["France", "UK"], "the EU is no place on a map"
    assert len(set(world.SIGNS.values())) == 3 and "url" not in str(made["layer"])[:4000]


def test_the_map_is_small_and_knows_small_countries() -> None:
    assert {"sg", "bh", "mu", "hk", "us", "gb"} <= world.drawn()
    assert (world.Path(world.__file__).with_name("world.json")).stat().st_size < 150_000
