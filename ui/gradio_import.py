"""Imports gradio, and has it start quickly. Knows nothing of our pages.

At every import gradio parses its own source and writes an editor's stub file (.pyi) beside each of its components: 1.8
of 4.5 seconds, and a write into the installation, which may be read-only. Here the module that does so is given a
function that does nothing in its place, before the components are defined.

While a page is written down, gradio makes a web app of eighty routes for it twice over, and a third time when it is
mounted: a quarter of a second for each. Here the first two have no routes, and `mount_page` hands out the third.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI

_WRITES_STUBS = "gradio.component_meta"


def prepare_environment(*, allow_download: bool = False) -> None:
    """Keeps gradio and huggingface_hub from calling out. Only of use before either is imported.

    With `allow_download`, models may be fetched from the hub.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_RUN_HISTORY"] = "False"
    if not allow_download:
        os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


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
    blocks = importlib.import_module("gradio.blocks")
    if hasattr(blocks, "App"):
        blocks.App = _without_routes(blocks.App)  # type: ignore[attr-defined]


def mount_page(app: FastAPI, page: gr.Blocks, path: str, **arguments: Any) -> None:
    """Mounts a page as `gr.mount_gradio_app` does; its queue then works with the app that is mounted."""
    import gradio as gr

    gr.mount_gradio_app(app, page, path, **arguments)
    page.app = app.routes[-1].app  # type: ignore[attr-defined]


def _without_routes(app_class: type[Any]) -> type[Any]:
    class UnmountedApp(app_class):  # type: ignore[misc]
        """What a page has before it is mounted: nobody can call it."""

        @staticmethod
        def create_app(*_: object, **__: object) -> Any:
            return app_class()

    return UnmountedApp


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
