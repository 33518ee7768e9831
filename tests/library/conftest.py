"""What the tests of scans share."""

from collections.abc import Iterator

import pytest

from tests.rigs.warm import warm_children


@pytest.fixture(scope="module")
def warm() -> Iterator[None]:
    """Real children that one scan has done with serve the next; for who doesn't look at them."""
    with warm_children():
        yield
