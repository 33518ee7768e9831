"""What stands about a video in files beside it: ``.nfo`` of media centres, ``.json`` of yt-dlp.

A file belongs to ``clip.mp4`` if it is called ``clip.nfo``, ``clip.info.json``, ``clip.json`` or
``clip.mp4.json``.
"""

from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from apps.stashbox.choices import Source
from apps.stashbox.schema import AnswerRefused, RemoteScene, plain_json
from apps.stashbox.scrapers import values
from apps.stashbox.scrapers.protocol import Fetch, Read, ScrapeRefused

_MOST_XML_BYTES = 1_000_000
_ROOTS = frozenset({"movie", "episodedetails", "musicvideo", "video"})
_MOST_ELEMENTS = 5_000


class SidecarScraper:
    """Reads files beside videos."""

    name = "files beside videos"
    source = Source.SIDECAR

    def takes(self, _url: str) -> bool:
        return False

    def of_url(self, _url: str, *, fetch: Fetch) -> list[RemoteScene]:  # noqa: ARG002
        raise ScrapeRefused("These are files, which have no address in the web.")

    def of_path(self, path: bytes, *, read: Read) -> list[RemoteScene]:
        found = read(names_beside(path))
        scenes = (scene_in(name, content) for name, content in found.items())
        return [scene for scene in scenes if scene]


def names_beside(path: bytes) -> list[bytes]:
    """The names that a file about the video may have, the most telling first."""
    name = path.rpartition(b"/")[2]
    stem = name.rpartition(b".")[0] or name
    return [stem + b".nfo", stem + b".info.json", stem + b".json", name + b".json"]


def scene_in(name: bytes, content: bytes) -> RemoteScene | None:
    """What a file says; nothing if it is about something else. Raises ScrapeRefused."""
    address = name.decode("utf-8", "backslashreplace")
    try:
        raw = _nfo(content) if name.lower().endswith(b".nfo") else _download(content)
        return values.scene_of({**raw, "id": address}) if raw else None
    except ScrapeRefused as error:
        raise ScrapeRefused(f"{address}: {error}") from error


def _nfo(content: bytes) -> dict[str, Any]:
    """As Kodi, Jellyfin and others write it; some add an address after the XML."""
    body = content.strip()
    if not body.removeprefix(b"\xef\xbb\xbf").startswith(b"<"):
        return {}  # a description for people, as older groups drew it
    if len(body) > _MOST_XML_BYTES:
        raise ScrapeRefused("The file is larger than any such file should be.")
    root = _xml(body[: body.rfind(b">") + 1])
    if root.tag not in _ROOTS:
        return {}
    said = _Said(root)
    return {
        "title": said.first("title", "originaltitle"),
        "details": said.first("plot", "outline"),
        "date": values.day(said.first("premiered", "releasedate", "aired", "year")),
        "director": said.first("director"),
        "duration_s": values.seconds(said.at("fileinfo/streamdetails/video/durationinseconds")),
        "studio": values.studio(said.first("studio")),
        "performers": values.cast(said.all_of("actor", "name")),
        "tags": values.named([*said.all_of("tag"), *said.all_of("genre")]),
        "urls": said.all_of("url"),
        "images": [{"url": url.strip()} for url in said.all_of("thumb")],
    }


def _xml(body: bytes) -> Element:
    """Raises ScrapeRefused; of entities and of what is fetched from elsewhere nothing is read."""
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        raise ScrapeRefused(
            "Its XML defines entities or types, which isn't safe to read."
        ) from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise ScrapeRefused("It is no XML that could be read.") from error
    return root


class _Said:
    """The texts of an element's children, by their names."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._children = root[:_MOST_ELEMENTS]

    def all_of(self, name: str, below: str = "") -> list[str]:
        found = (
            child.findtext(below) if below else child.text
            for child in self._children
            if child.tag == name
        )
        return [one for one in found if one and one.strip()]

    def first(self, *names: str) -> str:
        return next((text for name in names for text in self.all_of(name)), "")

    def at(self, path: str) -> str:
        return self._root.findtext(path) or ""


def _download(content: bytes) -> dict[str, Any]:
    """As yt-dlp writes it with ``--write-info-json``."""
    try:
        said = plain_json(content)
    except AnswerRefused as error:
        raise ScrapeRefused("It is no JSON that could be read, or is nested too deep.") from error
    if not isinstance(said, dict) or not _is_download(said):
        return {}
    pictures = [said.get("thumbnail")]
    pictures += [
        one.get("url") for one in values.listed(said.get("thumbnails")) if isinstance(one, dict)
    ]
    return {
        "title": _first(said, "title", "fulltitle", "alt_title"),
        "details": _first(said, "description"),
        "date": values.day(_first(said, "release_date", "upload_date", "release_year")),
        "duration_s": values.seconds(said.get("duration")),
        "studio": values.studio(_first(said, "channel", "uploader", "creator")),
        "performers": values.cast(values.split(said.get("cast"))),
        "tags": values.named(
            [*values.split(said.get("tags")), *values.split(said.get("categories"))]
        ),
        "urls": [_first(said, "webpage_url", "original_url")],
        "images": [{"url": url} for url in pictures if isinstance(url, str)],
    }


def _is_download(said: dict[str, Any]) -> bool:
    """Whether it speaks of a video: other programs write ``.json`` files as well."""
    told = {"webpage_url", "original_url", "extractor", "upload_date", "description", "duration"}
    is_video = said.get("_type") in (None, "", "video")  # else a list of some
    return is_video and bool(values.text(said.get("title"))) and bool(told & said.keys())


def _first(said: dict[str, Any], *keys: str) -> str:
    return next((found for key in keys if (found := values.text(said.get(key)))), "")
