"""A client, and a cache that remembers nothing of other tests."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from apps.accounts.choices import Role
from tests.client import Api
from tests.factories import make_user


@pytest.fixture
def api(db: None) -> Api:
    """A person's client, who may see the catalogue and no more."""
    return Api(make_user(Role.VIEWER))


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()
