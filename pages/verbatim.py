"""Characters of the law -> HTML that shows exactly these characters: nothing in them is Markdown, LaTeX, a tag or a text direction.

New lines are written as `&#10;`, so that whatever handles the HTML as lines cannot touch them; CSS (white-space: pre-wrap) shows them.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
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


def provision(
    text: str, language: str, portions: Iterable[Mapping[str, Any]] = (), own: int = 0, marked: tuple[int, int] | None = None
) -> str:
    """The whole text of a provision, a line a block, indented by the depth of its portion, the `marked` span highlighted.

    The characters of the result, tags taken out, are those of `text`. `own` is how many numbers the provision itself has.
    """
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    depths = _depths(starts, portions, own)
    lines = []
    for place, start in enumerate(starts):
        end = starts[place + 1] if place + 1 < len(starts) else len(text)
        lines.append(f'<span class="hv-line hv-d{depths[place]}" dir="{direction(language)}">{_marked(text, start, end, marked)}</span>')
    return f'<div class="hv-text" lang="{escape(language)}" dir="{direction(language)}">{"".join(lines)}</div>'


def _depths(starts: Sequence[int], portions: Iterable[Mapping[str, Any]], own: int) -> list[int]:
    depths = [0] * len(starts)
    for portion in portions:
        depth = min(max(len(portion["numbers"]) - own - 1, 0), _MAX_DEPTH)
        for place in range(bisect_left(starts, portion["start"]), bisect_left(starts, portion["end"])):
            depths[place] = max(depths[place], depth)
    return depths


def _marked(text: str, start: int, end: int, marked: tuple[int, int] | None) -> str:
    """The characters start:end with the part that is marked between <mark> tags; a new line is never inside them."""
    first, last = marked or (0, 0)
    first, last = max(first, start), min(last, end)
    if first >= last or not text[first:last].strip():
        return escape(text[start:end])
    if text[last - 1] == "\n":
        last -= 1
    return f'{escape(text[start:first])}<mark class="hv-cited">{escape(text[first:last])}</mark>{escape(text[last:end])}'
