"""Clients of the API and of the admin for people in roles."""

from tests.api.conftest import api, as_role

__all__ = ["api", "as_role"]
