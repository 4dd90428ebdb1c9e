"""The generator's process around the batching engine. Knows nothing of the parent's side of the pipe.

Neither torch nor transformers is imported here, so that the process is ready sooner and smaller.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from bot.generators.batching import Batching, BatchLimits, Send
from bot.generators.engine_folder import prepare_engine_folder, read_engine_folder
from bot.generators.fast_tokenizer import FastTokenizer


def open_batched(
    options: dict[str, Any], adapter: str | None, release: str, batching: dict[str, Any], send: Send
) -> Callable[[], None]:
    """Makes the engine's form of the model where it is missing, loads it and says so. Raises ModelUnavailable."""
    from bot.generators.openvino_pipeline import OpenVinoPipeline

    folder = prepare_engine_folder(
        Path(batching["folder"]),
        model=options["model"],
        adapter=adapter,
        release=release,
        allow_download=options["allow_download"],
    )
    model = read_engine_folder(folder)
    pipeline = OpenVinoPipeline(
        model, slots=batching["slots"], threads=options["threads"], full_length=batching["full_length"]
    )
    limits = BatchLimits(batching["slots"], batching["wait_seconds"], model.context_tokens)
    engine = Batching(pipeline, FastTokenizer(folder), model.ends, limits, send)
    send(
        {
            "release": f"{model.release}/openvino",
            "languages": sorted(options["languages"]),
            "description": asdict(model.description),
            "tokenizer": str(folder),
        }
    )
    return lambda: engine.work(arriving(sys.stdin))


def arriving(requests: TextIO) -> queue.SimpleQueue[dict[str, Any] | None]:
    """The lines of `requests`, read in a thread of its own: whoever takes them is busy for as long as a step lasts."""
    arrived: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def read() -> None:
        for line in requests:
            arrived.put(json.loads(line))
        arrived.put(None)

    threading.Thread(target=read, name="requests", daemon=True).start()
    return arrived
