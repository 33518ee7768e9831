"""Clients of the API for people in roles."""

from collections.abc import Callable

import pytest

from apps.accounts.choices import Role, Scope
from tests.client import Api
from tests.factories import make_token, make_user


@pytest.fixture
def as_role(db: None) -> Callable[..., Api]:
    """A client for a new user of a role, by session or by a token of a scope."""

    def make(role: Role | None, scope: Scope | None = None) -> Api:
        user = make_user(role)
        return Api(user, token=make_token(user, scope)[1] if scope else "")

    return make
