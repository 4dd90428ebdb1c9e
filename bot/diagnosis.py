"""What `frontdesk doctor` looks at: settings, home, database, models, index; what is wrong and how to mend it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from bot.errors import BotError
from bot.settings import Settings
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from knowledge.embedding.model_folders import ModelDescription

_FREE_BYTES_WANTED = 2_000_000_000  # both models unpacked take 0.7 GB while they are made
_PARTS = ("torch", "transformers", "gradio", "langchain-core", "sqlmodel")
_FAISS = ("faiss-cpu", "faiss-gpu")


@dataclass(frozen=True, slots=True)
class Finding:
    name: str
    ok: bool
    found: str
    mend: str = ""


def examine(settings: Settings) -> tuple[Finding, ...]:
    """Looks at everything, loading the models; a part that fails is a finding, not an end."""
    return tuple(_examinations(settings))


def _examinations(settings: Settings) -> Iterator[Finding]:
    yield _versions()
    yield from _looked_at("home", lambda: _home(settings))
    yield from _looked_at("database", lambda: _database(settings))
    yield from _looked_at("audit log", lambda: _audit_log(settings))
    yield from _looked_at("embedder", lambda: _embedder(settings))
    yield from _looked_at("generator", lambda: _generator(settings))
    yield from _looked_at("engine", lambda: _engine(settings))
    yield from _looked_at("index", lambda: _index(settings))


def _looked_at(name: str, look: Callable[[], Finding]) -> Iterator[Finding]:
    try:
        yield look()
    except (BotError, KnowledgeError) as error:
        found, _, mend = str(error).partition("; ")
        yield Finding(name, False, found, mend)


def _versions() -> Finding:
    installed = {name: _version(name) for name in _PARTS}
    faiss = next((f"{name} {_version(name)}" for name in _FAISS if _version(name)), "")
    found = ", ".join(f"{name} {number}" for name, number in installed.items() if number)
    missing = [name for name, number in installed.items() if not number] + ([] if faiss else ["faiss-cpu"])
    mend = f"install what is missing: pip install 'frontdesk[cpu]' ({', '.join(missing)})" if missing else ""
    return Finding("versions", not missing, f"Python {sys.version.split()[0]}, {found}, {faiss}", mend)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _home(settings: Settings) -> Finding:
    from bot.bootstrap import open_home

    open_home(settings).engine.dispose()
    free = shutil.disk_usage(settings.home).free
    place = f"{settings.home.resolve()}, {free / 1e9:.1f} GB free"
    if free < _FREE_BYTES_WANTED:
        return Finding("home", False, place, "free some space, or set FRONTDESK_HOME to a folder on another disk")
    return Finding("home", True, place)


def _database(settings: Settings) -> Finding:
    from bot.bootstrap import open_home

    home = open_home(settings)
    documents = len(home.catalog.documents())
    shown = home.engine.url.render_as_string(hide_password=True)
    home.engine.dispose()
    return Finding("database", True, f"{shown}, {documents} documents, schema up to date")


def _audit_log(settings: Settings) -> Finding:
    from bot.audit.audit_log import AuditLog
    from bot.audit.chain import Action
    from bot.bootstrap import open_home

    engine = open_home(settings).engine
    log = AuditLog(engine)
    found, last = log.verify(), log.latest(Action.BACKUP_MADE)
    engine.dispose()
    when = "never" if last is None else datetime.fromtimestamp(last.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    told = f"{found.entries} entries in order; last backup: {when}"
    mend = "find out who writes to the database besides frontdesk, and compare with a backup"
    return Finding("audit log", True, told) if found.ok else Finding("audit log", False, found.problem, mend)


def _embedder(settings: Settings) -> Finding:
    from bot.bootstrap import load_embedder

    return Finding("embedder", True, _described(load_embedder(settings).describe()))


def _generator(settings: Settings) -> Finding:
    from bot.bootstrap import open_generator
    from bot.generators.releases_in_use import unused_release

    generator = open_generator(settings)
    if generator is None:
        return Finding("generator", True, "none: answers are quotations (FRONTDESK_ANSWERS__GENERATE=false)")
    found = f"{_described(generator.describe())}; writes {', '.join(sorted(generator.languages))}"
    unused = unused_release(settings)
    return Finding("generator", True, f"{found}; {unused}" if unused else found)


def _engine(settings: Settings) -> Finding:
    """What `serve` writes answers with; commands that answer once use transformers."""
    from bot.bootstrap import generator_place
    from bot.generators.engine_choice import choose_engine
    from bot.generators.loading import find_language_model
    from bot.generators.releases_in_use import adapter_in_use

    models = settings.models
    if not settings.answers.generate:
        return Finding("engine", True, "none: nothing is generated")
    named = str(generator_place(settings))
    place, _ = find_language_model(named, None, allow_download=models.allow_download)
    choice = choose_engine(models.engine, place, models.device, adapter_in_use(settings, named))
    return Finding("engine", True, f"{choice.engine}: {choice.reason}")


def _described(model: ModelDescription) -> str:
    size = f"{model.parameters / 1e6:.0f}M parameters"
    return f"{model.name} ({size}, {model.dtype}) on {model.device}, from {model.path}, licence {model.licence}"


def _index(settings: Settings) -> Finding:
    from bot.bootstrap import open_library

    health = open_library(settings).verify()
    found = f"generation {health.generation}, {health.passages} passages"
    if health.ok:
        return Finding("index", True, found)
    return Finding("index", False, f"{found}; {'; '.join(health.problems)}", "run `frontdesk index rebuild`")
