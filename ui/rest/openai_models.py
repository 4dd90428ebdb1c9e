"""What goes over the wire of /v1: OpenAI's chat completions, as much of them as we speak. Knows nothing of turns."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Lenient(BaseModel):
    """Clients send many parameters of sampling; what does not apply to us is passed over."""

    model_config = ConfigDict(extra="ignore")


class ContentPart(_Lenient):
    type: str
    text: str = ""


class ChatMessage(_Lenient):
    role: str = Field(max_length=40)
    content: str | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""

    @property
    def unreadable(self) -> str | None:
        """The kind of a part that is not text, such as "image_url"."""
        parts = self.content if isinstance(self.content, list) else []
        return next((part.type for part in parts if part.type != "text"), None)


class StreamOptions(_Lenient):
    include_usage: bool = False


class ChatRequest(_Lenient):
    model: str = Field(max_length=200)
    messages: list[ChatMessage] = Field(min_length=1, max_length=1000)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: int | None = None


class OpenAiModel(BaseModel):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "frontdesk"


class OpenAiModels(BaseModel):
    object: Literal["list"] = "list"
    data: list[OpenAiModel]
