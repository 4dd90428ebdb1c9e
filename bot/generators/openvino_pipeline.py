"""OpenVINO GenAI's continuous batching, as a BatchPipeline: token numbers in, token numbers out. Knows no text.

One process must call it from one thread: a step holds the interpreter's lock all the while (27 ms at the median with
32 streams), so nothing that has to be prompt belongs into that process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.generators.batching import StepResult
from bot.generators.engine_folder import EngineModel
from bot.generators.openvino_import import import_openvino_genai
from knowledge.errors import ModelUnavailable

_STEP_TOKENS = 512  # of prompts in one step, so that a long one does not stall the streams beside it
_BLOCK_TOKENS = 32  # the unit in which the library gives out memory for keys and values
_TOKENS_PER_SLOT = 1024  # default prompt and answer take 800; the rest keeps the prefixes of earlier prompts
_LEAST_THREADS = 2  # with one, OpenVINO 2026.4 divides by zero and the process is gone
_MOST_CACHE_BYTES = 2 << 30


class OpenVinoPipeline:
    """Greedy. Long prompts are taken in stretches, beside others' steps; what several begin with is computed once."""

    def __init__(self, model: EngineModel, *, slots: int, threads: int, full_length: bool = False) -> None:
        """With `full_length`, for measuring, no reply ends before its last token. Raises ModelUnavailable."""
        openvino_genai = import_openvino_genai()
        wanted = max(slots * _TOKENS_PER_SLOT, 2 * _TOKENS_PER_SLOT)
        blocks = min(wanted, _MOST_CACHE_BYTES // model.bytes_per_token) // _BLOCK_TOKENS
        scheduling = openvino_genai.SchedulerConfig()
        scheduling.num_kv_blocks = blocks
        scheduling.max_num_batched_tokens = _STEP_TOKENS
        scheduling.max_num_seqs = slots
        scheduling.enable_prefix_caching = True
        properties = {"INFERENCE_NUM_THREADS": max(_LEAST_THREADS, threads), "ENABLE_CPU_PINNING": False}
        try:
            self._pipeline = openvino_genai.ContinuousBatchingPipeline(model.folder, scheduling, "CPU", properties)
        except RuntimeError as error:
            raise ModelUnavailable(f"OpenVINO cannot load '{model.folder}': {error}") from error
        self._ends = set(model.ends)
        self._full_length = full_length
        self._handles: dict[int, Any] = {}
        self.capacity_tokens = (blocks - 1) * _BLOCK_TOKENS

    def add(self, number: int, tokens: Sequence[int], max_tokens: int) -> None:
        import numpy as np
        import openvino
        from openvino_genai import GenerationConfig

        config = GenerationConfig()
        config.max_new_tokens = max_tokens
        if self._full_length:
            config.ignore_eos = True
        else:
            config.stop_token_ids = self._ends
        given = openvino.Tensor(np.array([tokens], dtype=np.int64))
        self._handles[number] = self._pipeline.add_request(number, given, config)

    def cancel(self, number: int) -> None:
        handle = self._handles.pop(number, None)
        if handle is not None:
            handle.cancel()  # the next step gives its memory back

    def step(self) -> list[StepResult]:
        from openvino_genai import GenerationStatus

        if self._pipeline.has_non_finished_requests():
            self._pipeline.step()
        results = []
        for number, handle in list(self._handles.items()):
            status = handle.get_status()  # before reading: what is written last is read with the end
            written: list[int] = []
            while handle.can_read():
                for output in handle.read().values():
                    written += output.generated_ids
            failed = status in {GenerationStatus.IGNORED, GenerationStatus.CANCEL}
            ended = status != GenerationStatus.RUNNING
            if written or ended:
                results.append(StepResult(number, tuple(written), ended, failed))
            if ended:
                del self._handles[number]
        return results
