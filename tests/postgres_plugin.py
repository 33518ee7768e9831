"""The tests' own PostgreSQL: one throwaway cluster a session, one database a process.

Loaded with ``-p`` (pyproject.toml), for it must speak before pytest-django loads the settings. The
database is migrated once, into a template; each process clones it in a few milliseconds. Programs
that a test starts find the same database through the environment. Processes hold leases, so the
server ends with the last of them, even if all are killed, and deletes itself.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from mediahub import postgres
from tests import pristine

_PLACE = "MEDIAHUB_TEST_PLACE"
_TEMPLATE = "migrated"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Give this process a data folder and a lease; the first process also makes the cluster."""
    # Where it is set, each program that a test starts would compile Django anew, for seconds.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        os.environ[_PLACE] = tempfile.mkdtemp(prefix="mediahub-tests-", dir=memory)
        early_config.add_cleanup(_remove_place)
    place = Path(os.environ[_PLACE])
    os.environ |= {
        "DATABASE_URL": postgres.ensure(place, fast=True).url,
        "MEDIAHUB_DATA_DIR": str(place / (worker or "main")),
        "MEDIAHUB_ENV_FILE": os.devnull,
    }
    return (yield)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[None]:
    """In place of pytest-django's: a clone of the migrated template instead of a migration."""
    name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with psycopg.connect(_url("mediahub"), autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(1)")  # one process makes the template
        if not admin.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [_TEMPLATE]
        ).fetchone():
            with django_db_blocker.unblock():
                _make_template(admin)
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    _point_django_to(name)
    os.environ["DATABASE_URL"] = _url(name)
    _restore_instead_of_flushing(name)
    yield
    _point_django_to(name)  # closes what is open


def _make_template(admin: psycopg.Connection) -> None:
    from django.core.management import call_command

    admin.execute("DROP DATABASE IF EXISTS migrating WITH (FORCE)")
    admin.execute("CREATE DATABASE migrating")
    _point_django_to("migrating")
    call_command("migrate", verbosity=0, interactive=False)
    _point_django_to("migrating")
    with _superuser("migrating") as keeper:
        pristine.keep_copies(keeper)
    admin.execute(f"ALTER DATABASE migrating RENAME TO {_TEMPLATE}")


def _restore_instead_of_flushing(name: str) -> None:
    from django.test import TransactionTestCase

    def restore(_test: TransactionTestCase) -> None:
        with _superuser(name) as connection:
            pristine.restore(connection)

    TransactionTestCase._fixture_teardown = restore


def _superuser(name: str) -> psycopg.Connection:
    return psycopg.connect(_url(name), user="postgres", autocommit=True)


def _point_django_to(name: str) -> None:
    from django.db import connection

    connection.close()
    connection.settings_dict |= {"NAME": name, "URL": _url(name)}


def _url(name: str) -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def _remove_place() -> None:
    place = Path(os.environ.pop(_PLACE))
    postgres.leave(place)
    shutil.rmtree(place, ignore_errors=True)
