"""Temporal's HTTP interface obeys nobody: no foreign host, no program of this machine, no page of a browser."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.service import RPCError

from runtime.embedded.ports import LOOPBACK
from runtime.embedded.temporal import EmbeddedTemporal, embedded_temporal

pytestmark = pytest.mark.xdist_group("embedded")

START = json.dumps({"workflowType": {"name": "Evil"}, "taskQueue": {"name": "referrals"}})
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest_asyncio.fixture(scope="module")
async def server(servers_folder: Path) -> AsyncIterator[EmbeddedTemporal]:
    async with embedded_temporal(servers_folder / "http", search_attributes={}) as running:
        yield running


def listening(server: EmbeddedTemporal) -> list[tuple[str, int]]:
    """Every address on which the server listens."""
    found = psutil.Process(server.process.pid).net_connections("tcp")
    return [(each.laddr.ip, each.laddr.port) for each in found if each.status == psutil.CONN_LISTEN]


def posted(port: int, host: str) -> int:
    connection = HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.putrequest("POST", "/api/v1/namespaces/default/workflows/evil", skip_host=True)
        for name, value in (
            ("Host", host),
            ("Content-Type", "text/plain"),
            ("Content-Length", str(len(START))),
        ):
            connection.putheader(name, value)
        connection.endheaders(START.encode())
        return connection.getresponse().status
    except (OSError, HTTPException):
        # Not HTTP, or hung up on: nothing was obeyed.
        return 0
    finally:
        connection.close()


async def started(server: EmbeddedTemporal, workflow_id: str = "evil") -> bool:
    client = await Client.connect(server.address)
    try:
        await client.get_workflow_handle(workflow_id).describe()
    except RPCError:
        return False
    return True


async def test_it_listens_on_this_machine_alone_and_has_no_page(server: EmbeddedTemporal) -> None:
    assert {ip for ip, _ in listening(server)} == {LOOPBACK}
    assert server.ui_address is None


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1", ""])
async def test_a_post_starts_no_workflow_whatever_host_it_names(server: EmbeddedTemporal, host: str) -> None:
    answers = [
        await asyncio.to_thread(posted, port, f"{host}:{port}" if host else "")
        for _, port in listening(server)
    ]
    assert not [status for status in answers if 200 <= status < 300]
    assert 403 in answers or 400 in answers, "one of the ports is the HTTP interface"
    assert not await started(server)


@contextmanager
def page_that_posts_to(ports: list[int]) -> Iterator[str]:
    """A page of another origin, which posts to each of these ports as any page may, and then says so."""
    posts = ",".join(
        f"fetch('http://{LOOPBACK}:{port}/api/v1/namespaces/default/workflows/evil',"
        f"{{method:'POST',mode:'no-cors',headers:{{'Content-Type':'text/plain'}},body:{json.dumps(START)}}})"
        for port in ports
    )
    page = (
        "<!doctype html><title>page</title><p id=said>posting</p><script>"
        f"Promise.allSettled([{posts}]).then(() => {{ document.getElementById('said').textContent = 'posted' }})"
        "</script>"
    )

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    web = HTTPServer((LOOPBACK, 0), Page)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{web.server_port}/"
    finally:
        web.shutdown()
        thread.join()
        web.server_close()


async def test_a_page_in_a_browser_starts_no_workflow(server: EmbeddedTemporal, tmp_path: Path) -> None:
    if CHROMIUM is None:
        # Where the project is proven there is one; elsewhere it is said that this was not tried.
        assert "CI" not in os.environ, "CI installs Chromium"
        pytest.skip("there is no Chromium here")
    with page_that_posts_to([port for _, port in listening(server)]) as address:
        browser = await asyncio.to_thread(
            subprocess.run,
            [
                CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--user-data-dir={tmp_path}", "--virtual-time-budget=5000", "--dump-dom", address,
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )  # fmt: skip
    assert re.search(r"id=\"?said\"?>posted<", browser.stdout), browser.stdout + browser.stderr
    assert not await started(server)
