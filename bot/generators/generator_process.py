"""The process of a SeparateGenerator: `python -m bot.generators.generator_process`. Knows nothing of its parent.

JSON lines in and out. The first line in says which model to load; the first line out says that it is ready, or why it
is not. Then each request is worked off in a thread of its own; the model takes their steps in turn. The process ends
when its input does, so it cannot outlive the one that started it.
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
from bot.prompt import Prompt, PromptMessage
from bot.protocols import ReplyGenerator
from knowledge.errors import ModelUnavailable

Send = Callable[[dict[str, Any]], None]


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the parent decides when we end
    send = start_sending()
    try:
        generator = _load(json.loads(sys.stdin.readline()))
    except ModelUnavailable as error:
        send({"unavailable": str(error)})
        return
    send(
        {
            "release": generator.release,
            "languages": sorted(generator.languages),
            "description": asdict(generator.describe()),
        }
    )
    serve(generator, sys.stdin, send)
    os._exit(0)  # whatever is being written has no reader any more


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


def _load(options: dict[str, Any]) -> Any:
    from bot.generators.local import TransformersGenerator

    adapter = options.pop("adapter")
    languages = frozenset(options.pop("languages"))
    return TransformersGenerator(
        options.pop("model"), adapter=Path(adapter) if adapter else None, languages=languages, **options
    )


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
