"""Fixtures that every test may use."""

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import settings

from apps.machines.services import sampling
from tests.client import Api
from tests.factories import make_user
from tests.postgres_plugin import django_db_setup  # noqa: F401 - in place of pytest-django's

# A busy machine makes no test fail: what something costs is for the benchmarks to say. Nor does
# chance: each run tries the same examples.
settings.register_profile("mediahub", deadline=None, derandomize=True)
settings.load_profile("mediahub")

# What takes longest comes first, lest one process is still at it when the others have done.
_LONGEST = (
    "tests/platform/test_up.py",
    "tests/jobs/test_cluster",
    "tests/jobs/test_faults.py",
    "tests/jobs/test_state_machine.py",
    "tests/library/test_scan_model.py",
    "tests/e2e/",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(_LONGEST))


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    """What one test has made the process keep must not be the next one's answer."""
    cache.clear()
    sampling.forget()


@pytest.fixture
def api(db: None) -> Api:
    """The API, for somebody who may do everything."""
    return Api(make_user(superuser=True))


@pytest.fixture
def browser(db: None) -> Client:
    """The pages, for somebody who may do everything."""
    client = Client()
    client.force_login(make_user(superuser=True))
    return client
