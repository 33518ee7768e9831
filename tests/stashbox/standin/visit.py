"""One request: who asks, of what, and where what they give is kept."""

from dataclasses import dataclass

from tests.stashbox.standin.data import Data, Entity
from tests.stashbox.standin.settings import Settings


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to be added. ``fields`` are without the image, which is beside them."""

    id: str
    kind: str
    fields: Entity
    image: Upload | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """The context of all that answers a request."""

    data: Data
    settings: Settings
    roles: frozenset[str]
    base_url: str
    submissions: list[Entity]
    drafts: list[Draft]
