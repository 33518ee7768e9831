"""Reading templates. Pure."""

import difflib
import re
from collections.abc import Collection

from apps.renaming.template import (
    BUILT_IN,
    Group,
    Part,
    Placeholder,
    Template,
    TemplateError,
    climbs,
    flat,
)

LONGEST = 1_000
DIRECTIVES = "YymdbBjV"
_NUMBERED = {"limit", "first", "pad"}
_TEXTED = {"default", "join"}
_BARE = {"lower", "upper", "capitals"}
MODIFIERS = (*sorted(_NUMBERED), *sorted(_TEXTED), *sorted(_BARE))
_SIGNS = re.compile(r"\{\{|\}\}|<<|>>|[{}<>]|[^{}<>]+")


def parse(text: str, *, known: Collection[str] = (), windows: bool = False) -> Template:
    """Read a template; ``known`` names the library's own fields. Raises TemplateError."""
    if len(text) > LONGEST:
        raise TemplateError(f"A template has at most {LONGEST:,} characters", at=LONGEST)
    parts = _Reader(text, {*BUILT_IN, *known}).read()
    _check_folders(text)
    if not any(isinstance(one, Placeholder) for one in flat(parts)):
        raise TemplateError("Without a value such as {title} all files get one name", at=0)
    return Template(text, parts, windows)


class _Reader:
    def __init__(self, text: str, known: Collection[str]) -> None:
        self.text, self.known = text, known
        self.parts: list[Part] = []
        self.group: list[str | Placeholder] | None = None
        self.group_at = 0

    def read(self) -> tuple[Part, ...]:
        at = 0
        while match := _SIGNS.match(self.text, at):
            sign = match.group()
            if sign == "{":
                at = self._placeholder(at)
                continue
            self._take(sign, at)
            at = match.end()
        if self.group is not None:
            raise TemplateError("This < has no >", at=self.group_at)
        return tuple(self.parts)

    def _take(self, sign: str, at: int) -> None:
        match sign:
            case "}":
                raise TemplateError("This } has no {: write }} for the sign itself", at=at)
            case "<":
                if self.group is not None:
                    raise TemplateError("There can't be a < within < and >", at=at)
                self.group, self.group_at = [], at
            case ">":
                self._close_group(at)
            case "{{" | "}}" | "<<" | ">>":
                self._add(sign[0])
            case _:
                self._check_text(sign, at)
                self._add(sign)

    def _add(self, part: str | Placeholder) -> None:
        (self.parts if self.group is None else self.group).append(part)

    def _close_group(self, at: int) -> None:
        if self.group is None:
            raise TemplateError("This > has no <: write >> for the sign itself", at=at)
        if not any(isinstance(part, Placeholder) for part in self.group):
            length = at - self.group_at + 1
            raise TemplateError(
                "There is no value between < and >", at=self.group_at, length=length
            )
        self.parts.append(Group(tuple(self.group)))
        self.group = None

    def _check_text(self, text: str, at: int) -> None:
        for offset, character in enumerate(text):
            if not character.isprintable():
                raise TemplateError("A name can't hold this character", at=at + offset)

    def _placeholder(self, at: int) -> int:
        end = self.text.find("}", at)
        if end < 0:
            raise TemplateError("This { has no }: write {{ for the sign itself", at=at)
        head, *modifiers = self.text[at + 1 : end].split("|")
        name, colon, form = head.partition(":")
        if name not in self.known:
            raise _unknown("There is no value", name, self.known, at=at + 1)
        if colon:
            self._check_form(name, form, at=at + 2 + len(name))
        place, read = at + 1 + len(head), []
        for modifier in modifiers:
            read.append(_modifier(modifier, at=place + 1))
            place += 1 + len(modifier)
        self._add(Placeholder(name, form, tuple(read)))
        return end + 1

    def _check_form(self, name: str, form: str, *, at: int) -> None:
        if name != "date":
            raise TemplateError(f"Only {{date}} has a form, {{{name}}} has none", at=at - 1)
        found = re.findall(r"%(.?)", form)
        if not found:
            raise TemplateError(
                "A date's form is such as %Y or %Y-%m-%d", at=at, length=len(form) or 1
            )
        for letter in found:
            if not letter or letter not in DIRECTIVES:
                place = at + form.find(f"%{letter}")
                known = ", ".join(f"%{one}" for one in DIRECTIVES)
                raise TemplateError(f"There is no %{letter}; there are {known}", at=place, length=2)
        if "/" in form:
            raise TemplateError(
                "A slash parts folders: put it outside of { and }", at=at + form.find("/")
            )


def _modifier(text: str, *, at: int) -> tuple[str, str]:
    name, _, argument = text.partition(" ")
    if name not in MODIFIERS:
        raise _unknown("There is no modifier", name, MODIFIERS, at=at)
    if name in _NUMBERED:
        if not (argument.isascii() and argument.isdigit() and 0 < int(argument[:4]) <= 255):
            raise TemplateError(f"{name} takes a number from 1 to 255", at=at, length=len(text))
    elif name in _TEXTED:
        if not argument:
            raise TemplateError(f"{name} takes a text, after a blank", at=at, length=len(text))
    elif argument:
        raise TemplateError(
            f"{name} takes nothing more", at=at + len(name) + 1, length=len(argument)
        )
    return name, argument


def _unknown(text: str, name: str, known: Collection[str], *, at: int) -> TemplateError:
    near = difflib.get_close_matches(name.lower(), sorted(known), 1, 0.5)
    there = ", ".join(sorted(known))
    said = f"{text} {name!r}" if name else f"{text} without a name"
    return TemplateError(
        f"{said}; there are {there}", at=at, length=max(1, len(name)), suggestion="".join(near)
    )


def _check_folders(text: str) -> None:
    if "//" in text:
        raise TemplateError("A folder needs a name", at=text.index("//") + 1)
    if text.endswith("/"):
        raise TemplateError("After the last folder comes the name of the file", at=len(text) - 1)
    at = 0
    for name in text.split("/"):
        if climbs(name):
            raise TemplateError("Files stay in their library: .. and . are no folders", at=at)
        at += len(name) + 1
