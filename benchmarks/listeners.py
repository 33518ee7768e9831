"""200 browsers that listen to the jobs: nothing lost, nothing doubled, at what price."""

import asyncio
import os
import re
import signal
import threading
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from statistics import quantiles
from typing import Self

import httptools

from benchmarks import notices, place
from benchmarks.processes import family, size_kb
from benchmarks.report import Report
from benchmarks.running import Running, wait_for

_LISTENERS = 200
_IDLE_S = 10.0
_BUSY_S = 15.0
_JOBS = 20  # that change twice a second: once their progress, once their state
_BAR_S = 0.3
_EVENT = re.compile(rb'id: (\d+)\nevent: job\n.*"at":"([^"]+)"')
_PLACE = re.compile(rb"^id: (\d+)$", re.MULTILINE)
_TURN = "UPDATE jobs_job SET version = version + 1, done = done + 1 WHERE id = ANY(%s)"
_MOVE = "UPDATE jobs_job SET done = done + 1 WHERE id = ANY(%s)"


def run(report: Report) -> None:
    """MediaHub as people run it; the listeners in this process; the changes by SQL and by scans."""
    with Running("listeners") as mediahub:
        web = _Web(mediahub)
        report.add("web processes, nobody listens", 1_000 * web.cpu_over(_IDLE_S), "ms/s")
        report.add("memory of the web, nobody listens", web.memory_mb(), "MB")
        alone = mediahub.sql("SELECT count(*) FROM pg_stat_activity")[0][0]
        crowd = _Crowd(mediahub)
        crowd.start()
        wait_for(lambda: all(one.place is not None for one in crowd.listeners))
        time.sleep(2)
        report.add("web processes, all listen to nothing", 1_000 * web.cpu_over(_IDLE_S), "ms/s")
        with _Changes(mediahub) as changes:
            used = web.cpu_over(_BUSY_S)
            report.add("web processes, all hear changes", 1_000 * used, "ms/s", note=changes.rate())
            report.add("memory of the web, all listen", web.memory_mb(), "MB")
            busy = mediahub.sql("SELECT count(*) FROM pg_stat_activity")[0][0]
            calm = crowd.latencies_s()
            report.add("web's end with all streams open", web.restart(), "s", most=1.0)
            wait_for(lambda: crowd.have_come_back(1))
            time.sleep(5)
            web.kill_one()
            time.sleep(8)
        report.add("database connections", busy, note=f"{alone} when nobody listens")
        _latencies(report, calm)
        _truth(report, mediahub, crowd)
    notices.measure(report)


class _Web:
    """The web server's processes."""

    def __init__(self, mediahub: Running) -> None:
        self._mediahub = mediahub

    def main(self) -> int:
        mark = b"MEDIAHUB_DATA_DIR=" + os.fsencode(self._mediahub.data)
        for path in Path("/proc").glob("[0-9]*"):
            try:
                command, environ = ((path / name).read_bytes() for name in ("cmdline", "environ"))
            except OSError:
                continue
            if b"uvicorn\0mediahub" in command and mark in environ.split(b"\0"):
                return int(path.name)
        raise TimeoutError("There is no web server.")

    def cpu_over(self, seconds: float) -> float:
        """Processor seconds a second."""
        pids = family(self.main())
        before = sum(map(_cpu_s, pids))
        time.sleep(seconds)
        return (sum(map(_cpu_s, pids)) - before) / seconds

    def memory_mb(self) -> float:
        return sum(map(size_kb, family(self.main()))) / 1_024

    def restart(self) -> float:
        """End it as the supervisor does, which starts it again; the seconds until it had ended."""
        main = self.main()
        pids = family(main)
        os.kill(main, signal.SIGTERM)
        return wait_for(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in pids))

    def kill_one(self) -> None:
        """Of the processes that serve: the last, which has no warning."""
        os.kill(max(family(self.main())), signal.SIGKILL)


