"""What is to be changed, as the API, jobs and rules say it in JSON, and as the service takes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from django.db import connection

from apps.core.errors import MediaHubError
from apps.editing.services.bulk.fields import FIELDS, PERFORMERS, STUDIO, TAGS, VALUES, LinkField
from apps.library.services.videos import check_custom

_MOST_LABELS = 500
_LONGEST = 500


class ChangesRefused(MediaHubError):
    """Changes that make no sense, or name what isn't there; nothing was changed."""

    code = "changes_refused"

    def __init__(self, text: str, *, field: str = "changes") -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class Links:
    """Labels to add and to take away or, in place of both, all that there shall be."""

    add: tuple[int, ...] = ()
    remove: tuple[int, ...] = ()
    exactly: tuple[int, ...] | None = None

    @property
    def named(self) -> tuple[int, ...]:
        """Those that have to be there."""
        return self.add if self.exactly is None else self.exactly


@dataclass(frozen=True, slots=True)
class Replacement:
    """Text that takes the place of other text, wherever it is found in a title.

    As a regular expression of PostgreSQL; then the new text may name groups: ``\\1``.
    """

    find: str
    replace: str = ""
    regex: bool = False
    case: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What every chosen video shall get. ``values`` are columns by the field's name; a studio is
    an id. In ``custom`` only the keys named change, and ``None`` takes a value away."""

    links: Mapping[str, Links] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    title: Replacement | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)
    spares_locked: bool = False  # fields that somebody locked, even if a person asks for it

    @classmethod
    def read(cls, plain: Any) -> Self:
        """From JSON, where every key is a field's name. Raises ChangesRefused.

        That labels and invented fields exist is looked at when the changes are made.
        """
        given = _object(plain, "changes", known=FIELDS)
        if not given:
            raise ChangesRefused("Say what to change.")
        return cls(
            links={
                name: _links(given[name], name) for name in (TAGS.name, PERFORMERS.name)
                if name in given
            },
            values={f.name: _VALUES[f.name](given[f.name]) for f in VALUES if f.name in given},
            title=_replacement(given["title"]) if "title" in given else None,
            custom=_custom(given["custom"]) if "custom" in given else {},
        )  # fmt: skip

    @property
    def fields(self) -> list[str]:
        """The names of what may change."""
        wanted = {*self.links, *self.values}
        wanted |= {"title"} if self.title else set()
        wanted |= {"custom"} if self.custom else set()
        return [name for name in FIELDS if name in wanted]

    def summary(self) -> dict[str, list[Any]]:
        """What the audit says of all rows together: what went, what came."""
        said: dict[str, list[Any]] = {}
        for name, links in self.links.items():
            said[name] = [sorted(links.remove), sorted(links.named)]
        for name, value in self.values.items():
            said[name] = [None, value.isoformat() if isinstance(value, date) else value]
        if self.title:
            said["title"] = [self.title.find, self.title.replace]
        if self.custom:
            said["custom"] = [{}, dict(self.custom)]
        return said

    def check(self) -> None:
        """See that labels and invented fields are there, and keep the labels until the
        transaction ends. Raises ChangesRefused, CustomValueRefused."""
        for name, links in self.links.items():
            label = FIELDS[name]
            assert isinstance(label, LinkField)
            _keep(label.labels, links.named, name)
        if (studio := self.values.get(STUDIO.name)) is not None:
            _keep("library_studio", (studio,), STUDIO.name)
        check_custom(self.custom)


def _keep(table: str, ids: tuple[int, ...], name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {table} WHERE id = ANY (%s) ORDER BY id FOR KEY SHARE",  # noqa: S608
            [sorted(ids)],
        )
        found = {pk for (pk,) in cursor.fetchall()}
    if lacking := sorted(set(ids) - found):
        named = ", ".join(map(str, lacking[:20]))
        raise ChangesRefused(f"There is nothing with the id {named}.", field=name)


def _object(plain: Any, what: str, *, known: Any) -> Mapping[str, Any]:
    if not isinstance(plain, Mapping):
        raise ChangesRefused(f"{what} is an object.", field=what)
    for name in plain:
        if name not in known:
            raise ChangesRefused(
                f"There is no {str(name)[:50]!r} in {what}. Known: {', '.join(known)}.", field=what
            )
    return plain


def _links(plain: Any, name: str) -> Links:
    given = _object(plain, name, known=("add", "remove", "set"))
    ids = {key: _ids(given[key], name) for key in given}
    if not ids or ("set" in ids and len(ids) > 1):
        raise ChangesRefused(f"{name} takes what to add and to remove, or what to set.", field=name)
    add, remove = ids.get("add", ()), ids.get("remove", ())
    if both := set(add) & set(remove):
        raise ChangesRefused(f"{min(both)} can't be added and removed.", field=name)
    return Links(add, remove, ids.get("set"))


def _ids(plain: Any, name: str) -> tuple[int, ...]:
    if not isinstance(plain, list | tuple) or len(plain) > _MOST_LABELS:
        raise ChangesRefused(f"{name} takes lists of at most {_MOST_LABELS} ids.", field=name)
    return tuple(sorted({_id(each, name) for each in plain}))


def _id(plain: Any, name: str) -> int:
    if not isinstance(plain, int) or isinstance(plain, bool) or not 0 < plain < 2**63:
        raise ChangesRefused(f"{str(plain)[:50]!r} is no id.", field=name)
    return plain


def _replacement(plain: Any) -> Replacement:
    given = _object(plain, "title", known=("find", "replace", "regex", "case"))
    find, replace = _text(given.get("find"), "find"), _text(given.get("replace", ""), "replace")
    if not find:
        raise ChangesRefused("Say what to find in titles.", field="title")
    flags = [_flag(given.get(name, False), "title") for name in ("regex", "case")]
    return Replacement(find, replace, *flags)


def _text(plain: Any, name: str) -> str:
    if not isinstance(plain, str) or len(plain) > _LONGEST:
        raise ChangesRefused(f"{name} is a text of at most {_LONGEST} characters.", field="title")
    if "\0" in plain or any("\ud800" <= character <= "\udfff" for character in plain):
        raise ChangesRefused(f"{name} holds characters that no text may have.", field="title")
    return plain


def _custom(plain: Any) -> dict[str, Any]:
    if not isinstance(plain, Mapping) or not plain or len(plain) > _MOST_LABELS:
        raise ChangesRefused("custom is an object of keys and values.", field="custom")
    return dict(plain)


def _studio(plain: Any) -> int | None:
    return None if plain is None else _id(plain, "studio")


def _rating(plain: Any) -> int | None:
    if plain is None:
        return None
    if not isinstance(plain, int) or isinstance(plain, bool) or not 1 <= plain <= 100:
        raise ChangesRefused("A rating is a whole number from 1 to 100.", field="rating")
    return plain


def _date(plain: Any) -> date | None:
    if plain is None or isinstance(plain, date):
        return plain
    try:
        return date.fromisoformat(plain)
    except (TypeError, ValueError):
        text = "A date is written such as 2026-05-17."
        raise ChangesRefused(text, field="date") from None


def _flag(plain: Any, name: str) -> bool:
    if not isinstance(plain, bool):
        raise ChangesRefused(f"{name} is true or false.", field=name)
    return plain


_VALUES: dict[str, Callable[[Any], Any]] = {
    "studio": _studio,
    "rating": _rating,
    "favorite": lambda plain: _flag(plain, "favorite"),
    "organized": lambda plain: _flag(plain, "organized"),
    "date": _date,
}
