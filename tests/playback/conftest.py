"""Clients of the API and of the admin for people in roles."""

from tests.api.conftest import as_role

__all__ = ["as_role"]
