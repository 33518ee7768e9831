"""What becomes of one field: its policy, its lock, and who gave its value, weighed up."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.library.models import Video
from apps.stashbox.choices import FieldPolicy
from apps.stashbox.models import IdentifySettings
from apps.stashbox.services.provenance import is_ordered, is_persons

FIELDS = tuple(IdentifySettings.DEFAULT_POLICIES)
LISTS = ("urls", "tags", "performers")
MOST_URLS = 100
OUTCOMES = (SET, SAME, LOCKED, KEPT, IGNORED, LEFT, UNSAID) = (
    "set", "same", "locked", "kept", "ignored", "left", "unsaid",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What acceptance does with a field: ``outcome`` is one of ``OUTCOMES``. Of one that is
    ``unsaid`` the candidate says nothing, of one that is ``left`` nothing that is known here.

    ``old`` is what the video has, ``new`` what it would have: of what is kept or ignored if a
    person took it on purpose. Of what is locked ``new`` is what the candidate says. Texts, dates as
    ``YYYY-MM-DD``, lists of texts; labels by their names.
    ``names`` are the lists "gone" and "come" (what lists and labels lose and get; of other fields
    old and new), "makes" (labels that would be created) and "left" (that are left out: unknown,
    or of a name that several have).
    """

    field: str
    old: Any
    new: Any
    outcome: str
    names: Mapping[str, list[str]] = dataclasses.field(default_factory=dict)


@dataclass(slots=True)
class State:
    """A video's fields as they are now or come to be; labels by what stands for them."""

    values: dict[str, Any]
    marks: dict[str, Any]
    locked: frozenset[str]

    @classmethod
    def of(cls, video: Video) -> "State":
        values: dict[str, Any] = {
            "title": video.title,
            "details": video.details,
            "date": video.date,
            "urls": list(video.urls),
            "studio": video.studio_id,
            "tags": sorted(video.tag_ids),
            "performers": sorted(video.performer_ids),
        }
        return cls(values, dict(video.provenance), frozenset(video.locked_fields))

    def is_empty(self, name: str) -> bool:
        """A title that nobody gave was made of the file's name."""
        return not self.values[name] or (name == "title" and name not in self.marks)


def settle(
    state: State, name: str, said: Any, *, policy: FieldPolicy, chosen: bool, whole: bool = True
) -> tuple[str, Any]:
    """The outcome, and the value that the field then has.

    ``chosen``: a person takes just this field, so that who gave its value doesn't matter.
    Not ``whole``: not all that was said is known here, so that nothing is taken away for it.
    """
    old = state.values[name]
    if not said or _same(name, old, said):
        return (SAME if said else UNSAID if whole else LEFT), old
    if name in state.locked:
        return LOCKED, old
    if policy == FieldPolicy.IGNORE and not chosen:
        return IGNORED, old
    new = _weighed(state, name, said, _effective(state, name, policy, chosen=chosen, whole=whole))
    if _same(name, old, new):  # a list may hold all of it already
        return (SAME if name in LISTS and set(said) <= set(old) else KEPT), old
    if is_persons(state.marks.get(name)) and not chosen:
        return KEPT, old
    return SET, new


def open_fields(
    state: State, policies: Mapping[str, FieldPolicy], only: Sequence[str] | None
) -> set[str]:
    """Those that may change at all, whatever is said."""
    return {
        name
        for name in (FIELDS if only is None else only)
        if name not in state.locked
        and (only is not None or not is_persons(state.marks.get(name)))
        and (only is not None or policies[name] != FieldPolicy.IGNORE)
        and (only is not None or policies[name] != FieldPolicy.FILL or state.is_empty(name))
    }


def _effective(
    state: State, name: str, policy: FieldPolicy, *, chosen: bool, whole: bool
) -> FieldPolicy:
    """The policy as it stands for this value: less than a replacement takes nothing away."""
    merges = name in LISTS
    if chosen:
        replaces = whole and not (merges and policy == FieldPolicy.MERGE)
        return FieldPolicy.REPLACE if replaces or not merges else FieldPolicy.MERGE
    if policy != FieldPolicy.REPLACE:
        return policy
    if is_ordered(state.marks.get(name)) or not whole:
        return FieldPolicy.MERGE
    return policy


def _weighed(state: State, name: str, said: Any, policy: FieldPolicy) -> Any:
    old = state.values[name]
    if policy == FieldPolicy.REPLACE or state.is_empty(name):
        return said
    if policy == FieldPolicy.MERGE and name in LISTS:
        more = [each for each in said if each not in old]
        return [*old, *more][: max(MOST_URLS, len(old))] if name == "urls" else [*old, *more]
    return old


def _same(name: str, one: Any, other: Any) -> bool:
    if name in ("tags", "performers"):
        return set(one) == set(other)
    return bool(one == other)
