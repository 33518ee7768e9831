"""The frame of all pages: home, menu, search."""

from typing import Any

import pytest
from django.core.cache import cache
from django.db.models import Func, TextField, Value
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.browse.models import SavedView
from apps.library.models import Video
from apps.library.search import Question
from tests.factories import NOON, make_file, make_library, make_performer, make_tag, make_video


class TestHome:
    def test_numbers_lead_to_what_they_count(self, boss: Client) -> None:
        make_video()
        make_file(missing_since=NOON)
        make_file(probe_state="failed", probe_error="damaged")

        page = boss.get(reverse("admin:index")).content.decode()

        for link in ("presence=missing", "probe_state__exact=failed"):
            address = reverse("admin:library_file_changelist") + "?" + link
            assert address in page
            assert "1 file\n" in boss.get(address).content.decode()

    def test_shows_no_trouble_where_there_is_none(self, boss: Client) -> None:
        make_video()

        page = boss.get(reverse("admin:index")).content.decode()

        assert "Missing" not in page
        assert "Failed" not in page

    def test_without_libraries_a_viewer_learns_whom_to_ask(self, as_role: Any) -> None:
        page = as_role(Role.VIEWER).get(reverse("admin:index")).content.decode()

        assert "Somebody who may add libraries" in page


class TestMenu:
    def test_one_item_is_where_we_are(self, boss: Client) -> None:
        make_library()

        for name in ("index", "library_video_browse", "library_video_changelist"):
            page = boss.get(reverse(f"admin:{name}")).content.decode()
            assert page.count(' active"') + page.count(" active ") <= 1, name

    def test_holds_only_what_the_role_may_open(self, as_role: Any) -> None:
        page = as_role(Role.VIEWER).get(reverse("admin:index")).content.decode()

        assert reverse("admin:library_video_browse") in page
        assert reverse("admin:auth_user_changelist") not in page
        assert reverse("admin:jobs_job_changelist") not in page


class TestSearch:
    @pytest.fixture(autouse=True)
    def _no_answers_from_before(self) -> None:
        cache.clear()

    def search(self, client: Client, words: str) -> str:
        return client.get(reverse("admin:search"), {"s": words, "extended": 1}).content.decode()

    def test_finds_a_few_of_each_kind(self, boss: Client) -> None:
        for number in range(12):
            make_video(f"Mountain {number}")
        make_tag("Mountains")
        make_performer("Ann Mountbatten")

        page = self.search(boss, "mount")

        assert "Found 11 results" in page
        assert "Mountains" in page
        assert "Ann Mountbatten" in page
        assert f"{reverse('admin:library_video_browse')}?q=mount" in page

    def test_speaks_the_query_language_and_knows_views(self, boss: Client) -> None:
        make_video("Short", duration_ms=1_000), make_video("Long", duration_ms=9_000_000)
        owner = boss.session["_auth_user_id"]
        view = SavedView.objects.create(owner_id=owner, name="Long ones", query="duration>1h")

        page = self.search(boss, "duration>1h")
        assert ">Short" not in page
        assert "Long" in page
        assert f"?view={view.pk}" in self.search(boss, "long")
        for words in ("(((", "a OR OR", "tag:nonsense", "<script>alert(1)</script>", "%%%_%"):
            assert "<script>alert" not in self.search(boss, words)

    def test_offers_browse_where_videos_take_too_long(
        self, boss: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        settings.MEDIAHUB_SEARCH_TIMEOUT_MS = 100
        make_video("Mountain")
        nap = Func(Value(2), function="pg_sleep", output_field=TextField())
        asleep = Video.objects.annotate(nap=nap)
        monkeypatch.setattr(Question, "videos", lambda _question: asleep)

        assert "Browse for mount" in self.search(boss, "mount")

    def test_too_few_letters_search_no_rows(self, boss: Client) -> None:
        make_video("Mountain")

        assert "Mountain" not in self.search(boss, "mo")


class TestAnswers:
    @pytest.mark.parametrize("name", ["admin:index", "v1:docs", "v1:video-list"])
    def test_allow_no_script_but_files_of_ours(self, boss: Client, name: str) -> None:
        policy = boss.get(reverse(name))["Content-Security-Policy"]

        assert "script-src 'self' 'unsafe-eval';" in policy

    def test_say_why_a_form_was_not_accepted(self, db: None) -> None:
        answer = Client(enforce_csrf_checks=True).post(reverse("admin:login"))

        assert answer.status_code == 403
        assert "MEDIAHUB_TRUSTED_ORIGINS" in answer.content.decode()

    def test_say_why_a_host_was_refused(self, boss: Client) -> None:
        answer = boss.get(reverse("admin:login"), HTTP_HOST="elsewhere.example")

        assert answer.status_code == 400
        assert "MEDIAHUB_ALLOWED_HOSTS" in answer.content.decode()

    @pytest.mark.parametrize("address", ["jobs_job_live", "library_library_live"])
    def test_pass_over_ids_that_are_none(self, boss: Client, address: str) -> None:
        answer = boss.get(reverse(f"admin:{address}"), {"id": ["²", "x", "9" * 30]})

        assert answer.status_code == 200
