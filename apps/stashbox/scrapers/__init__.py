"""Sources of candidates beside stash-boxes: files beside videos, web pages, and a plug-in's own.

A plug-in is a Django app. It adds its scraper when it is ready::

    from apps.stashbox import scrapers

    class ArchiveConfig(AppConfig):
        def ready(self):
            scrapers.register(ArchiveScraper())

where ``ArchiveScraper`` is a ``protocol.Scraper``. A second one of a name takes the first's place.
"""

from apps.stashbox.scrapers.page import PageScraper
from apps.stashbox.scrapers.protocol import MOST_BYTES, Fetch, Read, Scraper, ScrapeRefused
from apps.stashbox.scrapers.sidecar import SidecarScraper

__all__ = [
    "MOST_BYTES",
    "Fetch",
    "Read",
    "ScrapeRefused",
    "Scraper",
    "all_scrapers",
    "for_url",
    "forget",
    "register",
]

_scrapers: dict[str, Scraper] = {}


def register(scraper: Scraper) -> None:
    """Let a scraper be asked, before those that there are."""
    forget(scraper.name)
    _scrapers[scraper.name] = scraper


def forget(name: str) -> None:
    """Ask a scraper no more; nothing, if there is none of the name."""
    _scrapers.pop(name, None)


def all_scrapers() -> list[Scraper]:
    """The last that was registered first."""
    return list(reversed(_scrapers.values()))


def for_url(url: str) -> Scraper:
    """Raises ScrapeRefused if no scraper reads such addresses."""
    for scraper in all_scrapers():
        if scraper.takes(url):
            return scraper
    raise ScrapeRefused("Nothing here reads such an address: give one of http or https.")


register(PageScraper())
register(SidecarScraper())