class _Changes(threading.Thread):
    """Changes jobs, and has an empty folder scanned, until the block ends."""

    def __init__(self, mediahub: Running) -> None:
        super().__init__(daemon=True)
        self._mediahub = mediahub
        self._ended = threading.Event()
        root = place.BUILD / "listeners"
        root.mkdir(parents=True, exist_ok=True)
        self._library = mediahub.add_library(root, "Empty")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._ended.set()
        self.join()

    def rate(self) -> str:
        since = "SELECT count(*) FROM jobs_jobevent WHERE at > now() - interval '10 seconds'"
        return f"{self._mediahub.sql(since)[0][0] / 10:.0f} events a second"

    def run(self) -> None:
        ids = [pk for (pk,) in self._mediahub.sql(notices.ADD, (_JOBS,))]
        turns = 0
        while not self._ended.wait(0.025):
            turns += 1
            one = [ids[turns % len(ids)]]
            self._mediahub.sql(_TURN if turns // len(ids) % 2 else _MOVE, (one,))
            if turns % 40 == 0:
                try:
                    self._mediahub.scan(self._library)
                except OSError:  # the web is being restarted
                    continue


class _Listener(asyncio.Protocol):
    """One browser: comes back a second after its stream has ended, with the last id."""

    def __init__(self, mediahub: Running) -> None:
        self.place: int | None = None
        self.began_at: int | None = None
        self.heard: list[int] = []
        self.waits_s: list[float] = []
        self.came_back = 0
        self.resyncs = 0
        self._mediahub = mediahub
        self._text = b""
        self._ended = asyncio.Event()

    async def stay(self) -> None:
        loop = asyncio.get_running_loop()
        host, _, port = self._mediahub.bind.rpartition(":")
        while True:
            self._ended.clear()
            try:
                await loop.create_connection(lambda: self, host, int(port))
                await self._ended.wait()
            except OSError:
                pass
            await asyncio.sleep(1.0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._parser = httptools.HttpResponseParser(self)
        self._text = b""
        resumed = "" if self.place is None else f"Last-Event-ID: {self.place}\r\n"
        transport.write(
            "GET /api/v1/jobs/events/ HTTP/1.1\r\nAccept: text/event-stream\r\n"
            f"Host: {self._mediahub.bind}\r\nAuthorization: Bearer {self._mediahub.token}\r\n"
            f"{resumed}\r\n".encode()
        )
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_headers_complete(self) -> None:
        if self._parser.get_status_code() != 200:
            self._transport.close()

    def on_body(self, body: bytes) -> None:
        *blocks, self._text = (self._text + body).split(b"\n\n")
        now = time.time()
        for block in blocks:
            if place := _PLACE.search(block):
                self.place = int(place[1])
            if b"event: ready" in block:
                self.came_back += self.began_at is not None
                self.began_at = self.place if self.began_at is None else self.began_at
            self.resyncs += b"event: resync" in block
            if event := _EVENT.search(block):
                self.heard.append(int(event[1]))
                self.waits_s.append(now - datetime.fromisoformat(event[2].decode()).timestamp())

    def on_message_complete(self) -> None:
        self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        self._ended.set()


class _Crowd(threading.Thread):
    """All listeners, in a loop of their own."""

    def __init__(self, mediahub: Running) -> None:
        super().__init__(daemon=True)
        self.listeners = [_Listener(mediahub) for _ in range(_LISTENERS)]

    def run(self) -> None:
        asyncio.run(self._stay())

    async def _stay(self) -> None:
        await asyncio.gather(*(one.stay() for one in self.listeners))

    def have_come_back(self, times: int) -> bool:
        return all(one.came_back >= times for one in self.listeners)

    def latencies_s(self) -> list[float]:
        """Until now, of all."""
        return [wait_s for one in self.listeners for wait_s in list(one.waits_s)]


def _latencies(report: Report, waits_s: list[float]) -> None:
    cuts = quantiles(waits_s, n=100)
    report.add("from a change to its listener, half of them", cuts[49], "s")
    report.add("from a change to its listener, 95 of 100", cuts[94], "s", most=_BAR_S)
    report.add("from a change to its listener, the slowest", max(waits_s), "s")


def _truth(report: Report, mediahub: Running, crowd: _Crowd) -> None:
    wait_for(lambda: not mediahub.sql("SELECT FROM jobs_jobchange LIMIT 1"))
    time.sleep(3)
    told = [pk for (pk,) in mediahub.sql("SELECT id FROM jobs_jobevent ORDER BY id")]
    lost = doubled = disordered = 0
    for one in crowd.listeners:
        counts = Counter(one.heard)
        assert one.began_at is not None
        lost += sum(1 for pk in told if pk > one.began_at and pk not in counts)
        doubled += sum(count - 1 for count in counts.values())
        disordered += one.heard != sorted(one.heard)
    report.add("events", len(told))
    report.add("times that a listener came back", sum(one.came_back for one in crowd.listeners))
    report.check("no event was lost", holds=not lost, note=str(lost))
    report.check("no event was doubled", holds=not doubled, note=str(doubled))
    report.check("all came in order", holds=not disordered)
    report.check("nobody was sent to read anew", holds=not any(o.resyncs for o in crowd.listeners))


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
