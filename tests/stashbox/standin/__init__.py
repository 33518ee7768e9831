"""A stash-box that isn't one: the real protocol over real HTTP, with data of its own.

``serve`` starts it in a thread; ``StandIn`` is what tests hold. ``settings`` has what may go wrong.
"""

from tests.stashbox.standin.data import Data
from tests.stashbox.standin.invented import Known, invent
from tests.stashbox.standin.server import serve
from tests.stashbox.standin.settings import KEY, NOBODY, READER, Settings, Trouble
from tests.stashbox.standin.state import DeprecatedAsked, Received, StandIn

__all__ = [
    "KEY", "NOBODY", "READER", "Data", "DeprecatedAsked", "Known", "Received", "Settings",
    "StandIn", "Trouble", "invent", "serve",
]  # fmt: skip
