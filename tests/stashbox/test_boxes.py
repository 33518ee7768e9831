"""Setting up stash-boxes, and whether they answer."""

from typing import Any

import pytest

from apps.core.audit import StaleEdit
from apps.core.models import AuditEntry
from apps.core.sealing import seal, unseal
from apps.stashbox.models import IdentifySettings, StashBox
from apps.stashbox.services import boxes
from apps.stashbox.services.boxes import (
    BoxRefused,
    IdentifySettingsRefused,
    create_box,
    delete_box,
    edit_box,
    edit_settings,
    in_order,
    settings_of_all,
)
from apps.stashbox.services.pace import put_off
from tests.stashbox.factories import make_box
from tests.stashbox.standin import NOBODY, StandIn
from tests.stashbox.standin import settings as may

pytestmark = pytest.mark.django_db

URL = "https://box.example/graphql"
SECRET = "eyJhbGciOi.a-secret"


@pytest.fixture
def made() -> StashBox:
    return create_box(StashBox(name="StashDB", url=URL), api_key=SECRET)


def key_of(box: StashBox) -> str:
    return unseal(StashBox.objects.get(pk=box.pk).sealed_key)


class TestSettingUp:
    def test_the_key_is_sealed_and_in_no_audit(self, made: StashBox) -> None:
        edited = edit_box(made, {"name": "Other"}, api_key="another-secret")
        delete_box(edited)

        entries = AuditEntry.objects.filter(object_type="stashbox.stashbox").order_by("pk")
        assert [entry.action for entry in entries] == ["created", "changed", "changed", "deleted"]
        assert entries[2].changes == {"api_key": [True, "given"]}
        kept = str([entry.changes for entry in entries]) + made.sealed_key
        assert "secret" not in kept
        for entry in entries:
            assert made.sealed_key not in str(entry.changes)
            assert not entry.changes.get("sealed_key", [""])[0]

    def test_the_key_stays_unless_another_is_given(self, made: StashBox) -> None:
        edited = edit_box(made, {"requests_per_minute": 60, "sealed_key": ""})
        assert (key_of(made), edited.requests_per_minute, edited.version) == (SECRET, 60, 2)

        edited = edit_box(edited, {}, api_key=" another ", expected_version=2)
        assert (key_of(made), edited.version) == ("another", 3)
        with pytest.raises(StaleEdit):
            edit_box(edited, {"name": "x"}, expected_version=2)

        assert not key_of(edit_box(edited, {}, api_key=""))

    def test_the_key_is_not_sent_to_whoever_the_box_is_pointed_at(self, made: StashBox) -> None:
        edited = edit_box(made, {"url": "https://box.example/v2/graphql"})
        assert key_of(edited) == SECRET

        edited = edit_box(edited, {"url": "https://other.example/graphql"})
        assert not key_of(edited)
        assert edited.version == 3

    def test_what_changes_nothing_writes_nothing(self, made: StashBox) -> None:
        before = AuditEntry.objects.count()

        edited = edit_box(made, {"name": made.name})

        assert (edited.version, AuditEntry.objects.count()) == (1, before)

    @pytest.mark.parametrize(
        "values",
        [
            {"name": ""}, {"url": ""}, {"url": "ftp://box.example/"},
            {"url": "box.example"}, {"url": "http://box.example/graphql"},
            {"url": "https://me:pass@box.example/graphql"}, {"url": URL + "#x"},
            {"url": "javascript:alert(1)"}, {"url": "https://[1/"}, {"url": f" {URL}"},
            {"requests_per_minute": 0}, {"requests_per_minute": 10**6},
        ],
    )  # fmt: skip
    def test_what_cannot_be_asked_cannot_be_saved(
        self, made: StashBox, values: dict[str, Any]
    ) -> None:
        with pytest.raises(BoxRefused):
            create_box(StashBox(**{"name": "new", "url": URL, **values}))
        with pytest.raises(BoxRefused):
            edit_box(made, values)
        made.refresh_from_db()
        assert (made.name, made.url, made.version) == ("StashDB", URL, 1)

    def test_without_tls_only_in_a_private_network(self) -> None:
        create_box(StashBox(name="here", url="http://localhost:9998/graphql", allow_private=True))
        create_box(StashBox(name="there", url="http://stashbox:9998/graphql", allow_private=True))

    @pytest.mark.parametrize("key", ["a b", "a\nApiKey: b", "schlüssel", "x" * 4_001])
    def test_what_is_no_key(self, made: StashBox, key: str) -> None:
        with pytest.raises(BoxRefused):
            edit_box(made, {}, api_key=key)
        assert key_of(made) == SECRET

    def test_they_are_asked_in_their_order_if_they_are_enabled(self) -> None:
        last, first = make_box(position=2), make_box(position=1)
        make_box(enabled=False)

        assert in_order() == [first, last]
        assert in_order([last.pk]) == [last]


