"""The process of a SeparateGenerator: `python -m bot.generators.generator_process`. Knows nothing of its parent.

JSON lines in and out. The first line in says which model to load; the first line out says that it is ready, or why it
is not. Then requests are worked off: all in one batch where the batching engine can run the model, else each in a
thread of its own, whose steps the model takes in turn. The process ends when its input does, so it cannot outlive the
one that started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from bot.errors import GenerationFailed
from bot.generators.engine_choice import OPENVINO, TRANSFORMERS, choose_engine
from bot.generators.loading import find_language_model
from bot.prompt import Prompt, PromptMessage
from bot.protocols import ReplyGenerator
from knowledge.errors import ModelUnavailable

Send = Callable[[dict[str, Any]], None]


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the parent decides when we end
    send = start_sending()
    options = json.loads(sys.stdin.readline())
    try:
        work_off = _opened(options, send)
    except ModelUnavailable as error:
        send({"unavailable": str(error)})
        return
    work_off()
    os._exit(0)  # whatever is being written has no reader any more


def _opened(options: dict[str, Any], send: Send) -> Callable[[], None]:
    """Says that the model is ready and returns what serves it. Raises ModelUnavailable."""
    batching = options.pop("batching")
    named = options.pop("adapter")
    adapter = Path(named) if named else None
    if batching["engine"] != TRANSFORMERS:
        try:
            return _batched(options, adapter, batching, send)
        except _TakenInTurn as reason:
            sys.stderr.write(f"The generator gives answers in turn: {reason}\n")
    languages = frozenset(options.pop("languages"))
    return _in_turn(options.pop("model"), adapter, languages, options, send)


class _TakenInTurn(Exception):
    """The batching engine cannot be had, and need not be."""


def _batched(options: dict[str, Any], adapter: Path | None, batching: dict[str, Any], send: Send) -> Callable[[], None]:
    from bot.generators.batched_process import open_batched

    may_download = options["allow_download"]
    try:
        place, release = find_language_model(options["model"], adapter, allow_download=may_download)
        choice = choose_engine(batching["engine"], place, options["device"], adapter)
        if choice.engine == TRANSFORMERS:
            raise _TakenInTurn(choice.reason)
        return open_batched(options, str(adapter) if adapter else None, release, batching, send)
    except ModelUnavailable as error:
        if batching["engine"] == OPENVINO:
            raise
        raise _TakenInTurn(str(error)) from error


def _in_turn(
    model: str, adapter: Path | None, languages: frozenset[str], options: dict[str, Any], send: Send
) -> Callable[[], None]:
    from bot.generators.local import TransformersGenerator

    generator = TransformersGenerator(model, adapter=adapter, languages=languages, **options)
    send(
        {
            "release": generator.release,
            "languages": sorted(generator.languages),
            "description": asdict(generator.describe()),
        }
    )
    return lambda: serve(generator, sys.stdin, send)


def serve(generator: ReplyGenerator, requests: TextIO, send: Send) -> None:
    """Works off requests until there are no more."""
    stops: dict[int, threading.Event] = {}
    for line in requests:
        request = json.loads(line)
        number = request["id"]
        match request["do"]:
            case "generate":
                stops[number] = threading.Event()
                arguments = (generator, request, stops[number], send, lambda number=number: stops.pop(number, None))
                threading.Thread(target=_generate, args=arguments, daemon=True).start()
            case "stop":
                if number in stops:
                    stops[number].set()
            case "count":
                send(_counted(generator, number, request["text"]))


def _counted(generator: ReplyGenerator, number: int, text: str) -> dict[str, Any]:
    try:
        return {"id": number, "tokens": generator.count_tokens(text)}
    except Exception as error:  # noqa: BLE001 - one text must not end the answers under way
        traceback.print_exc()
        return {"id": number, "failed": f"The generator could not count a text ({type(error).__name__})"}


def _generate(
    generator: ReplyGenerator, request: dict[str, Any], stop: threading.Event, send: Send, done: Callable[[], object]
) -> None:
    number = request["id"]
    prompt = Prompt(tuple(PromptMessage(role, text) for role, text in request["messages"]))
    try:
        for piece in generator.generate(prompt, max_tokens=request["max_tokens"], stop=stop.is_set):
            send({"id": number, "piece": piece})
        send({"id": number, "end": True})
    except GenerationFailed as error:
        send({"id": number, "failed": str(error)})
    except Exception as error:  # noqa: BLE001  the customer at the other end must not wait for what never comes
        traceback.print_exc()
        send({"id": number, "failed": f"The generator broke off ({type(error).__name__})"})
    finally:
        done()


def start_sending() -> Send:
    """Takes standard output for us alone: what a library prints goes to standard error and cannot garble an answer."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    lock = threading.Lock()

    def send(message: dict[str, Any]) -> None:
        line = json.dumps(message) + "\n"
        with lock:
            output.write(line)
            output.flush()

    return send


if __name__ == "__main__":
    main()
