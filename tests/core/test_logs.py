"""Log lines for programs and for people."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.context import Actor, acting, logged
from apps.core.logs import JsonFormatter, PlainFormatter, json_line, printable, readable
from apps.library.models import Scan
from apps.library.services.scan.counts import Counts
from apps.library.services.scan.record import Record
from mediahub import env
from tests.client import Api

USES_UVICORN = """
import django, logging, uvicorn
uvicorn.Config("x", access_log=False)
django.setup()
logging.getLogger("uvicorn.access").info("secret")
logging.getLogger("uvicorn.error").warning("hello")
"""
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(out: io.StringIO) -> Iterator[logging.Logger]:
    """A logger whose JSON lines end in ``out``."""
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield logging.getLogger("tests.logs")
    root.removeHandler(handler)
    root.setLevel(before)


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_says_who_and_what_is_worked_on(log: logging.Logger, out: io.StringIO) -> None:
    with acting(Actor(user_id=3, job_id=12)), logged(job_kind="library.scan", attempt=1):
        with logged(scan_id=7, attempt=2):
            log.warning("%s files", 5, extra={"file": b"caf\xe9\n.mp4"})
        log.info("after")
    log.info("outside")

    first, second, third = lines(out)
    assert list(first)[:4] == ["ts", "level", "logger", "message"]
    assert datetime.strptime(first["ts"], "%Y-%m-%dT%H:%M:%S.%fZ")
    assert {k: v for k, v in first.items() if k != "ts"} == {
        "level": "WARNING", "logger": "tests.logs", "message": "5 files", "user_id": 3,
        "job_id": 12, "job_kind": "library.scan", "attempt": 2, "scan_id": 7,
        "file": "caf\\xe9\\n.mp4",
    }  # fmt: skip
    assert (second["attempt"], "scan_id" in second) == (1, False)
    assert set(third) == {"ts", "level", "logger", "message"}


def test_traceback_stands_in_its_own_field() -> None:
    error = OSError("bad\nname \udcff")  # not by a logger: pytest can't report such a name
    values = {"msg": "went wrong", "levelname": "ERROR", "exc_info": (OSError, error, None)}

    line = json.loads(JsonFormatter().format(logging.makeLogRecord(values)))

    assert line["message"] == "went wrong"
    assert line["exc"] == "OSError: bad\nname \\xff"


def test_lines_are_bounded(log: logging.Logger, out: io.StringIO) -> None:
    log.info("x" * 100_000, extra={"file": "y" * 100_000})

    assert len(out.getvalue()) < 20_000


def test_request_that_failed_leaves_no_secrets(
    log: logging.Logger, out: io.StringIO, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.core.api.audit.AuditViewSet.list", lambda *_: 1 / 0)
    api.http.raise_request_exception = False
    api.headers = {"X-Request-ID": "mine-1", "Authorization": "Bearer hunter2"}
    api.get("audit/", password="hunter2")
    api.headers = {"X-Request-ID": "mine-1"}
    api.get("audit/")

    said = out.getvalue()
    assert "hunter2" not in said
    failed = next(line for line in lines(out) if line["logger"] == "django.request")
    assert (failed["request_id"], failed["status_code"]) == ("mine-1", 500)
    assert (failed["method"], failed["path"]) == ("GET", "/api/v1/audit/")
    assert "ZeroDivisionError" in failed["exc"]


def test_finding_of_a_scan_names_the_file(log: logging.Logger, out: io.StringIO) -> None:
    Record(Scan(), Counts(), note=lambda _: None).tell("broken", b"a/\xff.mp4", "no frames")

    [line] = lines(out)
    assert (line["message"], line["file"]) == ("broken: no frames", "a/\\xff.mp4")


class TestForPeople:
    def test_line_with_what_is_worked_on_and_the_traceback_below(self) -> None:
        line = json_line("web", "hello", now=0)
        with_more = json.dumps(
            json.loads(line) | {"file": "a", "job_id": 3, "exc": "Traceback\nOops"}
        )

        assert readable(line) == "1970-01-01T00:00:00.000Z INFO web: hello"
        assert readable(with_more) == (
            "1970-01-01T00:00:00.000Z INFO web: hello [file=a]\nTraceback\nOops"
        )

    @pytest.mark.parametrize("line", ["Migrating…", '{"ts":', '{"ts": 1}', "[1]", '{"a": 1}', ""])
    def test_what_is_no_json_of_ours_stays(self, line: str) -> None:
        assert readable(line) == line

    @given(st.text(alphabet=st.characters()), st.text(alphabet=st.characters()))
    def test_plain_is_what_readable_makes_of_json(self, message: str, file: str) -> None:
        record = logging.makeLogRecord({"msg": message, "file": file, "levelname": "INFO"})

        told = JsonFormatter().format(record)

        assert "\n" not in told
        told.encode()
        assert readable(told) == PlainFormatter().format(record)
        assert len(readable(told).splitlines()) == 1


@given(st.binary() | st.text())
def test_printable_is_one_line_of_text(name: str | bytes) -> None:
    told = printable(name)

    assert len(f"{told}.".splitlines()) == 1
    told.encode()


def test_unknown_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAHUB_TRIAL", "yaml")
    with pytest.raises(env.InvalidSetting, match="plain or json"):
        env.choice("MEDIAHUB_TRIAL", "plain", among=("plain", "json"))
    env.known.pop("MEDIAHUB_TRIAL", None)


@pytest.mark.parametrize("form", ["plain", "json"])
def test_programs_log_as_the_setting_says(form: str, tmp_path: Path) -> None:
    said = subprocess.run(
        [
            sys.executable, "-c",
            USES_UVICORN,
        ],
        env=os.environ | {
            "MEDIAHUB_LOG_FORMAT": form, "MEDIAHUB_DATA_DIR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "mediahub.settings.web",
        },
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stderr  # fmt: skip

    assert readable(said.strip()).endswith("Z WARNING uvicorn.error: hello")
    assert "secret" not in said
    assert said.startswith('{"ts":') == (form == "json")
