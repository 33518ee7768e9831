"""What a web page says, for machines, of the video on it: JSON-LD's VideoObject, and OpenGraph."""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from apps.stashbox.choices import Source
from apps.stashbox.schema import AnswerRefused, RemoteScene, plain_json
from apps.stashbox.schema.values import web_address
from apps.stashbox.scrapers import values
from apps.stashbox.scrapers.markup import Page, read_page
from apps.stashbox.scrapers.protocol import Fetch, Read, ScrapeRefused

TYPES = ("text/html", "application/xhtml+xml")
_MOST_VIDEOS = 10
_MOST_NODES = 20_000
_MOST_DEPTH = 20
_MOST_ADDRESS = 500
_VIDEOS = frozenset({"videoobject", "movie", "clip", "episode", "tvepisode", "musicvideoobject"})


class PageScraper:
    """Reads what pages say of themselves."""

    name = "web pages"
    source = Source.PAGE

    def takes(self, url: str) -> bool:
        return bool(web_address(url))

    def of_url(self, url: str, *, fetch: Fetch) -> list[RemoteScene]:
        fetched = fetch(url, types=TYPES)
        address = urldefrag(fetched.url).url
        if len(address) > _MOST_ADDRESS:
            raise ScrapeRefused("The address is too long: give a shorter one of the same page.")
        return scenes_in(fetched.content, address=address)

    def of_path(self, _path: bytes, *, read: Read) -> list[RemoteScene]:  # noqa: ARG002
        return []


def scenes_in(content: bytes, *, address: str) -> list[RemoteScene]:
    """The videos that a page speaks of, the one that it is about first. Raises ScrapeRefused if
    there are none."""
    page = read_page(content)
    open_graph = _open_graph(page, address)
    found = [
        _merged(_video(node, address), open_graph)
        for node in _nodes(page)
        if values.text(node.get("name")) or values.text(node.get("headline"))
    ]
    if not found and open_graph["title"]:
        found = [open_graph]
    if not found:
        raise ScrapeRefused("The page says nothing, for programs to read, of a video on it.")
    # several of one page are told apart by where they stand in it
    return [
        values.scene_of({**raw, "id": address if at == 0 else f"{address}#{at + 1}"})
        for at, raw in enumerate(found[:_MOST_VIDEOS])
    ]


def _nodes(page: Page) -> list[Mapping[str, Any]]:
    """The objects of JSON-LD that are videos; scripts that can't be read are passed over."""
    found: list[Mapping[str, Any]] = []
    for script in page.data:
        with suppress(AnswerRefused):
            found += [node for node in _objects(plain_json(script.strip())) if _is_video(node)]
    return found


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """All objects in it, within bounds, the outer ones first."""
    waiting, seen = deque([(value, 0)]), 0
    while waiting and seen < _MOST_NODES:
        (one, depth), seen = waiting.popleft(), seen + 1
        if isinstance(one, dict):
            yield one
        inside = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        if depth < _MOST_DEPTH and len(waiting) < _MOST_NODES:
            waiting += [(part, depth + 1) for part in inside if isinstance(part, dict | list)]


def _is_video(node: Mapping[str, Any]) -> bool:
    kinds = (values.text(kind) for kind in values.listed(node.get("@type")))
    return any(kind.rpartition("/")[2].lower() in _VIDEOS for kind in kinds)


def _video(node: Mapping[str, Any], address: str) -> dict[str, Any]:
    makers = ("productionCompany", "publisher", "author", "creator", "provider")
    studio = next((name for key in makers for name in _names(node.get(key))), "")
    pictures = [
        *_addresses(node.get("thumbnailUrl")), *_addresses(node.get("thumbnail")),
        *_addresses(node.get("image")),
    ]  # fmt: skip
    return {
        "title": values.text(node.get("name")) or values.text(node.get("headline")),
        "details": values.text(node.get("description")),
        "date": values.day(node.get("datePublished")) or values.day(node.get("uploadDate")),
        "duration_s": values.period(node.get("duration")),
        "director": next(iter(_names(node.get("director"))), ""),
        "studio": values.studio(studio),
        "performers": values.cast([*_names(node.get("actor")), *_names(node.get("actors"))]),
        "tags": values.named(
            word for key in ("keywords", "genre") for word in values.split(node.get(key))
        ),
        "urls": _joined(address, [address, *_addresses(node.get("url"))]),
        "images": [{"url": url} for url in _joined(address, pictures)],
    }  # fmt: skip


def _open_graph(page: Page, address: str) -> dict[str, Any]:
    def said(*names: str) -> list[str]:
        return [one for name in names for one in page.meta.get(name, [])]

    def first(*names: str) -> str:
        return next(iter(said(*names)), "")

    people = said("video:actor", "og:video:actor")
    names = [
        person for person in people if not _is_address(person)
    ]  # most give a profile's address
    released = first("video:release_date", "og:video:release_date", "article:published_time")
    return {
        "title": first("og:title", "twitter:title"),
        "details": first("og:description", "twitter:description", "description"),
        "date": values.day(released),
        "duration_s": values.seconds(first("video:duration", "og:video:duration")),
        "studio": values.studio(first("og:site_name")),
        "performers": values.cast(names),
        "tags": values.named(said("video:tag", "og:video:tag")),
        "urls": _joined(address, [address, first("og:url")]),
        "images": [{"url": url} for url in _joined(address, said("og:image", "twitter:image"))],
    }


def _is_address(text: str) -> bool:
    """Whether it is an address rather than a name."""
    try:
        return bool(urlsplit(text.strip()).scheme)
    except ValueError:
        return True


def _merged(raw: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What one says, and what only the other one does."""
    return {key: value or other.get(key) for key, value in raw.items()}


def _names(value: Any) -> list[str]:
    """Names of people or companies, given as objects or as texts."""
    found = (one.get("name") if isinstance(one, dict) else one for one in values.listed(value))
    return [name for one in found if (name := values.text(one))]


def _addresses(value: Any) -> list[str]:
    """Addresses, given as texts or as objects that have one."""
    found: list[str] = []
    for one in values.listed(value):
        keys = ("contentUrl", "url", "@id")
        told = [one.get(key) for key in keys] if isinstance(one, dict) else [one]
        found += [address for address in told if isinstance(address, str) and address][:1]
    return found


def _joined(base: str, addresses: list[str]) -> list[str]:
    """Whole addresses, each once; what is none is left out."""
    found: dict[str, None] = {}
    for address in addresses[:100]:
        with suppress(ValueError):
            if address and (whole := web_address(urljoin(base, address[:2_000].strip()))):
                found[whole] = None
    return list(found)
