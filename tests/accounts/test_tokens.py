"""Tokens: made once, shown once, worth what their scope and owner are, ended for good."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from apps.accounts.choices import Role, Scope
from apps.accounts.models import ApiToken
from apps.accounts.services.tokens import create_token, find_token, revoke_token
from apps.core.models import AuditEntry
from tests.client import Api
from tests.factories import NOON, make_token, make_user


def _status(secret: str, path: str = "tags/") -> int:
    return Client(headers={"Authorization": f"Bearer {secret}"}).get(f"/api/v1/{path}").status_code


@pytest.mark.django_db
class TestToken:
    def test_is_kept_as_a_digest_only(self) -> None:
        token, secret = make_token(make_user())

        kept = " ".join(str(value) for value in ApiToken.objects.values().get(pk=token.pk).values())
        assert secret.startswith("mh_")
        assert secret not in kept
        assert secret[:8] in kept

    def test_ends_when_it_expires(self) -> None:
        user = make_user()
        _, lasting = create_token(user, expires_at=NOON + timedelta(seconds=1))

        assert find_token(lasting, now=NOON) is not None
        assert find_token(lasting, now=NOON + timedelta(seconds=1)) is None

    def test_ends_when_it_is_revoked(self) -> None:
        token, secret = make_token(make_user(Role.VIEWER))
        assert _status(secret) == 200

        revoke_token(token, now=NOON)

        assert _status(secret) == 401
        assert ApiToken.objects.get().revoked_at == NOON

    def test_ends_with_its_owner(self) -> None:
        user = make_user(Role.VIEWER)
        secret = make_token(user)[1]
        user.is_active = False
        user.save()

        assert _status(secret) == 401

    def test_notes_its_use_at_most_once_a_minute(self) -> None:
        token, secret = make_token(make_user())
        uses = []
        for second in (0, 59, 61):
            find_token(secret, now=NOON + timedelta(seconds=second))
            token.refresh_from_db()
            uses.append(token.last_used_at)

        assert uses == [NOON, NOON, NOON + timedelta(seconds=61)]

    def test_is_named_in_the_audit_of_what_it_does(self) -> None:
        user = make_user(Role.EDITOR)
        token = Api(user, token=make_token(user, Scope.WRITE)[1])

        token.post("tags/", {"name": "x"})

        assert AuditEntry.objects.get(object_type="library.tag").user == user

    def test_counts_before_a_session(self) -> None:
        user, other = make_user(Role.EDITOR), make_user(Role.EDITOR)
        client = Api(user, token=make_token(user, Scope.WRITE)[1])
        client.http.force_login(other)

        client.post("tags/", {"name": "x"})

        assert AuditEntry.objects.get(object_type="library.tag").user == user


@pytest.mark.django_db
class TestTokensOfAPerson:
    def test_secret_is_shown_once(self) -> None:
        api = Api(make_user(Role.VIEWER))

        made = api.post("tokens/", {"name": "script", "scope": "read"})

        secret = made.json().pop("token")
        shown = api.get(made["Location"]).json()
        assert made.status_code == 201
        assert "token" not in shown
        assert (shown["name"], shown["scope"], shown["prefix"]) == ("script", "read", secret[:8])
        assert _status(secret) == 200

    def test_only_ones_own_are_there(self) -> None:
        ann, bob = Api(make_user(superuser=True)), make_user()
        foreign = make_token(bob)[0]

        assert ann.results("tokens/") == []
        assert ann.get(f"tokens/{foreign.pk}/").status_code == 404
        assert ann.delete(f"tokens/{foreign.pk}/").status_code == 404

    def test_deleting_revokes(self) -> None:
        api = Api(make_user(Role.VIEWER))
        made = api.post("tokens/", {"scope": "read"}).json()

        assert api.delete(f"tokens/{made['id']}/").status_code == 204

        assert _status(made["token"]) == 401
        assert api.get(f"tokens/{made['id']}/").json()["revoked_at"]

    @pytest.mark.parametrize(
        "body",
        [
            {"scope": "everything"}, {"scope": "read", "user": 1}, {"digest": "x"},
            {"expires_at": "2001-01-01T00:00:00Z"}, {"name": "x" * 101},
        ],
    )  # fmt: skip
    def test_one_that_cannot_be_is_refused(self, body: dict[str, object]) -> None:
        assert Api(make_user()).post("tokens/", body).status_code == 400
        assert not ApiToken.objects.exists()

    @pytest.mark.parametrize("scope", Scope)
    def test_no_token_comes_near_tokens(self, scope: Scope) -> None:
        user = make_user(superuser=True)
        token, secret = make_token(user, scope)
        client = Api(user, token=secret)

        found = {
            client.get("tokens/").status_code,
            client.get(f"tokens/{token.pk}/").status_code,
            client.post("tokens/", {"scope": "ops"}).status_code,
            client.patch(f"tokens/{token.pk}/", {"scope": "ops"}).status_code,
            client.delete(f"tokens/{token.pk}/").status_code,
        }
        assert found == {403}
        assert ApiToken.objects.get().revoked_at is None

    def test_no_token_opens_the_admin(self) -> None:
        user = make_user(superuser=True)
        client = Client(headers={"Authorization": f"Bearer {make_token(user, Scope.OPS)[1]}"})

        assert client.get("/admin/accounts/apitoken/add/").status_code == 302


@pytest.mark.django_db
class TestCreatetoken:
    def test_prints_the_token_and_nothing_else(self, capsys: pytest.CaptureFixture[str]) -> None:
        user = make_user(Role.VIEWER)

        call_command("createtoken", user.username, "--scope", "ops")

        printed = capsys.readouterr().out
        token = find_token(printed.strip(), now=timezone.now())
        assert printed == f"{printed.strip()}\n"
        assert token is not None
        assert (token.user, token.scope) == (user, Scope.OPS)

    def test_fails_without_such_a_user(self) -> None:
        with pytest.raises(CommandError, match="no active user named 'nobody'"):
            call_command("createtoken", "nobody")
