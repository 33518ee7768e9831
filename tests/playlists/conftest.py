"""Clients and playlists."""

import pytest

from tests.client import Api
from tests.factories import make_user


@pytest.fixture
def api(db: None) -> Api:
    """A person's client, who may see the catalogue and no more."""
    from apps.accounts.choices import Role

    return Api(make_user(Role.VIEWER))
