"""Statistics and the performers' network over a million videos, and how fluid its drawing is."""

import json
import os
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from benchmarks.report import Report

_COLD_MS, _KEPT_MS = 1_000.0, 50.0
_TIMES = 5
_LEAST_FPS = 30.0
_QUERIES = {"all videos": "", "a codec": "codec:hevc", "best rated": "rating>=90"}
_FLY = """
async (seconds) => {
  const camera = mediahubGraph.sigma.getCamera();
  const took = [];
  let [last, flying] = [performance.now(), true];
  const count = () => {
    took.push(performance.now() - last);
    last = performance.now();
    if (flying) requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
  for (let turn = 0; turn < seconds; turn += 1) {
    const [x, y] = [0.5 + 0.2 * Math.sin(turn), 0.5 + 0.2 * Math.cos(turn)];
    const place = {x, y, ratio: turn % 2 ? 0.3 : 1};
    await camera.animate(place, {duration: 1000, easing: "linear"});
  }
  flying = false;
  return took;
}
"""


def run(report: Report) -> None:
    """Cold and kept answers, and the page in a browser."""
    from benchmarks.filling import use_catalogue

    made = use_catalogue()
    report.say("catalogue", f"{made['videos']:,} videos")
    client = Client(SERVER_NAME="localhost")
    user, _ = User.objects.get_or_create(
        username="bench", defaults={"is_staff": True, "is_superuser": True}
    )
    client.force_login(user)
    for what, query in _QUERIES.items():
        _measure(report, client, f"statistics page, {what}", _page("video/statistics/", q=query))
    for what, query in _QUERIES.items():
        for limit in (500, 5_000):
            address = _api("performers/graph/", q=query, limit=limit)
            _measure(report, client, f"network of {limit:,}, {what}", address)
    _draw(report, client)


def _measure(report: Report, client: Client, what: str, address: str) -> None:
    """Cold: nothing kept by us; the operating system has what it has."""
    cold = [_took(client, address, before=cache.clear) for _ in range(_TIMES)]
    kept = [_took(client, address) for _ in range(_TIMES)]
    bar = _COLD_MS if "all videos" in what else None
    report.add(what, float(np.median(cold)), "ms", most=bar, turns=cold)
    report.add(f"{what}, kept", float(np.median(kept)), "ms", turns=kept)


def _took(client: Client, address: str, before: Callable[[], object] = lambda: None) -> float:
    before()
    began = time.perf_counter()
    answer = client.get(address)
    took = 1_000 * (time.perf_counter() - began)
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code} {answer.content[:500]!r}")
    return took


def _page(path: str, **asked: Any) -> str:
    return f"/admin/library/{path}?{urlencode(asked)}"


def _api(path: str, **asked: Any) -> str:
    return f"/api/v1/{path}?{urlencode(asked)}"


def _draw(report: Report, client: Client) -> None:
    """The page as the server makes it, with all files, in headless Chromium, whose WebGL is
    computed by the processor: a machine with a graphics card does better."""
    from playwright.sync_api import sync_playwright

    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(client))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with sync_playwright() as playwright:
            path = os.environ.get("MEDIAHUB_CHROMIUM", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            _fly(report, page, f"http://127.0.0.1:{server.server_port}")
            browser.close()
    finally:
        server.shutdown()


def _fly(report: Report, page: Any, root: str) -> None:
    began = time.perf_counter()
    page.goto(root + _page("performer/graph/", limit=5_000))
    page.wait_for_selector("[data-laid-out]", timeout=180_000)
    laid_out_s = time.perf_counter() - began
    frames = page.evaluate(_FLY, 6)
    nodes, edges = page.evaluate("[mediahubGraph.graph.order, mediahubGraph.graph.size]")
    note = f"{nodes:,} nodes, {edges:,} edges; WebGL by the processor"
    report.add("the drawing, places found", laid_out_s, "s", note=note)
    fps = 1_000 / float(np.median(frames))
    slow = f"{note}; slowest of twenty {np.percentile(frames, 95):.0f} ms"
    report.add("the drawing while it flies", fps, "frames/s", least=_LEAST_FPS, note=slow)
    report.details["memory of the page"] = json.dumps(page.evaluate("performance.memory || {}"))


def _handler(client: Client) -> type[BaseHTTPRequestHandler]:
    """Hands the browser's questions to the test client, and static files from where they lie."""
    from django.contrib.staticfiles import finders

    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = None
            if self.path.startswith("/static/"):
                found = finders.find(self.path.removeprefix("/static/").partition("?")[0])
            if found:
                kind = "text/css" if self.path.endswith(".css") else "text/javascript"
                self._answer(200, kind, Path(str(found)).read_bytes())
                return
            if "/events/" in self.path:
                self._answer(204, "text/event-stream", b"")  # nothing will be told
                return
            with lock:
                answer = client.get(self.path)
            self._answer(answer.status_code, answer.headers["Content-Type"], answer.content)

        def _answer(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: Any) -> None:
            """Nobody reads it."""

    return Handler
