"""Fixtures of the tests of stash-boxes."""

from collections.abc import Iterator

import pytest

from apps.stashbox.models import StashBox
from tests.stashbox.standin import KEY, Data, StandIn, serve


@pytest.fixture
def standin() -> Iterator[StandIn]:
    """A stand-in that knows nothing yet. The test fails if it was asked what is deprecated."""
    with serve(Data()) as running:
        yield running
    running.check()


@pytest.fixture
def box(db: None, standin: StandIn) -> StashBox:
    """The stand-in, as a box that may be given to and is asked as fast as may be."""
    from apps.core.sealing import seal

    return StashBox.objects.create(
        name="Stand-in", url=standin.url, sealed_key=seal(KEY), requests_per_minute=6_000,
        may_submit=True, allow_private=True,
    )  # fmt: skip
