"""Ten thousand covers in a real browser: how smoothly they scroll, and what choosing costs."""

import os
from statistics import median
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks import place
from benchmarks.report import Report
from benchmarks.running import Running

_CARDS, _PICTURES, _PER_PAGE = 10_000, 64, 100
_FRAME_MS = 1_000 / 60
_NAME, _PASSWORD = "admin", "a password for the benchmark"
_ROWS = """
INSERT INTO library_video (
    created_at, updated_at, version, provenance, locked_fields, title, details, rating, favorite,
    organized, urls, custom, library_id, added_at, tag_ids, performer_ids, made, path, size_bytes,
    duration_ms, width, height, orientation, container, video_codec, audio_codec, frame_rate,
    bitrate
) SELECT now(), now(), 1, '{}', '{}', 'A video of this size number ' || n, '',
    CASE WHEN n %% 3 = 0 THEN 1 + n %% 100 END, n %% 10 = 0, false, '{}', '{}', %s,
    now() - make_interval(secs => n), '{}', '{}', '{cover}', 'folder/clip' || n || '.mp4',
    1000000::bigint * n, 1000 * (60 + n %% 5000), CASE WHEN n %% 9 = 0 THEN 1080 ELSE 1920 END,
    CASE WHEN n %% 9 = 0 THEN 1920 ELSE 1080 END, 'landscape', 'mp4', 'h264', 'aac', 25, 4000000
FROM generate_series(1, %s) n
"""
_COVERS = """
INSERT INTO artifacts_artifact (
    created_at, updated_at, video_id, kind, state, files, data, size_bytes, source, parameters,
    made_at, ms, error, message
) SELECT now(), now(), id, 'cover', 'made',
    jsonb_build_object('card', jsonb_build_object(
        'path', 'bench/' || id %% %s || '.webp', 'bytes', 9000, 'width', 480, 'height', 270)),
    '{}', 9000, '', 'bench', now(), 1, '', ''
FROM library_video
"""
_MAKE = """
from io import BytesIO
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image
for number in range(%d):
    picture = Image.effect_mandelbrot((480, 270), (-2 + number / 64, -1.2, 1, 1.2), 90)
    written = BytesIO()
    picture.convert("RGB").save(written, "WEBP", quality=75)
    default_storage.save(f"bench/{number}.webp", ContentFile(written.getvalue()))
"""
_SCROLL = """async ({ px, frames }) => {
  const { scroller } = document.querySelector("mh-results").scroll;
  const took = [];
  let way = 1;
  await new Promise((done) => {
    let last = null;
    const step = (now) => {
      if (last !== null) took.push(now - last);
      last = now;
      const before = scroller.scrollTop;
      scroller.scrollTop += px * way;
      if (scroller.scrollTop === before) way = -way;
      if (took.length >= frames) done();
      else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  return took;
}"""
_LOAD = """async (wanted) => {
  const results = document.querySelector("mh-results");
  while (results.all.length < wanted && results.scroll.next) await results.scroll.load(500);
  return results.all.length;
}"""
_CHOOSE = """() => {
  const results = document.querySelector("mh-results");
  const began = performance.now();
  results.picking.page();
  results.items.getBoundingClientRect();
  return performance.now() - began;
}"""


def run(report: Report) -> None:
    """Covers, a wall and a table of ``_CARDS`` videos in Chromium without a graphics card."""
    with Running("cards", MEDIAHUB_ADMIN_USER=_NAME, MEDIAHUB_ADMIN_PASSWORD=_PASSWORD) as hub:
        _fill(hub)
        report.say("processors", f"{os.cpu_count()}, load {os.getloadavg()[0]:.1f} before")
        with sync_playwright() as playwright:
            path = os.environ.get("MEDIAHUB_CHROMIUM", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            _log_in(page, hub)
            for layout in ("grid", "wall", "table"):
                _measure(report, page, hub, layout)
            browser.close()


def _fill(hub: Running) -> None:
    root = place.BUILD / "cards"
    root.mkdir(exist_ok=True)
    library = hub.add_library(root, "Bench")
    hub.sql(_ROWS, (library, _CARDS))
    hub.sql(_COVERS, (_PICTURES,))
    hub.sql("ANALYZE")
    hub.manage("shell", "-c", _MAKE % _PICTURES)


def _log_in(page: Page, hub: Running) -> None:
    page.goto(f"http://{hub.bind}/admin/login/")
    page.fill("[name=username]", _NAME)
    page.fill("[name=password]", _PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/")


def _measure(report: Report, page: Page, hub: Running, layout: str) -> None:
    address = f"http://{hub.bind}/admin/library/video/browse/"
    page.goto(f"{address}?layout={layout}&page_size={_PER_PAGE}")
    page.wait_for_selector("mh-results[data-ready]")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    found = page.evaluate(_LOAD, _CARDS)
    report.check(f"{layout}: {_CARDS:,} videos are on the page", holds=found == _CARDS)
    page.wait_for_timeout(2_000)
    # at a wheel's pace half of each frame is left for the machine's other work
    for what, px, part in (("a wheel's pace", 40, 0.5), ("a flick", 300, 1.0)):
        name = f"{layout}, {what} ({px} px a frame)"
        _scroll(report, page, session, name, px=px, most_ms=round(_FRAME_MS * part, 1))
    report.add(f"{layout}: choosing all {_CARDS:,}", page.evaluate(_CHOOSE), "ms", most=500)
    session.detach()


def _scroll(
    report: Report, page: Page, session: CDPSession, what: str, *, px: int, most_ms: float
) -> None:
    """What frames take, and what of it is the page's own work on its one thread."""
    busy = _busy_ms(session)
    took = sorted(page.evaluate(_SCROLL, {"px": px, "frames": 300}))
    work = (_busy_ms(session) - busy) / len(took)
    shown = 1_000 / (sum(took) / len(took))
    note = f"median frame {median(took):.1f} ms, p95 {took[len(took) * 95 // 100]:.1f} ms"
    report.add(f"{what}: frames a second", shown, "/s", least=58, note=note)
    report.add(f"{what}: main thread, for a frame", work, "ms", most=most_ms)


def _busy_ms(session: CDPSession) -> float:
    """Processor time of the page's main thread so far."""
    metrics: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
    return 1_000 * next(one["value"] for one in metrics if one["name"] == "TaskDuration")
