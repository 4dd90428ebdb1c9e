"""How our Gradio pages look: fonts, colours, style sheets, and what of Gradio's own page is switched off."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.icons import favicon
from ui.panels import static_text

PAGES = ("chat", "console", "knowledge", "intents")
_FONTS = (
    "-apple-system",
    "BlinkMacSystemFont",
    "Segoe UI",
    "Roboto",
    "Noto Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "system-ui",
    "sans-serif",
)


def mount_arguments(page: str) -> dict[str, Any]:
    """What `gr.mount_gradio_app` needs to know about a page: "chat", "console" or "knowledge".

    Gradio's footer, its API page, its record of runs in the browser and its error windows are off.
    """
    return {
        "theme": _theme(page),
        "head": _head(page),
        "footer_links": [],
        "run_history": False,
        "show_error": False,
        "ssr_mode": False,
        "pwa": False,
        "mcp_server": False,
        "enable_monitoring": False,
    }


def _theme(page: str) -> gr.themes.Base:
    if page not in PAGES:
        raise ValueError(f"There is no page '{page}'; there are {', '.join(PAGES)}")
    theme = gr.themes.Base(
        font=[gr.themes.Font(name) for name in _FONTS],
        font_mono=[gr.themes.Font("ui-monospace"), gr.themes.Font("monospace")],
    )
    theme.set(
        body_background_fill="#f6f7f5",
        body_background_fill_dark="#111513",
        body_text_color="#1c2421",
        body_text_color_dark="#e6ece9",
        background_fill_primary="transparent",
        background_fill_primary_dark="transparent",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_border_width_dark="0px",
        block_shadow="none",
        block_shadow_dark="none",
        block_padding="0px",
        block_radius="0px",
        layout_gap="0px",
        form_gap_width="0px",
    )
    # Served with the theme, not through Gradio's `css`: that one is rewritten so that `.dark` and `body` never match.
    theme.custom_css = static_text("base.css") + static_text(f"{page}.css")
    return theme


def _head(page: str) -> str:
    robots = "" if page == "chat" else '<meta name="robots" content="noindex">'
    return (
        f'<link rel="icon" type="image/svg+xml" href="{favicon()}">'
        '<meta name="color-scheme" content="light dark">'
        '<meta name="theme-color" content="#f6f7f5" media="(prefers-color-scheme: light)">'
        '<meta name="theme-color" content="#111513" media="(prefers-color-scheme: dark)">'
        f"{robots}"
    )
