"""The few elements of a page that tell about it: its ``meta`` and its scripts of JSON-LD.

The standard library's parser takes a time that grows with the square of what an unfinished tag or
comment leaves open. So tags are cut out first, by expressions whose steps are bounded, and it is
given one whole tag at a time.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_MOST_TAGS = 3_000
_MOST_LETTERS = 20_000  # of one tag
_OPENING = re.compile(
    r"<(?:!--|(?:meta|link|script|style|title)(?=[\s/>]))", re.ASCII | re.IGNORECASE
)
# possessive: no letter is looked at twice
_TAG = re.compile(
    r"<[a-zA-Z]++(?:[^\"'<>]|\"[^\"]{0,20000}+\"|'[^']{0,20000}+'){0,20000}+>", re.ASCII
)
_CLOSING = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.ASCII | re.IGNORECASE)
    for name in ("script", "style", "title")
}
_CHARSET = re.compile(rb"charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)


@dataclass
class Page:
    """What a page says of itself. ``meta`` maps names and properties, in small letters, to their
    contents in order; ``data`` are the texts of its scripts of JSON-LD."""

    meta: dict[str, list[str]] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)


def read_page(content: bytes) -> Page:
    """Whatever can be read; nothing that is wrong in a page is an error."""
    text = _decoded(content)
    page, at = Page(), 0
    for _ in range(_MOST_TAGS):
        opening = _OPENING.search(text, at)
        if opening is None:
            break
        at = _take(page, text, opening)
        if at < 0:
            break
    return page


def _take(page: Page, text: str, opening: re.Match[str]) -> int:
    """Read what begins there; where to go on, or -1 if it never ends."""
    if opening[0] == "<!--":
        return _after(text.find("-->", opening.end()))
    tag = _TAG.match(text, opening.start(), opening.start() + _MOST_LETTERS)
    if tag is None:
        return opening.end()
    name, attributes = _attributes(tag[0])
    if name == "meta":
        _keep_meta(page, attributes)
    if name not in _CLOSING:
        return tag.end()
    closing = _CLOSING[name].search(text, tag.end())
    if closing is None:
        return -1
    if name == "script" and "ld+json" in attributes.get("type", "").lower():
        page.data.append(text[tag.end() : closing.start()])
    return closing.end()


def _after(found: int) -> int:
    return found + 3 if found >= 0 else -1


def _keep_meta(page: Page, attributes: dict[str, str]) -> None:
    name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
    if name and attributes.get("content"):
        page.meta.setdefault(name.strip().lower(), []).append(attributes["content"])


class _OneTag(HTMLParser):
    """Takes one tag apart; also decodes entities in its attributes."""

    name = ""
    attributes: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.name = tag
        self.attributes = {key: value or "" for key, value in reversed(attrs)}


def _attributes(tag: str) -> tuple[str, dict[str, str]]:
    parser = _OneTag()
    parser.feed(tag)
    return parser.name, parser.attributes


def _decoded(content: bytes) -> str:
    """As the page says, else as UTF-8."""
    said = _CHARSET.search(content[:2_048])
    for name in (said[1].decode("ascii") if said else "utf-8", "utf-8"):
        try:
            return content.decode(name, "replace")
        except (LookupError, ValueError, TypeError):
            continue
    return ""
