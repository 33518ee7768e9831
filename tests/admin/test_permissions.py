"""What each role may open and do in the admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.core import audit
from apps.core.models import AuditEntry
from apps.jobs.choices import JobState
from apps.jobs.models import Schedule
from apps.jobs.services.schedules import create
from apps.library.models import Scan, Tag
from apps.machines.models import Machine
from apps.renaming.models import RenameBatch
from apps.rules.models import Rule
from tests.faces.factories import make_identity, make_track
from tests.factories import (
    NOON,
    make_artifact,
    make_file,
    make_job,
    make_library,
    make_performer,
    make_playlist,
    make_tag,
    make_user,
    make_video,
)
from tests.mediaservers.factories import make_notice, make_server
from tests.stashbox.factories import make_box, make_match
from tests.transcodes.factories import make_profile, make_rule, make_transcode

ORDER = list(Role)


def make_entry() -> int:
    """The audit entry of a tag that was renamed."""
    audit.update(make_tag("before"), {"name": "after"})
    entry = AuditEntry.objects.latest("pk").pk
    Tag.objects.all().delete()
    return entry


# The least role that may read a page; whoever is below gets 403.
PAGES: dict[str, tuple[Role, Callable[[], list[int]]]] = {
    "index": (Role.VIEWER, list),
    "library_video_browse": (Role.VIEWER, list),
    "browse_savedview_changelist": (Role.VIEWER, list),
    "browse_savedview_add": (Role.VIEWER, list),
    "library_video_changelist": (Role.VIEWER, list),
    "library_video_change": (Role.VIEWER, lambda: [make_video().pk]),
    "playback_watch": (Role.VIEWER, lambda: [make_video().pk]),
    "playback_history": (Role.VIEWER, list),
    "playback_settings": (Role.VIEWER, list),
    "playlists_playlist_changelist": (Role.VIEWER, list),
    "playlists_playlist_change": (Role.VIEWER, lambda: [make_playlist(shared=True).pk]),
    "insights_statistics": (Role.VIEWER, list),
    "insights_graph": (Role.VIEWER, list),
    "markers_files": (Role.VIEWER, lambda: [make_video().pk]),
    "markers_split": (Role.EDITOR, lambda: [make_video().pk]),
    "library_tag_changelist": (Role.VIEWER, list),
    "library_tag_change": (Role.VIEWER, lambda: [make_tag().pk]),
    "library_performer_changelist": (Role.VIEWER, list),
    "library_studio_changelist": (Role.VIEWER, list),
    "library_marker_changelist": (Role.VIEWER, list),
    "library_file_changelist": (Role.VIEWER, list),
    "library_file_change": (Role.VIEWER, lambda: [make_file().pk]),
    "library_file_why": (Role.VIEWER, list),
    "library_file_read_again": (Role.OPERATOR, list),
    "library_library_forget": (Role.EDITOR, list),
    "library_library_changelist": (Role.VIEWER, list),
    "library_library_overview": (Role.VIEWER, lambda: [make_library().pk]),
    "library_scan": (
        Role.VIEWER,
        lambda: [Scan.objects.create(library=make_library(), started_at=NOON).pk],
    ),
    "library_library_live": (Role.VIEWER, list),
    "artifacts_artifact_changelist": (Role.VIEWER, list),
    "artifacts_artifact_coverage": (Role.VIEWER, list),
    "artifacts_artifact_change": (Role.VIEWER, lambda: [make_artifact().pk]),
    "library_customfield_changelist": (Role.VIEWER, list),
    "library_tag_add": (Role.EDITOR, list),
    "library_performer_add": (Role.EDITOR, list),
    "library_tag_merge": (Role.EDITOR, list),
    "library_performer_merge": (Role.EDITOR, list),
    "library_studio_merge": (Role.EDITOR, list),
    "renaming_rename": (Role.EDITOR, list),
    "rules_rule_changelist": (Role.EDITOR, list),
    "rules_rule_add": (Role.EDITOR, list),
    "rules_autotag": (Role.EDITOR, list),
    "rules_rule_try": (
        Role.EDITOR,
        lambda: [Rule.objects.create(name=f"r{Rule.objects.count()}", changes={"rating": 5}).pk],
    ),
    "renaming_batch": (
        Role.EDITOR,
        lambda: [RenameBatch.objects.create(template="{title}").pk],
    ),
    "stashbox_tagger": (Role.VIEWER, list),
    "stashbox_stashmatch_changelist": (Role.VIEWER, list),
    "stashbox_stashmatch_change": (Role.VIEWER, lambda: [make_match().pk]),
    "stashbox_stashbox_changelist": (Role.EDITOR, list),
    "stashbox_stashbox_change": (Role.EDITOR, lambda: [make_box().pk]),
    "stashbox_stashbox_add": (Role.OPERATOR, list),
    "stashbox_stashbox_delete": (Role.OPERATOR, lambda: [make_box().pk]),
    "stashbox_stashbox_test": (Role.OPERATOR, lambda: [make_box().pk]),
    "stashbox_stashbox_give": (Role.OPERATOR, lambda: [make_box().pk]),
    "stashbox_performer": (Role.EDITOR, lambda: [make_performer().pk]),
    "stashbox_settings": (Role.OPERATOR, list),
    "mediaservers_mediaserver_changelist": (Role.EDITOR, list),
    "mediaservers_mediaserver_change": (Role.EDITOR, lambda: [make_server().pk]),
    "mediaservers_mediaserver_add": (Role.OPERATOR, list),
    "mediaservers_mediaserver_delete": (Role.OPERATOR, lambda: [make_server().pk]),
    "mediaservers_mediaserver_test": (Role.OPERATOR, lambda: [make_server().pk]),
    "mediaservers_notice_changelist": (Role.EDITOR, list),
    "mediaservers_notice_change": (Role.EDITOR, lambda: [make_notice().pk]),
    "transcodes_encodingprofile_changelist": (Role.EDITOR, list),
    "transcodes_encodingprofile_change": (Role.EDITOR, lambda: [make_profile().pk]),
    "transcodes_encodingprofile_add": (Role.OPERATOR, list),
    "transcodes_encodingprofile_delete": (Role.OPERATOR, lambda: [make_profile().pk]),
    "transcodes_encodingprofile_try": (Role.EDITOR, lambda: [make_profile().pk]),
    "transcodes_encodingprofile_versions": (Role.EDITOR, lambda: [make_profile().pk]),
    "transcodes_transcoderule_changelist": (Role.EDITOR, list),
    "transcodes_transcoderule_change": (Role.EDITOR, lambda: [make_rule().pk]),
    "transcodes_transcoderule_add": (Role.OPERATOR, list),
    "transcodes_transcoderule_delete": (Role.OPERATOR, lambda: [make_rule().pk]),
    "transcodes_transcoderule_try": (Role.EDITOR, lambda: [make_rule().pk]),
    "transcodes_transcode_changelist": (Role.EDITOR, list),
    "transcodes_transcode_change": (Role.EDITOR, lambda: [make_transcode().pk]),
    "transcodes_ask": (Role.OPERATOR, list),
    "faces_lab": (Role.EDITOR, list),
    "faces_settings": (Role.EDITOR, list),
    "faces_identity": (Role.EDITOR, lambda: [make_identity().pk]),
    "faces_video": (Role.EDITOR, lambda: [make_video().pk]),
    "faces_portrait": (Role.EDITOR, lambda: [make_track().pk]),
    "faces_crop": (Role.EDITOR, lambda: [make_track().shots.get().pk]),
    "faces_wipe": (Role.OPERATOR, lambda: [make_identity().pk]),
    "faces_wipe_all": (Role.OPERATOR, list),
    "library_tag_delete": (Role.EDITOR, lambda: [make_tag().pk]),
    "jobs_job_changelist": (Role.EDITOR, list),
    "jobs_job_board": (Role.EDITOR, list),
    "jobs_job_own": (Role.EDITOR, list),
    "jobs_job_log": (Role.EDITOR, lambda: [make_job().pk]),
    "jobs_schedule_changelist": (Role.EDITOR, list),
    "jobs_schedule_add": (Role.OPERATOR, list),
    "jobs_job_live": (Role.EDITOR, list),
    "jobs_job_change": (Role.EDITOR, lambda: [make_job().pk]),
    "core_auditentry_changelist": (Role.EDITOR, list),
    "core_auditentry_change": (Role.EDITOR, lambda: [make_entry()]),
    "core_auditentry_undo": (Role.EDITOR, lambda: [make_entry()]),
    "library_library_add": (Role.OPERATOR, list),
    "library_library_delete": (Role.OPERATOR, lambda: [make_library().pk]),
    "library_customfield_add": (Role.OPERATOR, list),
    "machines_machine_changelist": (Role.EDITOR, list),
    "machines_machine_change": (
        Role.EDITOR,
        lambda: [Machine.objects.create(name="nas.1a2b", host="nas").pk],
    ),
    "health": (Role.OPERATOR, list),
    "auth_user_changelist": (Role.ADMINISTRATOR, list),
    "auth_group_changelist": (Role.ADMINISTRATOR, list),
    "accounts_apitoken_changelist": (Role.ADMINISTRATOR, list),
    "accounts_apitoken_add": (Role.ADMINISTRATOR, list),
}


@pytest.mark.parametrize("role", ORDER)
def test_pages(role: Role, as_role: Callable[[Role], Client]) -> None:
    client = as_role(role)

    for name, (least, arguments) in PAGES.items():
        expected = 200 if ORDER.index(role) >= ORDER.index(least) else 403
        response = client.get(reverse(f"admin:{name}", args=arguments()))
        assert response.status_code == expected, (name, role)


def test_strangers_are_sent_to_the_login(client: Client, db: None) -> None:
    for name, (_least, arguments) in PAGES.items():
        response = client.get(reverse(f"admin:{name}", args=arguments()))
        assert response.status_code == 302, name
        assert response["Location"].startswith(reverse("admin:login")), name


@pytest.mark.parametrize("role", ORDER)
def test_deeds(role: Role, as_role: Callable[[Role], Client]) -> None:
    client = as_role(role)
    operates = ORDER.index(role) >= ORDER.index(Role.OPERATOR)
    library, job = make_library(), make_job(JobState.QUEUED)
    schedule = create(Schedule(name="Nightly", kind="artifacts.generate", cron="0 3 * * *"))

    scan = client.post(reverse("admin:library_library_scan", args=[library.pk]))
    verify = client.post(reverse("admin:library_library_verify", args=[library.pk]))
    cancel = client.post(reverse("admin:jobs_job_control", args=[job.pk, "cancel"]))
    again = client.post(reverse("admin:jobs_job_retry_failed", args=[job.pk]))
    hold = client.post(reverse("admin:jobs_job_hold", args=["pause"]), {"queue": "net"})
    run = client.post(reverse("admin:jobs_schedule_run", args=[schedule.pk]))

    deeds = (scan, verify, cancel, again, hold, run)
    assert {deed.status_code for deed in deeds} == {302 if operates else 403}


def test_deeds_are_never_done_by_a_link(boss: Client) -> None:
    library, job = make_library(), make_job(JobState.QUEUED)

    assert boss.get(reverse("admin:library_library_scan", args=[library.pk])).status_code == 405
    assert boss.get(reverse("admin:library_library_verify", args=[library.pk])).status_code == 405
    for name, args in (
        ("control", [job.pk, "cancel"]), ("retry_failed", [job.pk]), ("hold", ["pause"]),
    ):  # fmt: skip
        assert boss.get(reverse(f"admin:jobs_job_{name}", args=args)).status_code == 405


def test_buttons_are_shown_to_those_who_may_press_them(as_role: Callable[[Role], Client]) -> None:
    library = make_library()
    address = reverse("admin:library_library_overview", args=[library.pk])
    scan = reverse("admin:library_library_scan", args=[library.pk])

    assert scan not in as_role(Role.EDITOR).get(address).content.decode()
    assert scan in as_role(Role.OPERATOR).get(address).content.decode()


def test_django_q_has_no_forms() -> None:
    assert not [model for model in admin.site._registry if model._meta.app_label == "django_q"]


def test_an_administrator_cannot_make_superusers(as_role: Callable[[Role], Client]) -> None:
    client = as_role(Role.ADMINISTRATOR)
    superuser, other = make_user(superuser=True), make_user()
    change = "admin:auth_user_change"
    sent: dict[str, Any] = {"username": other.username, "is_active": "on", "is_superuser": "on"}

    client.post(reverse(change, args=[other.pk]), sent)
    refused = client.post(reverse(change, args=[superuser.pk]), sent)
    password = reverse("admin:auth_user_password_change", args=[superuser.pk])
    taken = client.post(password, {"password1": "a-new-one-4711", "password2": "a-new-one-4711"})

    other.refresh_from_db()
    assert not other.is_superuser
    assert (refused.status_code, taken.status_code) == (403, 403)
