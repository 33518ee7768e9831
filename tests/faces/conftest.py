"""What every test of faces starts from."""

import pytest

from apps.faces.services import naming


@pytest.fixture(autouse=True)
def _nobody_is_known() -> None:
    """Whom a test before has made the process know isn't there any more."""
    naming.forget()
