"""Which training's result the generator runs with. Knows nothing of training, and opens no model."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from bot.errors import ReleaseInvalid
from bot.releases import current_release, open_release
from bot.settings import Settings
from knowledge.embedding.model_folders import folder_digest
from knowledge.errors import ModelUnavailable

_log = logging.getLogger(__name__)

KIND = "generator"
EMBEDDED = "embedded"
BUILT_IN = Path(__file__).parent / "answers"  # the adapter that comes with the product, and its model card
BASES = "bases.json"  # digests of the model folders that it was trained on, however they are called


def adapter_in_use(settings: Settings, base: str | Path) -> Path | None:
    """The folder that the settings name, else the promoted release; None: the model as it is.

    A release that cannot be used is said in the log and left aside: without it answers are plainer, not wrong.
    Raises ModelUnavailable where the settings name what comes with the product and the generator is another model.
    """
    named = settings.models.generator_adapter
    if named is not None:
        if unused := unused_release(settings):
            _log.warning(unused)
        return _built_in_adapter(base) if str(named) == EMBEDDED else named
    try:
        release = current_release(settings.releases_folder, KIND)
        if release is not None:
            _refuse_another_base(open_release(release).base, base, allow_download=settings.models.allow_download)
            return release
    except (ReleaseInvalid, OSError) as error:
        _log.error("The promoted release of the generator cannot be used: %s", error)
    return None


def unused_release(settings: Settings) -> str:
    """That a release of the generator was promoted and no start uses it, as a sentence; "" where that is not so."""
    named = settings.models.generator_adapter
    if named is None:
        return ""
    try:
        release = current_release(settings.releases_folder, KIND)
    except (ReleaseInvalid, OSError):
        return ""
    if release is None:
        return ""
    return (
        f"the promoted release '{KIND}/{release.name}' is not used, because FRONTDESK_MODELS__GENERATOR_ADAPTER names "
        f"'{named}'; leave it empty to use the release"
    )


def name_of_adapter(settings: Settings, adapter: Path | None) -> str:
    """What `adapter_in_use` gave, as a release remembers it; "" for the model as it is."""
    named = settings.models.generator_adapter
    if adapter is None:
        return ""
    return adapter.name if named is None else str(named)


def _built_in_adapter(base: str | Path) -> Path:
    folder = Path(base)
    bases = json.loads((BUILT_IN / BASES).read_text(encoding="utf-8"))
    if folder.is_dir() and folder_digest(folder) in bases:
        return BUILT_IN
    raise ModelUnavailable(
        f"The adapter that comes with the product is for the embedded generator, not for '{base}'; "
        "leave FRONTDESK_MODELS__GENERATOR_ADAPTER empty"
    )


def _refuse_another_base(trained_on: str, base: str | Path, *, allow_download: bool) -> None:
    from bot.generators.loading import find_language_model

    try:
        _, found = find_language_model(str(base), None, allow_download=allow_download)
    except ModelUnavailable:
        return  # whoever loads the model says what is wrong with it
    if found != trained_on:
        raise ReleaseInvalid(f"it was trained on '{trained_on}', and the generator is another model; train it again")
