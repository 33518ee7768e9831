"""Conditions on texts: bare words, titles and paths."""

import re
from unicodedata import combining, normalize

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Lower

from apps.library.search.field import NOTHING, Field, Scope, is_word
from apps.library.search.filed import filed_under
from apps.library.search.names import STAR, Part
from apps.query import Range, Word
from apps.query import Value as Given

_SIGNS = re.compile(r"[\x00-\x2f:-@\[-`{-\x7f]+")
_SHORT = 2


class Like(Func):
    """Whether a text is LIKE a pattern, put together of pieces."""

    template = "%(expressions)s"
    arg_joiner = " LIKE "
    output_field = models.BooleanField()
    conditional = True


class ILike(Like):
    """Whether it is in any case."""

    arg_joiner = " ILIKE "


class _Joined(Func):
    """Texts one after another, by an operator that knows no null."""

    template = "(%(expressions)s)"
    arg_joiner = " || "
    output_field = models.TextField()


def constant(value: str) -> Value:
    """A text as a parameter."""
    return Value(value, output_field=models.TextField())


def _folded(text: str) -> Func:
    """As haystacks have it, with a blank on both sides."""
    return Func(constant(text), function="library_fold", output_field=models.TextField())


def _core(text: str) -> Func:
    return Func(_folded(text), function="btrim", output_field=models.TextField())


def holds(text: str, *, starts: bool = False) -> Q:
    """Videos whose title or path holds the text; with ``starts``, where a word starts."""
    begin = constant("% " if starts else "%")
    return Q(Like(F("haystack"), _Joined(begin, _core(text), constant("%"))))


def part_of(word: Word) -> Part:
    """How a bare word is looked for.

    One or two letters are in nearly every text, and no trigram: they count at the start of a word.
    """
    letters = (one for one in normalize("NFKD", word.text) if not combining(one))
    bare = _SIGNS.sub(" ", "".join(letters)).strip()
    return Part(word.text, starts=not word.quoted and bare.isascii() and 0 < len(bare) <= _SHORT)


def match_word(word: Word, scope: Scope) -> Q:
    """Videos whose title, path, tags, performers or studio hold a word or phrase."""
    part = part_of(word)
    found = holds(part.text, starts=part.starts)
    ids = scope.names.containing[part]
    for model in ids:
        found |= filed_under(model, ids[model])
    return found


class TitleField(Field):
    """The title: ``:`` contains, ``=`` equals, with ``*`` the whole title is matched."""

    def match(self, value: Given | Range, operator: str, scope: Scope) -> Q:
        if is_word(value, "none"):
            return Q(title="")
        if is_word(value, "any"):
            return ~Q(title="")
        text = value.text.replace("*", STAR)
        if operator == ":" and STAR not in text:
            title = Func(
                F("haystack"), constant("|"), Value(1), function="split_part",
                output_field=models.TextField(),
            )  # fmt: skip
            within = Like(title, _Joined(constant("%"), _core(text), constant("%")))
            return holds(text) & Q(within)
        glob = Func(
            _folded(text), constant(STAR), constant("%"), function="replace",
            output_field=models.TextField(),
        )  # fmt: skip
        # The longest piece tells the planner, and its index, what the whole pattern doesn't.
        piece = max(text.split(STAR), key=len)
        return holds(piece) & Q(Like(F("haystack"), _Joined(glob, constant("|%"))))


class PathField(Field):
    """The path, in any case: a part of it, or from its beginning if it begins with ``/``."""

    def match(self, value: Given | Range, operator: str, scope: Scope) -> Q:
        if is_word(value, "any") or is_word(value, "none"):
            return Q(path="") if is_word(value, "none") else ~Q(path="")
        text = value.text
        if text.startswith("/"):
            return self._absolute(text, operator, scope)
        if "*" in text or operator == "=":
            return _path_like(text)
        return _path_like(f"*{text}*")

    def _absolute(self, text: str, operator: str, scope: Scope) -> Q:
        whole = operator == "=" or "*" in text
        if not whole and not text.endswith("/"):
            # a folder and what is in it, or a file; not what merely begins alike
            return self._absolute(f"{text}/", operator, scope) | self._absolute(text, "=", scope)
        pattern = text if whole else f"{text}*"
        found = NOTHING
        for pk, _name, root in scope.names.libraries:
            found |= Q(library=pk) & self._below(root.rstrip("/") + "/", pattern)
        return found

    def _below(self, root: str, pattern: str) -> Q:
        """What of a library a pattern of absolute paths takes in."""
        fixed = pattern.partition("*")[0]
        if pattern.lower().startswith(root.lower()):
            return _path_like(pattern[len(root) :])
        if len(fixed) < len(root) and root.lower().startswith(fixed.lower()) and "*" in pattern:
            # The star may end anywhere in the path: the whole of it is compared.
            return Q(ILike(_Joined(constant(root), F("path")), constant(escaped(pattern))))
        return NOTHING


def _path_like(pattern: str) -> Q:
    """Relative paths that match in any case, found by how they begin or by the longest piece."""
    matches = Q(Like(Lower(F("path")), Lower(constant(escaped(pattern)))))
    pieces = pattern.split("*")
    longest = max(pieces, key=len)
    return matches if longest == pieces[0] else holds(longest) & matches


def escaped(pattern: str) -> str:
    """As LIKE takes it, from a pattern with ``*`` for anything."""
    return re.sub(r"([\\%_])", r"\\\1", pattern).replace("*", "%")
