"""The world map of what is held: darkness and a sign for each state, so that it can be read without colours. The table beside it says the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import altair
import streamlit as st

from pages.holdings import HELD
from pages.language import _

FILLS = {"text": "#17635d", "summary": "#8fb9b1", "catalogue": "#dfe6e0", "none": "#fbfaf6"}
SIGNS = {"text": "circle", "summary": "triangle-up", "catalogue": "square"}


@cache
def _world() -> dict[str, Any]:
    """Outlines of the countries and the middle of each, from the file beside this one: the browser fetches nothing."""
    return json.loads(Path(__file__).with_name("world.json").read_text("utf-8"))


def drawn() -> frozenset[str]:
    """Codes of the jurisdictions that have a place on the map."""
    return frozenset(_world()["points"])


def show(states: Mapping[str, str], told: Mapping[str, str]) -> None:
    """The map. `states` is "text", "summary" or "catalogue" by jurisdiction, `told` what is said of each where the pointer rests."""
    st.altair_chart(chart(states, told), theme=None, key="world")


def chart(states: Mapping[str, str], told: Mapping[str, str]) -> altair.LayerChart:
    """The chart: filled outlines, and on each country with law a sign."""
    names = {state: _(words) for state, (words, _tone) in HELD.items()}
    legend = altair.Legend(title=None, orient="bottom", direction="horizontal", symbolStrokeColor="#55626b", labelFontSize=13, columns=1)
    countries = altair.Chart(altair.InlineData(_outlines(states, told), format=altair.DataFormat(type="json"))).mark_geoshape(
        stroke="#8d979c", strokeWidth=0.5
    )
    return (
        countries.encode(
            fill=altair.Fill("properties.state:N", scale=altair.Scale(domain=list(FILLS), range=list(FILLS.values())), legend=None),
            tooltip=altair.Tooltip("properties.told:N", title=" "),
        )
        + _signs(states, told, names, legend)
    ).properties(width="container", height=400, background="transparent", padding=0).project("naturalEarth1").configure_view(stroke=None)


def _outlines(states: Mapping[str, str], told: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {**shape, "properties": {"state": states.get(code, "none"), "told": told.get(code, _("nothing held"))}}
        for shape in _world()["shapes"]
        for code in [shape["properties"]["code"]]
    ]


def _signs(states: Mapping[str, str], told: Mapping[str, str], names: Mapping[str, str], legend: altair.Legend) -> altair.Chart:
    points = [
        {"longitude": place[0], "latitude": place[1], "state": names[states[code]], "told": told[code]}
        for code, place in _world()["points"].items()
        if code in states
    ]
    shape = altair.Shape("state:N", legend=legend, scale=altair.Scale(domain=list(names.values()), range=list(SIGNS.values())))
    return altair.Chart(altair.InlineData(points)).mark_point(filled=True, size=46, color="#1d2931", stroke="#ffffff", strokeWidth=0.7).encode(
        longitude="longitude:Q", latitude="latitude:Q", shape=shape, tooltip=altair.Tooltip("told:N", title=" ")
    )
