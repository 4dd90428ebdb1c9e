"""Curves of a training as TensorBoard event files, where TensorBoard is installed. Knows nothing of what is trained."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.training.epochs import Measured

_log = logging.getLogger(__name__)


class EventFiles:
    """Event files in a folder, one for each time that the training was begun; TensorBoard reads them as one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None

    def __enter__(self) -> EventFiles:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            _log.warning("No curves are written: TensorBoard is not installed (the extra `train` brings it)")
        else:
            self._writer = SummaryWriter(str(self._folder))
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, measured: Measured) -> None:
        """Loss, validation loss and validation accuracy after an epoch."""
        if self._writer is None:
            return
        values = {
            "loss": measured.loss,
            "validation_loss": measured.validation_loss,
            "validation_accuracy": measured.validation_accuracy,
        }
        for name, value in values.items():
            if value is not None:
                self._writer.add_scalar(f"{measured.stage}/{name}", value, measured.epoch)

    def add_figures(self, figures: Mapping[str, Any]) -> None:
        """What was measured in the end."""
        if self._writer is not None:
            for name, value in figures.items():
                if isinstance(value, float | int):
                    self._writer.add_scalar(f"figures/{name}", value, 0)

    def files(self) -> list[Path]:
        return sorted(self._folder.glob("events.out.tfevents.*"))
