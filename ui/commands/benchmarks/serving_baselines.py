"""What one would take off the shelf: `model.generate`, one answer after the other, by itself and inside LangChain."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.generators.loading import load_language_model
from bot.generators.prompt_tokens import PromptTokens
from bot.prompt import Prompt
from knowledge.embedding.torch_runtime import torch_threads


class SerialGenerate:
    """Stock transformers in our own process: one model, one answer at a time, whoever came first."""

    def __init__(self, model: str | Path, adapter: Path | None, *, threads: int, tokens: int) -> None:
        """Raises ModelUnavailable."""
        self._loaded = load_language_model(model, adapter=adapter, device="cpu", dtype="bfloat16")
        self._prompts = PromptTokens(self._loaded.tokenizer)
        self._threads = threads
        self._tokens = tokens
        self._one_at_a_time = threading.Lock()

    def answer(self, prompt: Prompt) -> Iterator[str]:
        """Exactly so many tokens as were said at the beginning."""
        return self._written(self._prompts.encode(prompt))

    def answer_text(self, text: str) -> Iterator[str]:
        """The same of a prompt that somebody else has put into the model's form."""
        return self._written(self._loaded.tokenizer.encode(text, add_special_tokens=False))

    def count_tokens(self, text: str) -> int:
        return self._prompts.count(text)

    def as_text(self, prompt: Prompt) -> str:
        return str(self._loaded.tokenizer.decode(self._prompts.encode(prompt)))

    def _written(self, tokens: list[int]) -> Iterator[str]:
        from transformers import TextIteratorStreamer

        with self._one_at_a_time:
            pieces = TextIteratorStreamer(self._loaded.tokenizer, skip_prompt=True, skip_special_tokens=True)
            generating = threading.Thread(target=self._generate, args=(tokens, pieces))
            generating.start()
            yield from pieces
            generating.join()

    def _generate(self, tokens: list[int], pieces: Any) -> None:
        import torch

        with torch_threads(self._threads), torch.inference_mode():
            self._loaded.model.generate(
                torch.tensor([tokens]),
                attention_mask=torch.ones(1, len(tokens), dtype=torch.long),
                max_new_tokens=self._tokens,
                min_new_tokens=self._tokens,
                do_sample=False,
                pad_token_id=self._loaded.tokenizer.pad_token_id,
                streamer=pieces,
            )


def langchain_answers(serial: SerialGenerate) -> Any:
    """An Answering: the usual chain of prompt, model and parser over the same weights."""
    from langchain_core.language_models.llms import LLM
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.outputs import GenerationChunk
    from langchain_core.prompts import PromptTemplate

    class Pipeline(LLM):
        @property
        def _llm_type(self) -> str:
            return "transformers"

        def _call(self, prompt: str, *_: Any, **__: Any) -> str:
            return "".join(serial.answer_text(prompt))

        def _stream(self, prompt: str, *_: Any, **__: Any) -> Iterator[GenerationChunk]:
            for piece in serial.answer_text(prompt):
                yield GenerationChunk(text=piece)

    chain = PromptTemplate.from_template("{prompt}") | Pipeline() | StrOutputParser()
    return lambda prompt: chain.stream({"prompt": serial.as_text(prompt)})
