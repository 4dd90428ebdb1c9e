"""The generator's process with a script instead of a model: `python -m tests.fakes.scripted_generator_process REPLY…`.

A reply that is "wait" writes one word and then waits for ever; one that is "crash" ends the process.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from bot.generators.generator_process import serve, start_sending
from bot.generators.scripted import ScriptedGenerator
from bot.prompt import Prompt


class _Unruly(ScriptedGenerator):
    def generate(self, prompt: Prompt, *, max_tokens: int, stop: Callable[[], bool]) -> Iterator[str]:
        for word in super().generate(prompt, max_tokens=max_tokens, stop=stop):
            if word.strip() == "crash":
                os._exit(1)
            yield word
            if word.strip() == "wait":
                threading.Event().wait()


def main(replies: list[str]) -> None:
    send = start_sending()
    print("a library's chatter")
    sys.stdin.readline()
    description: dict[str, Any] = {
        "name": "scripted", "path": "", "device": "cpu", "licence": "", "parameters": 0, "dtype": "float32",
    }  # fmt: skip
    send({"release": "scripted", "languages": ["en"], "description": description})
    serve(_Unruly(replies), sys.stdin, send)


if __name__ == "__main__":
    main(sys.argv[1:])
