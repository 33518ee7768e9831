"""What a scraper is: an address or a path in, what is said there about a video out."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from apps.core.errors import MediaHubError
from apps.core.outgoing import Fetched
from apps.stashbox.choices import Source
from apps.stashbox.schema import RemoteScene

MOST_BYTES = 5_000_000  # of a page, or of a file beside a video


class ScrapeRefused(MediaHubError):
    """What was found can't be read, or not safely; nothing of it was used."""

    code = "scrape_refused"


class Fetch(Protocol):
    """Gets a page or a document, from public addresses only. Raises OutgoingError."""

    def __call__(self, url: str, *, types: Sequence[str] | None = None) -> Fetched:
        """At most ``MOST_BYTES`` of one of the media ``types``."""


class Read(Protocol):
    """Reads files beside a video."""

    def __call__(self, names: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """What is in those that there are, at most ``MOST_BYTES`` each. Raises ScrapeRefused."""


class Scraper(Protocol):
    """A source of candidates. It touches neither network nor disk but by what it is given.

    What it answers is bounded and cleaned before anything is done with it, gets its score as any
    candidate does, and is never applied unasked.
    """

    name: str  # for people
    source: Source

    def takes(self, url: str) -> bool:
        """Whether the address is one of those that it reads. The first scraper that says so is
        asked, those of plug-ins before our own."""

    def of_url(self, url: str, *, fetch: Fetch) -> list[RemoteScene]:
        """What is said there; ``id`` is the address. Raises ScrapeRefused, OutgoingError."""

    def of_path(self, path: bytes, *, read: Read) -> list[RemoteScene]:
        """What is said of the video at a path below its library's root; ``id`` says where, and is
        the same each time. Raises ScrapeRefused."""
