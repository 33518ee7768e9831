"""The description of the API is complete, and changes only on purpose.

``UPDATE_GOLDEN=1 pytest tests/api/test_schema.py`` writes the description anew.
"""

import difflib
import os
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

from tests.client import Api

GOLDEN = Path(__file__).parent.parent / "golden" / "openapi.yml"


def test_description_is_the_one_in_the_repository(tmp_path: Path) -> None:
    made = tmp_path / "openapi.yml"

    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--api-version", "v1", "--file", str(made)
    )

    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_bytes(made.read_bytes())
    before, after = GOLDEN.read_text().splitlines(), made.read_text().splitlines()
    assert "\n".join(difflib.unified_diff(before, after, "golden", "now", lineterm="")) == ""


def test_description_is_served(api: Api) -> None:
    response = api.get("schema/")

    assert response.status_code == 200
    assert yaml.safe_load(response.content)["info"]["title"] == "MediaHub"


def test_documentation_loads_nothing_from_elsewhere(api: Api) -> None:
    page = api.get("docs/").content.decode()

    assert "swagger-ui" in page
    assert "https://" not in page
    assert "http://" not in page


@pytest.mark.parametrize("path", ["schema/", "docs/"])
def test_description_is_not_for_the_anonymous(db: None, path: str) -> None:
    assert Api().get(path).status_code == 401
