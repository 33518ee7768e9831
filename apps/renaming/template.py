"""The language of templates for file names. Pure: text and values in, a relative path out.

``{title}`` stands for a value, ``{date:%Y}`` for a part of a date. After bars come modifiers:
``{performers|first 3|join  & }``, ``{title|limit 60}``, ``{studio|default No studio}``, ``lower``,
``upper``, ``capitals``, ``pad 4``. What stands between ``<`` and ``>`` is left out when a value
in it is empty. A slash parts folders, which begin at the library's root; without one the file stays
in its folder. ``{{``, ``}}``, ``<<`` and ``>>`` are the signs themselves. The file keeps its
extension. ``reading.parse`` reads templates.
"""

import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from apps.core.errors import MediaHubError
from apps.renaming.names import file_name, legal_name

Value = str | int | date | Sequence[str] | None
BUILT_IN: Mapping[str, str] = {
    "title": "the title",
    "studio": "the studio",
    "performers": "the performers, with commas between",
    "tags": "the tags, with commas between",
    "date": "the date; {date:%Y} is its year",
    "rating": "the rating, 1 to 100",
    "resolution": "such as 1080p",
    "width": "of the picture",
    "height": "of the picture",
    "codec": "of the picture, such as h264",
    "library": "the library's name",
    "id": "the video's number",
    "oshash": "the file's oshash",
    "original": "the name that the file has, without extension",
    "folder": "the folder that the file is in",
    "ext": "the file's extension",
}


class TemplateError(MediaHubError):
    """A template that can't be read; says where, what was expected and perhaps what was meant."""

    code = "template_invalid"
    field = "template"

    def __init__(self, text: str, *, at: int, length: int = 1, suggestion: str = "") -> None:
        hint = f" Did you mean {suggestion}?" if suggestion else ""
        super().__init__(f"{text} (at character {at + 1}).{hint}")
        self.position, self.length, self.suggestion = at, length, suggestion


class NoName(MediaHubError):
    """Nothing is left of a name, or a path is too long; the file keeps the one that it has."""

    code = "no_name"


@dataclass(frozen=True, slots=True)
class Placeholder:
    name: str
    form: str = ""
    modifiers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Left out when a value in it is empty."""

    parts: "tuple[str | Placeholder, ...]"


Part = str | Placeholder | Group


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read."""

    text: str
    parts: tuple[Part, ...]
    windows: bool = False

    @property
    def names(self) -> set[str]:
        """The values that it needs."""
        return {one.name for one in flat(self.parts) if isinstance(one, Placeholder)}

    @property
    def has_folders(self) -> bool:
        """Whether it says where the file goes, and not only what it is called."""
        return "folder" in self.names or any(
            isinstance(one, str) and "/" in one for one in flat(self.parts)
        )

    @property
    def _begins_with_a_folder(self) -> bool:
        """Whether a slash in front is the root, and not a first folder without a name."""
        first = self.parts[0] if self.parts else ""
        of_folder = isinstance(first, Placeholder) and first.name == "folder"
        return of_folder or self.text.startswith("/") or not self.has_folders

    def path(self, values: Mapping[str, Value]) -> str:
        """The path below the library's root that a file gets. Raises NoName."""
        text = "".join(_filled(part, values) for part in self.parts)
        if not self.has_folders:
            text = f"{values.get('folder') or ''}/{text}"
        if self.text.startswith("/") or not values.get("folder"):
            text = text.removeprefix("/") if self._begins_with_a_folder else text
        *folders, stem = text.split("/")
        kept = str(values.get("folder") or "").split("/")
        names = [self._folder(name, at, kept) for at, name in enumerate(folders)]
        extension = str(values.get("ext") or "")
        stem = stem.removesuffix(f".{extension}") if extension else stem
        name = file_name(stem, extension, windows=self.windows)
        if not name:
            raise NoName("Nothing is left to call the file by: give a value a |default.")
        return "/".join([*names, name])

    def _folder(self, name: str, at: int, kept: Sequence[str]) -> str:
        """A folder that is there already is taken as it is."""
        if name and at < len(kept) and name == kept[at] and not climbs(name):
            return name
        legal = legal_name(name, windows=self.windows)
        if not legal:
            raise NoName("A folder would have no name: give its value a |default.")
        return legal


def climbs(name: str) -> bool:
    return name in {".", ".."}


def flat(parts: Sequence[Part]) -> Iterator[str | Placeholder]:
    for part in parts:
        if isinstance(part, Group):
            yield from part.parts
        else:
            yield part


def _filled(part: Part, values: Mapping[str, Value]) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, Placeholder):
        return _value(part, values)
    filled = [(one, _filled(one, values)) for one in part.parts]
    lacks = any(isinstance(one, Placeholder) and not text for one, text in filled)
    return "" if lacks else "".join(text for _one, text in filled)


def _value(wanted: Placeholder, values: Mapping[str, Value]) -> str:
    value = values.get(wanted.name)
    if isinstance(value, date):
        text = value.strftime(wanted.form or "%Y-%m-%d")
    elif isinstance(value, str | int):
        text = str(value)
    else:
        text = _listed(wanted, value or ())
    for name, argument in wanted.modifiers:
        modified = _MODIFIED.get(name)
        text = modified(text, argument) if modified else text
    # a folder's own slashes part folders, another value's don't
    return text if wanted.name == "folder" else text.replace("/", "-")


def _listed(wanted: Placeholder, items: Sequence[str]) -> str:
    separator = ", "
    for name, argument in wanted.modifiers:
        if name == "first":
            items = items[: int(argument)]
        elif name == "join":
            separator = argument
    return separator.join(items)


_MODIFIED: Mapping[str, Callable[[str, str], str]] = {
    "limit": lambda text, most: text[: int(most)].rstrip(),
    "pad": lambda text, length: text.zfill(int(length)) if text else text,
    "default": lambda text, other: text.strip() or other,
    "lower": lambda text, _: text.lower(),
    "upper": lambda text, _: text.upper(),
    "capitals": lambda text, _: string.capwords(text, " "),
}
