"""The rules of eligibility and the topics in another language: pairs of texts below corpus/*/translation, refused unless they fit what they translate."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from kb.errors import ConfigError
from kb.rules import Criterion, Deadline, Fact, Note, Relaxation, Relief, Rules, load

ENGLISH = "en"
ONE = frozenset({"title", "about", "wording", "weighed", "group", "question", "why", "help"})  # fields that are a text for the reader
MANY = frozenset({"evidence", "options"})  # fields that are several
Words = Mapping[str, str]  # an English text -> the same in another language
_Entry = TypeVar("_Entry", Fact, Relief, Criterion, Relaxation, Deadline, Note)


def read_words(path: Path, language: str, texts: Iterable[str]) -> Words:
    """The pairs of a file by their English: exactly the texts that it is to translate, each with the figures of the English.

    A pair whose English has changed since is thereby one of an unknown text: a translation never outlives what it translates.
    Raises: ConfigError naming file and text.
    """
    words: dict[str, str] = {}
    for row in load(path) or ():
        english, other = _pair(row, language, path)
        if english in words:
            raise _refused(path, "is translated twice", english)
        words[english] = other
    wanted = set(texts)
    for told, odd in (("has no translation", wanted - words.keys()), ("is translated, but nothing says it", words.keys() - wanted)):
        if odd:
            raise _refused(path, told, min(odd))
    return words


def _pair(row: Any, language: str, path: Path) -> tuple[str, str]:
    if not isinstance(row, dict) or row.keys() != {ENGLISH, language} or not all(isinstance(text, str) and text for text in row.values()):
        raise _refused(path, f"is not a pair of {ENGLISH} and {language}", str(row))
    english, other = row[ENGLISH], row[language]
    if figures(english) != figures(other):
        raise _refused(path, "has other figures than its translation", english)
    return english, other


def figures(text: str) -> list[str]:
    """The runs of digits in a text, sorted: ages, days, years and forms say the same in every language."""
    return sorted(re.findall(r"\d+", text))


def _refused(path: Path, told: str, text: str) -> ConfigError:
    return ConfigError(f"{'/'.join(path.parts[-3:])}: “{text[:80]}” {told}")


# the rules of eligibility


def read_rules_words(folder: Path, language: str, rules: Rules) -> Words:
    """The words of all rules in another language, from folder/translation/<language>: facts.yaml, and one file a form of relief.

    Raises: ConfigError as `read_words` does, and where a text is translated in two ways.
    """
    base = folder / "translation" / language
    words: dict[str, str] = {}
    for id, texts in {"facts": facts_texts(rules), **{id: relief_texts(relief) for id, relief in rules.reliefs.items()}}.items():
        path = base / f"{id}.yaml"
        for english, other in read_words(path, language, texts).items():
            if words.setdefault(english, other) != other:
                raise _refused(path, "is translated otherwise elsewhere", english)
    return words


def facts_texts(rules: Rules) -> list[str]:
    """Every text of the facts that a reader sees, in order, each once."""
    return _texts(rules.facts.values())


def relief_texts(relief: Relief) -> list[str]:
    """Every text of a form of relief that a reader sees, in order, each once."""
    return _texts([relief])


def _texts(entries: Iterable[Fact | Relief]) -> list[str]:
    told: list[str] = []

    def note(text: str) -> str:
        told.append(text)
        return text

    for entry in entries:
        _reworded(entry, note)
    return list(dict.fromkeys(told))


def translated(rules: Rules, words: Words) -> Rules:
    """The rules with their texts in other words; keys, conditions and provisions as they are."""
    say = words.__getitem__
    return Rules(
        {key: _reworded(fact, say) for key, fact in rules.facts.items()}, {id: _reworded(relief, say) for id, relief in rules.reliefs.items()}
    )


def _reworded(entry: _Entry, say: Callable[[str], str]) -> _Entry:
    """An entry with every text in it that a reader sees passed through `say`."""
    return replace(entry, **{field.name: _said(field.name, getattr(entry, field.name), say) for field in fields(entry)})


def _said(name: str, value: Any, say: Callable[[str], str]) -> Any:
    if name in ONE:
        return say(value) if value else value
    if name in MANY:
        return {key: say(text) for key, text in value.items()} if isinstance(value, Mapping) else tuple(map(say, value))
    if isinstance(value, tuple) and value and isinstance(value[0], (Criterion, Relaxation, Deadline, Note)):
        return tuple(_reworded(item, say) for item in value)
    return value


# the topics


def topic_texts(topics: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Every text of the topics that a reader sees: their groups, names and definitions, each once."""
    return list(dict.fromkeys(topic[field] for topic in topics.values() for field in ("group", "name", "definition")))
