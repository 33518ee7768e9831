"""A stand-in that runs: what it was asked, what it was given, what will go wrong next."""

from collections import deque
from dataclasses import dataclass, field

from tests.stashbox.standin.data import Data, Entity
from tests.stashbox.standin.schema import build_schema
from tests.stashbox.standin.settings import Settings, Trouble
from tests.stashbox.standin.visit import Draft

_WINDOW_S = 60.0


@dataclass(slots=True)
class Received:
    """A request for GraphQL. ``at`` is ``time.monotonic()``, ``root`` the first field that was
    asked of the query, ``scenes`` how many were looked up.

    ``sent_bytes`` counts what was handed to the network of a large answer.
    """

    at: float
    operation: str = ""
    root: str = ""
    key: str = ""
    user_agent: str = ""
    scenes: int = 0
    variables: Entity = field(default_factory=dict)
    deprecated: frozenset[str] = frozenset()
    status: int = 0
    sent_bytes: int = 0


class DeprecatedAsked(AssertionError):
    """Somebody asked a field that is deprecated."""


class StandIn:
    """A stash-box that answers at ``url`` and remembers what it was asked and given.

    ``trouble`` is taken by one request each, the first first.
    """

    def __init__(self, data: Data, settings: Settings) -> None:
        self.data = data
        self.settings = settings
        self.base_url = ""
        self.requests: list[Received] = []
        self.trouble: deque[Trouble] = deque()
        self.submissions: list[Entity] = []
        self.drafts: list[Draft] = []
        self.schema = build_schema()
        self._taken: deque[float] = deque()

    @property
    def url(self) -> str:
        """Of its GraphQL."""
        return f"{self.base_url}/graphql"

    def asked(self, name: str) -> list[Received]:
        """The requests of one operation, by its field's name."""
        return [each for each in self.requests if each.root == name]

    def most_within(self, seconds: float) -> int:
        """The most requests that came within any such time."""
        times = [each.at for each in self.requests]
        most = start = 0
        for end, at in enumerate(times):
            while at - times[start] >= seconds:
                start += 1
            most = max(most, end - start + 1)
        return most

    def check(self) -> None:
        """Raises DeprecatedAsked if anybody has asked what is deprecated."""
        gone = sorted({name for each in self.requests for name in each.deprecated})
        if gone:
            message = f"Deprecated, but asked: {', '.join(gone)}."
            raise DeprecatedAsked(message)

    def too_many(self, now: float) -> bool:
        """Whether a request more would be above ``per_minute``. If it isn't, it is counted."""
        if self.settings.per_minute is None:
            return False
        while self._taken and now - self._taken[0] >= _WINDOW_S:
            self._taken.popleft()
        if len(self._taken) >= self.settings.per_minute:
            return True
        self._taken.append(now)
        return False
