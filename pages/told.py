"""What kb says to people, in the visitor's language: a sentence is matched with the template that made it, and its parts go into that template's translation.

kb itself speaks English, to other programs and on the command line alike. Names and notes of the catalogue stay as the catalogue has them.
"""

from __future__ import annotations

import re
from functools import cache

from kb.citation import JURISDICTIONS, jurisdiction_name
from kb.translation import ENGLISH
from pages import language
from pages.language import N_, _

# one line may be a whole note of an answer, the words after its code, an error, or what a check says of a place; the first that fits is taken, so a longer
# one stands before one that could swallow it
SENTENCES = (
    # answers
    N_("Nothing in the texts held speaks to this closely enough."),
    N_("The question takes for granted that the law sets {amounts}; the provisions found do not say so. Read what they say."),
    N_("The question takes something for granted that the provisions found say otherwise. Read what they say."),
    N_("This reads as an instruction to the program, not as a question about the law. Ask what you want to know."),
    N_("This asks for help in holding or exploiting people unseen. Haven does not help with that."),
    N_("{name} is not in the knowledge base."),
    N_("The official text of {name} is not in the knowledge base; what follows is our summary."),
    N_("Our copy of {place} is damaged; whether it has such a part cannot be told."),
    N_("{place} is not in the part of {law} that is held."),
    N_("There is no {place} in the text held."),
    N_("There is no {place} in the text held. The nearest are {nearest}."),
    N_("We hold laws and guidance, not {what}."),
    N_("the stored text of {id} is not the one that was sealed"),
    N_("{id}: the stored text is not the one that was sealed, so it is not shown; run: python -m ingest build"),
    N_("the passage {id} is not in the stored text"),
    # whether it is still the law
    N_("our copy of {place} is known to be incomplete or disturbed; compare it with the official text."),
    N_("{place} is marked “{state}” in our copy; nothing applies there now."),
    N_("{law} has been replaced by {successor}. On {day} it had not been replaced yet."),
    N_("{law} has been replaced by {successor}."),
    N_("{law} was amended after our copy of {day}: {successor}."),
    N_("{citation} still refers to {place}. {where}"),
    N_("{place} is now {places}, applicable from {day}. {rest}"),
    N_("{place} is now {places}. {rest}"),
    N_("our summary of {place} is not yet checked against the official text."),
    N_("each quotation is the newest wording held that is dated {day} or earlier; changes made between the date beside it and {day} are not in it."),
    N_("no wording of {place} as old as {day} is held; {held}."),
    # a comparison
    N_("These are pointers: provisions on the same subject, as our summaries sort them. They are no finding that a state complies with a treaty."),
    N_("our copy is known to be incomplete or disturbed"),
    N_("change to come: {rest}"),
    N_("replaced: {rest}"),
    # a draft
    N_("The record has it, {dated}. Our copy is known to be incomplete or disturbed; compare it with the official text."),
    N_("The record has it, {dated}."),
    N_("The record says: {state}."),
    N_("The newest copy no longer has this provision; the copy {dated} does."),
    N_("Its stored text cannot be shown: {reason}"),
    N_("{law} has been replaced: {successor}."),
    N_("The official text of {law} is not in the library."),
    N_("It names no law that we know."),
    N_("It names no law. If it belongs to one cited before it, it may be {place}: {where}"),
    N_("No citation near it leads to a text that is held, so it was not compared."),
    N_("Not in the provisions cited near it ({places})."),
    N_("It could not be compared: {reason}"),
    N_("Word for word as in the record, {dated}."),
    N_("Word for word as the wording {dated} had it; the wording held now differs."),
    N_("It differs from the record."),
    N_("It differs from the record, and comes nearest to {place}, not {citation}."),
    N_("Word for word, but it stands in {place}, not in {citation}."),
    N_("Word for word, but it leaves out words of the record that limit the rest: “{limit}”."),
    N_("Not a genuine citation: it holds characters that only look like the letters or figures of {place} ({strange}). Type it anew."),
    # a receipt
    N_("No such provision any more; the same words now stand in {id}."),
    # a language model
    N_("The language model was not used: {reason}. This answer comes from the texts alone."),
    N_("Nothing that the language model wrote could be verified, so none of it is shown. This answer comes from the texts alone."),
    N_("{counted} written by a language model. Citations, quotations and figures were checked, the reasoning was not."),
    N_("{counted} written by a language model; {n} more could not be verified and is not shown. Citations, quotations and figures were checked, the reasoning was not."),
    N_("{counted} written by a language model; {n} more could not be verified and are not shown. Citations, quotations and figures were checked, the reasoning was not."),
    N_("Your question and the passages found go to {address}; only what the passages bear out is shown."),
    N_("It cannot be used, and nothing is sent: {reason}."),
    # what goes wrong
    N_("the question is blank; write it in your own words, or give a citation"),
    N_("the question has {n} characters, the limit is {most}; shorten it"),
    N_("the draft is empty"),
    N_("the draft has {n} characters; at most {most} can be checked at once"),
    N_("the facts contradict each other: {fact} is {answer}, but {others} say {worked_out}"),
    N_("the facts contradict each other: {fact} is {answer} and something else too"),
    N_("{words} is not an id or a citation that we know; write it as us/usc/t8~1101/a/15/T or 8 U.S.C. 1101(a)(15)(T)"),
    N_("{words} names {law} ({id}) but no provision of it; add an article or section"),
    N_("{place} is not held in the knowledge base"),
    N_("this file is not a receipt or a folder that Haven wrote: it is larger than {n} MB"),
    N_("this file is not a receipt or a folder that Haven wrote"),
    N_("there is no knowledge base in {folder} yet; run: python -m ingest build"),
    N_("The newest knowledge base cannot be used ({reason}). You are reading the one before it."),
)  # fmt: skip
# what stands within a sentence; alone it is too short to be told from other words
PARTS = (
    N_("the law of {countries}"),
    N_("processing times"),
    N_("wage and fee rates"),
    N_("case law"),
    N_("what a judge or officer decides"),
    N_("counts and forecasts"),
    N_("repealed"),
    N_("reserved"),
    N_("revoked"),
    N_("omitted"),
    N_("transferred"),
    N_("renumbered"),
    N_("redesignated"),
    N_("the oldest is of {day}"),
    N_("our copy bears no date"),
    N_("{name}, applicable from {day} ({rest})"),
    N_("{name}, applicable from {day}"),
    N_("as at {day}"),
    N_("copy of {day}"),
    N_("date not known"),
    N_("One sentence was"),
    N_("{n} sentences were"),
    N_("yes"),
    N_("no"),
    N_("{n} days"),
    N_("{n} weeks"),
    N_("{n} months"),
    N_("{n} years"),
    N_("{n} percent"),
    N_("{n} of money"),
    N_("{n} of age"),
)
_PARTS_IN = ("name", "what", "state", "successor", "held", "dated", "answer", "worked_out", "counted")  # places that may hold one of PARTS
_SENTENCE_IN = ("where", "reason")
_LISTED = ("amounts",)  # places that hold several PARTS, with commas between them
_CODE = re.compile(r"[a-z]+(?:-[a-z]+)*: ")


