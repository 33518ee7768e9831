"""People who look at the admin."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.accounts.choices import Role
from tests.factories import make_user


@pytest.fixture
def as_role(db: None) -> Callable[[Role], Client]:
    """A browser in which somebody of a role has logged in."""

    def log_in(role: Role) -> Client:
        client = Client()
        client.force_login(make_user(role))
        return client

    return log_in


@pytest.fixture
def boss(db: None) -> Client:
    """A browser in which a superuser has logged in."""
    client = Client()
    client.force_login(make_user(superuser=True, username="boss"))
    return client
