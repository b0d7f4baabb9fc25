"""Characters of the law -> HTML that shows exactly these characters: nothing in them is Markdown, LaTeX, a tag or a text direction.

New lines are written as `&#10;`, so that whatever handles the HTML as lines cannot touch them; CSS (white-space: pre-wrap) shows them.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "ur", "yi"})
# Overrides and embeddings reorder what follows them; other control characters do not show at all. Both are spelled out.
_HIDDEN = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_MAX_DEPTH = 6


def escape(text: str) -> str:
    """HTML of these characters, safe between tags and in quoted attributes; control characters stand as ⟦U+202E⟧."""
    return _HIDDEN.sub(lambda match: f"⟦U+{ord(match.group()):04X}⟧", html.escape(text)).replace("\n", "&#10;")


def direction(language: str) -> str:
    """The `dir` of a text: rtl for scripts written from the right, else by its first letters."""
    return "rtl" if language.partition("-")[0].casefold() in RIGHT_TO_LEFT else "auto"


def quote(text: str, language: str, kind: str = "law") -> str:
    """A quotation in its own box. `kind` is "law" or "summary" and decides how it looks, not what it says."""
    return f'<blockquote class="hv-quote hv-{kind}" lang="{escape(language)}" dir="{direction(language)}">{escape(text)}</blockquote>'


@dataclass(frozen=True, slots=True)
class Aside:
    """What is said of the characters start:end of a text: where they lead (an address within Haven), or what a term means."""

    start: int
    end: int
    address: str = ""
    meaning: str = ""


def provision(
    text: str, language: str, portions: Iterable[Mapping[str, Any]] = (), own: int = 0, marked: tuple[int, int] | None = None,
    asides: Sequence[Aside] = (),
) -> str:  # fmt: skip
    """The whole text of a provision, a line a block, indented by the depth of its portion, the `marked` span highlighted.

    The characters of the result, tags taken out, are those of `text`. `own` is how many numbers the provision itself has; `asides` do not overlap.
    """
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    depths = _depths(starts, portions, own)
    lines = []
    for place, start in enumerate(starts):
        end = starts[place + 1] if place + 1 < len(starts) else len(text)
        lines.append(f'<span class="hv-line hv-d{depths[place]}" dir="{direction(language)}">{_marked(text, start, end, marked, asides)}</span>')
    return f'<div class="hv-text" lang="{escape(language)}" dir="{direction(language)}">{"".join(lines)}</div>'


def changed(runs: Iterable[tuple[str, str]], language: str, added: str, removed: str, ended: str) -> str:
    """Two wordings in one: runs of kind "same", "added" and "removed", marked for the eye and, in the words given, for screen readers.

    The characters of the result, tags and spoken words taken out, are those of the runs in their order.
    """
    tags = {"added": ("ins", added), "removed": ("del", removed)}
    parts = []
    for kind, text in runs:
        if kind not in tags or not text.strip():
            parts.append(escape(text))
            continue
        tag, said = tags[kind]
        parts.append(f"<{tag}>{_said(said)}{escape(text)}{_said(ended)}</{tag}>")
    return f'<div class="hv-text hv-changes" lang="{escape(language)}" dir="{direction(language)}">{"".join(parts)}</div>'


def _said(words: str) -> str:
    return f'<span class="hv-said">{escape(words)} </span>'


def _depths(starts: Sequence[int], portions: Iterable[Mapping[str, Any]], own: int) -> list[int]:
    depths = [0] * len(starts)
    for portion in portions:
        depth = min(max(len(portion["numbers"]) - own - 1, 0), _MAX_DEPTH)
        for place in range(bisect_left(starts, portion["start"]), bisect_left(starts, portion["end"])):
            depths[place] = max(depths[place], depth)
    return depths


def _marked(text: str, start: int, end: int, marked: tuple[int, int] | None, asides: Sequence[Aside]) -> str:
    """The characters start:end with the part that is marked between <mark> tags; a new line is never inside them."""
    first, last = marked or (0, 0)
    first, last = max(first, start), min(last, end)
    if first >= last or not text[first:last].strip():
        return _explained(text, start, end, asides)
    if text[last - 1] == "\n":
        last -= 1
    before, within, after = (_explained(text, a, b, asides) for a, b in ((start, first), (first, last), (last, end)))
    return f'{before}<mark class="hv-cited">{within}</mark>{after}'


def _explained(text: str, start: int, end: int, asides: Sequence[Aside]) -> str:
    """The characters start:end, those that something is said of as links and as words with their meaning."""
    parts = []
    at = start
    for aside in asides:
        if at <= aside.start and aside.end <= end:
            words = escape(text[aside.start : aside.end])
            link = f'<a class="hv-in" href="{escape(aside.address)}">{words}</a>'
            parts += [escape(text[at : aside.start]), link if aside.address else f'<abbr title="{escape(aside.meaning)}">{words}</abbr>']
            at = aside.end
    return "".join([*parts, escape(text[at:end])])
