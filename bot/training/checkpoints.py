"""Where a training stands, on disk, so that a killed one goes on and does not begin anew. Knows nothing of intents."""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledge.durable_files import write_durably

if TYPE_CHECKING:
    from torch import Tensor

_log = logging.getLogger(__name__)

_PREFIX = ".unfinished-"
_STATE = "state.json"
_ABANDONED_SECONDS = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Standing:
    """Tensors by name, and what else is known: plain JSON values."""

    tensors: Mapping[str, Tensor]
    values: Mapping[str, Any]


class Checkpoints:
    """One training's folder. The state is written last and names its tensors' file: half a checkpoint is none."""

    def __init__(self, folder: Path, *, seconds_between: float = 60.0) -> None:
        self.folder = folder
        self._between = seconds_between
        self._written = time.monotonic()

    @classmethod
    def of(cls, place: Path, key: str, *, seconds_between: float = 60.0) -> Checkpoints:
        """The folder in `place` of the training that `key` names; those abandoned for a week are removed."""
        for folder in place.glob(f"{_PREFIX}*"):
            if time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
        folder = place / f"{_PREFIX}{key[:24]}"
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder, seconds_between=seconds_between)

    def read(self, stage: str) -> Standing | None:
        """None where the stage was not begun, or what was written is damaged: it then begins anew."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            values = json.loads((self.folder / f"{stage}-{_STATE}").read_text(encoding="utf-8"))
            return Standing(load_file(self.folder / values["tensors"]), values)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            _log.warning("The checkpoint in '%s' cannot be read (%s); this stage begins anew", self.folder, error)
            return None

    def is_due(self) -> bool:
        return time.monotonic() - self._written >= self._between

    def write(self, stage: str, standing: Standing) -> None:
        from safetensors.torch import save

        number = int(standing.values["step"])
        tensors = self.folder / f"{stage}-{number}.safetensors"
        write_durably(
            tensors, save({name: each.detach().cpu().contiguous() for name, each in standing.tensors.items()})
        )
        values = {**standing.values, "tensors": tensors.name}
        write_durably(self.folder / f"{stage}-{_STATE}", json.dumps(values).encode())
        for older in self.folder.glob(f"{stage}-*.safetensors"):
            if older != tensors:
                older.unlink()
        self._written = time.monotonic()

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