def in_language(text: str) -> str:
    """A line of kb in the session's language; as it stands in English, and where no template fits it.

    The code before a note ("as-at: ") goes with the English: the page says it in a label, or not at all.
    """
    if language.chosen() == ENGLISH:
        return text
    code = _CODE.match(text)
    if code and (said := _said(text[code.end() :], SENTENCES)):
        return said[:1].upper() + said[1:]
    return _said(text, SENTENCES) or text


def _said(text: str, templates: tuple[str, ...]) -> str | None:
    """The text by the first template that fits; None where none does."""
    for template, pattern in _patterns(templates):
        if match := pattern.fullmatch(text):
            return _(template).format(**{place: _part(place, value) for place, value in match.groupdict().items()})
    return None


def _part(place: str, value: str) -> str:
    if place in _LISTED:
        return ", ".join(_said(one, PARTS) or one for one in value.split(", "))
    if place == "countries":
        return ", ".join(_country(name) for name in value.split(", "))
    within = PARTS if place in _PARTS_IN else SENTENCES if place in _SENTENCE_IN else ()
    return _said(value, within) or value


def _country(name: str) -> str:
    """A jurisdiction by its English name, in the session's language."""
    code = next((code for code in JURISDICTIONS if jurisdiction_name(code) == name), None)
    return language.jurisdiction_name(code) if code else name


@cache
def _patterns(templates: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each template with a pattern of what it makes."""
    return tuple((template, re.compile(_pattern(template), re.DOTALL)) for template in templates)


def _pattern(template: str) -> str:
    """A pattern with a group for each place; a place that comes again holds the same."""
    pieces, seen = [], set()
    for literal, place in re.findall(r"([^{]*)(?:\{(\w+)\})?", template):
        pieces.append(re.escape(literal))
        if place:
            pieces.append(f"(?P={place})" if place in seen else f"(?P<{place}>.+?)")
            seen.add(place)
    return "".join(pieces)
