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
        return _built_in_adapter(base) if str(named) == EMBEDDED else named
    try:
        release = current_release(settings.releases_folder, KIND)
        if release is not None:
            _refuse_another_base(open_release(release).base, base)
            return release
    except (ReleaseInvalid, OSError) as error:
        _log.error("The promoted release of the generator cannot be used: %s", error)
    return None


def _built_in_adapter(base: str | Path) -> Path:
    folder = Path(base)
    bases = json.loads((BUILT_IN / BASES).read_text(encoding="utf-8"))
    if folder.is_dir() and folder_digest(folder) in bases:
        return BUILT_IN
    raise ModelUnavailable(
        f"The adapter that comes with the product is for the embedded generator, not for '{base}'; "
        "leave FRONTDESK_MODELS__GENERATOR_ADAPTER empty"
    )


def _refuse_another_base(trained_on: str, base: str | Path) -> None:
    from bot.generators.loading import base_fingerprint

    place = Path(base)
    if place.exists() and base_fingerprint(place) != trained_on:
        raise ReleaseInvalid(f"it was trained on '{trained_on}', and the generator is another model; train it again")
