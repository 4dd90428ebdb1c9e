"""What made an answer, as sentences for the people who answer for it. Pure; knows nothing of HTML or of Gradio."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.answers import Citation
from bot.intents import UNKNOWN
from bot.policy import FRUSTRATED
from bot.signals.values import PERSONAL
from bot.traces import Trace, TracedEntry
from ui.words import knowledge_wording, signal_wording, wording
from ui.words.names import percent, place, seconds
from ui.words.wording import say

_LONGEST_EXCERPT = 160  # characters of a dropped sentence


def trace_sentences(
    trace: Trace, citations: Sequence[Citation], language: str, intents: Mapping[str, str]
) -> tuple[str, ...]:
    """What made an answer. `intents` holds the intents' titles in `language`, by name."""
    sentences = [
        _intent_sentence(trace, language, intents),
        *_signal_sentences(trace, language),
        *_search_sentences(trace, language),
        *_origin_sentences(trace, citations, language),
        *_dropped_sentences(trace, language),
        _time_sentence(trace, language),
        _release_sentence(trace, language),
    ]
    if trace.error:
        sentences.insert(0, say(wording.TRACE_ERROR, language, error=_readable(trace.error)))
    return tuple(sentence for sentence in sentences if sentence)


def _intent_sentence(trace: Trace, language: str, intents: Mapping[str, str]) -> str:
    confidence = percent(trace.confidence)
    if trace.intent == UNKNOWN:
        return say(wording.TRACE_UNKNOWN, language, confidence=confidence)
    intent = intents.get(trace.intent, trace.intent.replace("_", " "))
    return say(wording.TRACE_INTENT, language, intent=intent, confidence=confidence)


def _signal_sentences(trace: Trace, language: str) -> list[str]:
    signals = trace.signals
    if signals is None:
        return []
    gap = "、" if language == wording.CHINESE else ", "
    named = [
        say(signal_wording.ENTITY_KINDS[entity.kind], language)
        if entity.kind in PERSONAL
        else f"{say(signal_wording.ENTITY_KINDS[entity.kind], language)} {entity.value}"
        for entity in signals.entities
    ]
    sentences = [say(signal_wording.TRACE_NAMED, language, entities=gap.join(named))] if named else []
    if signals.frustration is not None and signals.frustration >= FRUSTRATED:
        sentences.append(say(signal_wording.TRACE_UPSET, language))
    if trace.blocked:
        sentences.append(say(signal_wording.TRACE_BLOCKED, language))
    return sentences


def _search_sentences(trace: Trace, language: str) -> list[str]:
    if trace.answerable is None and not trace.passages:
        return [say(wording.TRACE_NOT_SEARCHED, language)]
    if not trace.passages:
        return [say(wording.TRACE_FOUND_NONE, language)]
    answerable = percent(trace.answerable or 0.0)
    found = wording.TRACE_FOUND_ONE if len(trace.passages) == 1 else wording.TRACE_FOUND
    titles = list(dict.fromkeys(passage.title for passage in trace.passages))[:3]
    joined = ("、" if language == wording.CHINESE else ", ").join(titles)
    return [
        say(found, language, count=len(trace.passages), answerable=answerable),
        say(wording.TRACE_BEST, language, titles=joined),
    ]


def _origin_sentences(trace: Trace, citations: Sequence[Citation], language: str) -> list[str]:
    if trace.entry is not None:
        return [_entry_sentence(trace.entry, language)]
    if not citations:
        return []
    places = list(dict.fromkeys(place(citation, language) for citation in citations))
    text = wording.TRACE_QUOTED if trace.quoted else wording.TRACE_WRITTEN
    return [say(text, language, place="；".join(places) if language == wording.CHINESE else "; ".join(places))]


def _entry_sentence(entry: TracedEntry, language: str) -> str:
    return say(
        knowledge_wording.TRACE_ENTRY,
        language,
        wording=entry.wording,
        editor=entry.editor,
        version=entry.version,
        similarity=percent(entry.similarity),
    )


def _dropped_sentences(trace: Trace, language: str) -> list[str]:
    if not trace.dropped:
        return []
    entries = [
        say(wording.TRACE_DROPPED_ENTRY, language, text=_excerpt(dropped.text), reason=dropped.reason)
        for dropped in trace.dropped
    ]
    text = wording.TRACE_DROPPED_ONE if len(entries) == 1 else wording.TRACE_DROPPED
    return [say(text, language, count=len(entries), sentences=" ".join(entries))]


def _time_sentence(trace: Trace, language: str) -> str:
    total, first = trace.milliseconds.get("total"), trace.milliseconds.get("first_token")
    if total is None:
        return ""
    if first is None:
        return say(wording.TRACE_TIME, language, total=seconds(total, language))
    return say(wording.TRACE_TIME_FIRST, language, total=seconds(total, language), first=seconds(first, language))


def _release_sentence(trace: Trace, language: str) -> str:
    release = trace.release
    return say(
        wording.TRACE_RELEASES,
        language,
        generator=release.generator,
        classifier=release.classifier,
        verifier=release.verifier,
        index=release.index,
        prompt=release.prompt,
    )


def _readable(class_name: str) -> str:
    """ "GenerationFailed" → "generation failed"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", class_name).lower()


def _excerpt(text: str) -> str:
    return text if len(text) <= _LONGEST_EXCERPT else text[: _LONGEST_EXCERPT - 1].rstrip() + "…"
