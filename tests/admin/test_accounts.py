"""People and tokens."""

import re

from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.models import ApiToken
from apps.accounts.services.tokens import find_token
from apps.core.models import AuditEntry
from tests.factories import make_token, make_user


class TestTokens:
    def test_the_secret_is_shown_once(self, boss: Client) -> None:
        user = make_user()

        response = boss.post(
            reverse("admin:accounts_apitoken_add"),
            {"name": "script", "user": user.pk, "scope": "write"},
        )

        secret = re.search(r'value="(mh_[^"]+)"', response.content.decode())
        assert secret
        assert "no-store" in response["Cache-Control"]
        token = find_token(secret[1], now=timezone.now())
        assert token
        assert (token.user, token.scope) == (user, "write")
        listed = boss.get(reverse("admin:accounts_apitoken_changelist")).content.decode()
        page = boss.get(reverse("admin:accounts_apitoken_change", args=[token.pk]))
        assert secret[1] not in listed + page.content.decode()

    def test_cannot_expire_in_the_past(self, boss: Client) -> None:
        sent = {
            "user": make_user().pk, "scope": "read",
            "expires_at_0": "2020-01-01", "expires_at_1": "12:00",
        }  # fmt: skip

        page = boss.post(reverse("admin:accounts_apitoken_add"), sent).content.decode()

        assert "could never be used" in page
        assert not ApiToken.objects.exists()

    def test_can_be_revoked(self, boss: Client) -> None:
        token, secret = make_token(make_user())

        boss.post(
            reverse("admin:accounts_apitoken_changelist"),
            {"action": "revoke", "_selected_action": [token.pk]},
        )

        assert find_token(secret, now=timezone.now()) is None


class TestPeople:
    def test_superusers_and_the_four_roles_outlive_a_lists_action(self, db: None) -> None:
        boss, role = make_user(), Group.objects.get(name="viewer")
        User.objects.filter(pk=boss.pk).update(is_superuser=True)
        client = Client()
        client.force_login(make_user(Role.ADMINISTRATOR))

        for model, row in (("user", boss), ("group", role)):
            chosen = {"action": "delete_selected", "post": "yes", "_selected_action": [row.pk]}
            answer = client.post(reverse(f"admin:auth_{model}_changelist"), chosen)
            assert answer.status_code == 403

        assert User.objects.filter(pk=boss.pk).exists()
        assert Group.objects.filter(pk=role.pk).exists()

    def test_no_password_reaches_the_audit(self, boss: Client) -> None:
        new = {"username": "ada", "password1": "w1nter-is-c0ld", "password2": "w1nter-is-c0ld"}
        boss.post(
            reverse("admin:auth_user_add"),
            {**new, "usable_password": "true", "groups": [Group.objects.get(name="viewer").pk]},
        )
        ada = User.objects.get(username="ada")
        changed = {"password1": "spring-1s-warm", "password2": "spring-1s-warm"}
        boss.post(
            reverse("admin:auth_user_password_change", args=[ada.pk]),
            {**changed, "usable_password": "true"},
        )
        ada.refresh_from_db()
        boss.post(reverse("admin:auth_user_delete", args=[ada.pk]), {"post": "yes"})

        entries = AuditEntry.objects.filter(object_type="auth.user", object_name="ada")
        assert [entry.action for entry in entries.order_by("pk")] == [
            "created", "changed", "deleted",
        ]  # fmt: skip
        told = str([entry.changes for entry in entries])
        assert "argon2" not in told
        assert "md5$" not in told
        assert not User.objects.filter(pk=ada.pk).exists()

    def test_roles_are_given(self, boss: Client) -> None:
        user, editor = make_user(), Group.objects.get(name="editor")

        boss.post(
            reverse("admin:auth_user_change", args=[user.pk]),
            {"username": user.username, "is_active": "on", "is_staff": "on", "groups": [editor.pk]},
        )

        assert list(user.groups.all()) == [editor]
        assert AuditEntry.objects.about(user).get().changes["groups"] == [[], [editor.pk]]
