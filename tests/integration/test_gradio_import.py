"""Gradio is imported without writing into the installation, and is whole all the same."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PROGRAM = """
    import builtins, pathlib
    written = []
    plain = pathlib.Path.write_text
    pathlib.Path.write_text = lambda path, *a, **k: written.append(path.name) or plain(path, *a, **k)
    from ui.gradio_import import import_gradio, mount_page, prepare_environment
    prepare_environment()
    import_gradio()
    import_gradio()  # harmless
    import gradio as gr
    class Ours(gr.HTML):
        pass
    with gr.Blocks() as page:
        box = gr.Textbox()
        box.submit(lambda text: text, box, box)
        Ours("<b>hello</b>")
    from fastapi import FastAPI
    site = FastAPI()
    mount_page(site, page, "/page")
    print(len(page.fns), sum(name.endswith(".pyi") for name in written), page.app is site.routes[-1].app)
"""


@pytest.mark.slow
def test_no_stub_files_are_written_and_components_work() -> None:
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["1", "0", "True"]