class TestWhetherTheyAnswer:
    def test_one_that_does(self, box: StashBox) -> None:
        state = boxes.test_box(box)

        assert (state.ok, state.reason, state.user, state.version) == (
            True, "", "tester", "v0.9.1",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("trouble", "reason"),
        [
            (may.storm(retry_after="1"), "rate_limited"),
            (may.failure(502), "unreachable"),
            (may.website(), "not_a_stash_box"),
            (may.broken_json(), "broken_answer"),
            (may.other_json(b'{"data": {"me": null}}'), "unauthorised"),
        ],
        ids=["429", "502", "website", "cut", "nobody"],
    )
    def test_each_failure_is_told_apart_at_the_first_try(
        self, standin: StandIn, box: StashBox, trouble: may.Trouble, reason: str
    ) -> None:
        standin.trouble.append(trouble)

        state = boxes.test_box(box)

        assert (state.ok, state.reason) == (False, reason)
        assert state.message
        assert len(standin.requests) == 1

    def test_keys_roles_and_old_servers(self, standin: StandIn, box: StashBox) -> None:
        assert boxes.test_box(_with_key(box, "wrong")).reason == "unauthorised"
        lacking = boxes.test_box(_with_key(box, NOBODY))
        assert (lacking.reason, lacking.user) == ("not_authorised", "tester")

        standin.settings.without = {"Scene.release_date"}
        assert boxes.test_box(_with_key(box, "a-key-that-may-read")).reason == "too_old"
        standin.settings.without = {"Query.me"}
        assert boxes.test_box(box).reason == "not_a_stash_box"

    def test_a_box_that_was_put_off_is_not_waited_for(
        self, standin: StandIn, box: StashBox
    ) -> None:
        put_off(box, 60)

        assert boxes.test_box(box).reason == "rate_limited"
        assert not standin.requests


class TestSettings:
    def test_there_is_one_row(self) -> None:
        assert settings_of_all() == settings_of_all()
        assert IdentifySettings.objects.count() == 1

    def test_they_are_changed_as_rows_are(self) -> None:
        edited = edit_settings({"apply_from": 95, "policies": {"title": "ignore"}})

        assert (edited.apply_from, edited.policy("title"), edited.version) == (95, "ignore", 2)
        with pytest.raises(StaleEdit):
            edit_settings({"apply_from": 80}, expected_version=1)

    @pytest.mark.parametrize(
        "values",
        [
            {"apply_from": 101}, {"apply_from": 30}, {"review_from": 95}, {"lead": -1},
            {"policies": {"rating": "fill"}}, {"policies": {"title": "eat"}}, {"policies": []},
            {"policies": {"title": []}}, {"unknown_tags": "perhaps"},
        ],
    )  # fmt: skip
    def test_what_makes_no_sense_is_refused(self, values: dict[str, Any]) -> None:
        with pytest.raises(IdentifySettingsRefused):
            edit_settings(values)
        assert settings_of_all().version == 1


def _with_key(box: StashBox, key: str) -> StashBox:
    box.sealed_key = seal(key)
    return box
