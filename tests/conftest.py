"""Fixtures that every test may use."""

from tests.postgres_plugin import django_db_setup  # noqa: F401 - in place of pytest-django's
