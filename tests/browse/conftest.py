"""People who look for videos."""

from tests.admin.conftest import as_role, boss

__all__ = ["as_role", "boss"]
