"""Editing a company's list of intents: what may stand in it, and every change people make. Pure; stores nothing.

Every function takes a list and returns another; what is wrong is said in words that name the intent and the example.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.errors import IntentsInvalid
from bot.intents import UNKNOWN, Intent, LeadsTo, intents_from_entries
from bot.serialization import storable_text
from knowledge.languages import detect_language

MOST_INTENTS = 300
MOST_EXAMPLES = 20_000  # of all intents together: an example takes some 20 kB while training
LONGEST_EXAMPLE = 1000  # characters
LONGEST_TITLE = 80
LONGEST_REPLY = 1000
LANGUAGES = ("en", "zh")

_NAME = re.compile(r"\w(?:[\w .&/?!+-]{0,62}[\w?!+])?")
_SAID = 60  # characters of an example that a message to people repeats
_NAMED = 3  # examples that such a message names

Intents = tuple[Intent, ...]


@dataclass(frozen=True, slots=True)
class Pasted:
    """What became of lines that somebody pasted."""

    added: int
    repeated: int  # stood there already, or twice among the lines
    elsewhere: tuple[tuple[str, str], ...] = ()  # (line, the other intent that holds it): not added
    too_long: int = 0  # not added


def put_intent(intents: Intents, edited: Intent, *, before: str = "") -> Intents:
    """The list with `edited` in the place of the intent named `before`, or at its end. Raises IntentsInvalid."""
    known = {intent.name for intent in intents}
    if before and before not in known:
        raise IntentsInvalid(f"The intent '{before}' is no longer there; somebody has deleted or renamed it")
    if edited.name != before and edited.name in known:
        raise IntentsInvalid(f"There is an intent '{edited.name}' already; choose another name")
    edited = tidied(edited)
    others = [intent for intent in intents if intent.name != before]
    checked((edited,), fewest=1)
    _refuse_elsewhere(edited, others)
    if not before:
        return checked((*intents, edited))
    return checked(tuple(edited if intent.name == before else intent for intent in intents))


def delete_intent(intents: Intents, name: str) -> Intents:
    _the(intents, name)
    return checked(tuple(intent for intent in intents if intent.name != name))


def remove_example(intents: Intents, name: str, text: str) -> Intents:
    intent = _the(intents, name)
    kept = {language: tuple(each for each in texts if each != text) for language, texts in intent.examples.items()}
    return _with(intents, replace(intent, examples=kept))


def move_example(intents: Intents, name: str, text: str, to: str) -> Intents:
    """The example under another intent: what somebody does with one that was labelled wrongly."""
    _the(intents, to)
    language = next((spoken for spoken, texts in _the(intents, name).examples.items() if text in texts), None)
    if language is None:
        raise IntentsInvalid(f"'{shown(text)}' is no longer an example of '{name}'")
    without = remove_example(intents, name, text)
    return add_examples(without, to, [text])[0]


def add_examples(intents: Intents, name: str, texts: Iterable[str]) -> tuple[Intents, Pasted]:
    """Each text under its language, as far as it is new. What stands under another intent is named and not added."""
    intent = _the(intents, name)
    owner = {normal(each): other.name for other in intents for each in examples_of(other)}
    added: dict[str, list[str]] = {language: list(given) for language, given in intent.examples.items()}
    repeated, too_long, count, elsewhere = 0, 0, 0, []
    for text in (tidied_text(each) for each in texts):
        known = owner.get(normal(text))
        if not text:
            continue
        if len(text) > LONGEST_EXAMPLE:
            too_long += 1
        elif known == name:
            repeated += 1
        elif known is not None:
            elsewhere.append((text, known))
        else:
            owner[normal(text)] = name
            added.setdefault(detect_language(text), []).append(text)
            count += 1
    changed = replace(intent, examples={language: tuple(given) for language, given in added.items()})
    return _with(intents, changed), Pasted(count, repeated, tuple(elsewhere), too_long)


def pasted_lines(text: str) -> list[str]:
    """Examples from what somebody pasted: lines, or CSV with the example in its first column.

    A line that begins with a quotation mark is read as CSV, so that an example may hold a comma; a heading
    ("text", "example") in the first line is no example.
    """
    lines = [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    found = [_first_column(line) for line in lines if line]
    if found and found[0].casefold() in ("text", "example", "examples", "utterance", "例句", "文本"):
        found = found[1:]
    return found


def checked(intents: Intents, *, fewest: int = 2) -> Intents:
    """The list itself. Raises IntentsInvalid where something in it could not be trained, shown or written down."""
    if len(intents) < fewest:
        raise IntentsInvalid(f"A list needs at least {fewest} intents, or nothing can be told apart; keep this one")
    if len(intents) > MOST_INTENTS:
        raise IntentsInvalid(f"{len(intents):,} intents are too many; at most {MOST_INTENTS} are taken")
    total = sum(count_examples(intent) for intent in intents)
    if total > MOST_EXAMPLES:
        raise IntentsInvalid(f"{total:,} examples are too many; at most {MOST_EXAMPLES:,} are taken in all")
    for intent in intents:
        _check(intent)
    if repeated := next((name for name in _repeated(intent.name for intent in intents)), None):
        raise IntentsInvalid(f"The intent '{repeated}' stands there twice; rename one of them")
    return intents


def refuse_shared_examples(intents: Intents) -> None:
    """Raises IntentsInvalid where the same words stand under two intents, saying where."""
    for number, intent in enumerate(intents):
        _refuse_elsewhere(intent, intents[:number])


def tidied(intent: Intent) -> Intent:
    """Spaces trimmed, empty lines and repeated examples left out, and nothing in it that a database cannot hold."""
    examples: dict[str, tuple[str, ...]] = {}
    seen: set[str] = set()
    for language, texts in intent.examples.items():
        kept = []
        for text in (tidied_text(each) for each in texts):
            if text and normal(text) not in seen:
                seen.add(normal(text))
                kept.append(text)
        examples[language] = tuple(kept)
    title, reply = _tidied_words(intent.title), _tidied_words(intent.reply)
    return Intent(intent.name.strip(), intent.leads_to, title or {"en": intent.name.strip()}, examples, reply)


def _tidied_words(given: Mapping[str, str]) -> dict[str, str]:
    tidy = {language: tidied_text(text) for language, text in given.items()}
    return {language: text for language, text in tidy.items() if text}


def tidied_text(text: str) -> str:
    """One line without characters that nobody sees."""
    return " ".join(storable_text(text).split())


def normal(text: str) -> str:
    """What two spellings of one message share."""
    return " ".join(text.lower().split())


def examples_of(intent: Intent) -> tuple[str, ...]:
    return tuple(text for texts in intent.examples.values() for text in texts)


def count_examples(intent: Intent) -> int:
    return sum(len(texts) for texts in intent.examples.values())


def digest_of(intents: Sequence[Intent]) -> str:
    """sha256 of all that the list says, whatever the order of its examples."""
    said = [
        [intent.name, intent.leads_to.value, sorted(intent.title.items()), sorted(intent.reply.items()),
         sorted(examples_of(intent))]
        for intent in sorted(intents, key=lambda each: each.name)
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def as_toml(intents: Sequence[Intent]) -> str:
    """The list as a file that `load_intents` reads back to the same list."""
    return "\n".join(_entry(intent) for intent in intents)


def from_toml(text: str, file: str = "intents.toml") -> Intents:
    """Raises IntentsInvalid naming the file and the entry."""
    try:
        content = tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise IntentsInvalid(f"'{file}' is not valid TOML: {error}") from error
    intents = tuple(tidied(intent) for intent in intents_from_entries(content.get("intent", []), file))
    refuse_shared_examples(checked(intents))
    return intents


def shown(text: str) -> str:
    """An example as far as a sentence to people repeats it."""
    return text if len(text) <= _SAID else f"{text[: _SAID - 1]}…"


def _with(intents: Intents, changed: Intent) -> Intents:
    return checked(tuple(changed if intent.name == changed.name else intent for intent in intents))


def _the(intents: Intents, name: str) -> Intent:
    found = next((intent for intent in intents if intent.name == name), None)
    if found is None:
        raise IntentsInvalid(f"The intent '{name}' is not in the list; somebody has deleted or renamed it")
    return found


def _check(intent: Intent) -> None:
    if not _NAME.fullmatch(intent.name) or intent.name == UNKNOWN:
        raise IntentsInvalid(
            f"'{shown(intent.name)}' cannot be a name: take 1 to 64 letters, digits, '_' and '-', other than "
            f"'{UNKNOWN}'; what people read is the title"
        )
    if not count_examples(intent):
        raise IntentsInvalid(f"Intent '{intent.name}': give at least one example")
    if intent.leads_to is LeadsTo.SMALL_TALK and not intent.reply:
        raise IntentsInvalid(f"Intent '{intent.name}': small talk needs a reply")
    _check_length(intent, "title", intent.title.values(), LONGEST_TITLE)
    _check_length(intent, "reply", intent.reply.values(), LONGEST_REPLY)
    _check_length(intent, "example", examples_of(intent), LONGEST_EXAMPLE)


def _check_length(intent: Intent, what: str, texts: Iterable[str], longest: int) -> None:
    too_long = next((text for text in texts if len(text) > longest), None)
    if too_long is not None:
        raise IntentsInvalid(
            f"Intent '{intent.name}': the {what} '{shown(too_long)}' has {len(too_long):,} characters; "
            f"at most {longest:,} are taken"
        )


def _refuse_elsewhere(edited: Intent, others: Sequence[Intent]) -> None:
    owner = {normal(text): other.name for other in others for text in examples_of(other)}
    shared = [(text, owner[normal(text)]) for text in examples_of(edited) if normal(text) in owner]
    if shared:
        named = "; ".join(f"'{shown(text)}' stands under '{other}'" for text, other in shared[:_NAMED])
        more = f", and {len(shared) - _NAMED} more" if len(shared) > _NAMED else ""
        raise IntentsInvalid(f"Intent '{edited.name}': {named}{more}. One message has one intent: keep one of them")


def _repeated(names: Iterable[str]) -> Iterable[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)


def _first_column(line: str) -> str:
    if not line.startswith('"'):
        return line
    row = next(csv.reader(io.StringIO(line)), [])
    return row[0].strip() if row else ""


def _entry(intent: Intent) -> str:
    lines = ["[[intent]]", f"name = {_quoted(intent.name)}", f"leads_to = {_quoted(intent.leads_to.value)}"]
    lines += [f"title = {_table(intent.title)}"]
    lines += [f"reply = {_table(intent.reply)}"] if intent.reply else []
    for language, texts in intent.examples.items():
        if texts:
            lines += [f"examples.{_quoted(language)} = [", *(f"    {_quoted(text)}," for text in texts), "]"]
    return "\n".join(lines) + "\n"


def _table(words: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{_quoted(language)} = {_quoted(text)}" for language, text in words.items()) + " }"


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are all TOML's, but for the delete character, which JSON lets stand."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
