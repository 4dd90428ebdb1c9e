"""Imports gradio, and has it start quickly. Knows nothing of pages.

At every import gradio parses its own source and writes an editor's stub file (.pyi) beside each of its components: 1.8
of 4.5 seconds, and a write into the installation, which may be read-only. Here the module that does so is given a
function that does nothing in its place, before the components are defined.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_WRITES_STUBS = "gradio.component_meta"


def import_gradio() -> None:
    """Imports gradio without its stub files. Of no use once gradio has been imported."""
    if "gradio" in sys.modules:
        return
    finder = _WithoutStubs()
    sys.meta_path.insert(0, finder)
    try:
        importlib.import_module("gradio")
    finally:
        sys.meta_path.remove(finder)


class _WithoutStubs(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _WRITES_STUBS:
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and spec.loader is not None:
            spec.loader = _Silenced(spec.loader)
        return spec


class _Silenced(Loader):
    """Loads a module as `loader` does, then takes its stub writer away."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        if hasattr(module, "create_or_modify_pyi"):
            module.create_or_modify_pyi = _write_nothing  # type: ignore[attr-defined]


def _write_nothing(*_: object) -> None:
    """Stands in for gradio's stub writer."""
