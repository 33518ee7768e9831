"""What candidates would change, in words; nothing is written."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from apps.core.audit import plain
from apps.library.models import Performer, Studio, Tag, Video
from apps.stashbox.models import IdentifySettings, StashMatch
from apps.stashbox.services.apply.candidates import Candidate, read, want
from apps.stashbox.services.apply.fields import (
    FIELDS,
    IGNORED,
    KEPT,
    LISTS,
    SET,
    FieldChange,
    State,
    settle,
)
from apps.stashbox.services.linking import Key, Labels, find

_MODELS: dict[str, type[Tag] | type[Performer] | type[Studio]] = {
    "tags": Tag, "performers": Performer, "studio": Studio,
}  # fmt: skip
_Names = Mapping[str, Mapping[Any, str]]


@dataclass(frozen=True, slots=True)
class _Known:
    settings: IdentifySettings
    labels: Labels
    names: _Names
    chosen: frozenset[str]


def plan(
    matches: Iterable[StashMatch],
    *,
    settings: IdentifySettings,
    fields: Sequence[str] | None = None,
) -> dict[int, list[FieldChange]]:
    """By the candidates' ids what each alone would change of its video, all fields in their order.

    ``fields`` are those that a person takes on purpose. Candidates that can't be read are left
    out. A number of statements that doesn't grow with the candidates.
    """
    candidates = read(matches)
    labels = find(want((each, FIELDS) for each in candidates), settings)
    videos = Video.objects.defer(None).in_bulk([each.match.video_id for each in candidates])
    states = {pk: State.of(video) for pk, video in videos.items()}
    known = _Known(settings, labels, _names(states.values(), labels), frozenset(fields or ()))
    return {
        each.match.pk: [_change(each, name, states[each.match.video_id], known) for name in FIELDS]
        for each in candidates
        if each.match.video_id in states
    }


def _change(candidate: Candidate, name: str, state: State, known: _Known) -> FieldChange:
    labels, names = known.labels, known.names
    said, left = candidate.said(name, labels)
    old = state.values[name]
    weigh = partial(settle, state, name, said, policy=known.settings.policy(name), whole=not left)
    outcome, new = weigh(chosen=name in known.chosen)
    if outcome in (KEPT, IGNORED):  # what a person would get who takes it
        _, new = weigh(chosen=True)
    elif outcome != SET:
        new = said or old
    one, other = _words(name, old, names), _words(name, new, names)
    makes = [each for each in _listed(new) if isinstance(each, Key)]
    return FieldChange(
        field=name, old=_shown(name, one), new=_shown(name, other), outcome=outcome,
        names={
            "gone": [each for each in one if each not in other],
            "come": [each for each in other if each not in one],
            "makes": _words(name, makes, names),
            "left": [labels[key].name for key in left],
        },
    )  # fmt: skip


def _names(states: Iterable[State], labels: Labels) -> _Names:
    """What labels are called, those that the videos have and those that they would get."""
    ids: dict[str, set[Any]] = defaultdict(set)
    for state in states:
        for name in _MODELS:
            ids[name] |= set(_listed(state.values[name]))
    for key, label in labels.items():
        if label.pk:
            ids["studio" if key.kind == "studio" else f"{key.kind.value}s"].add(label.pk)
    names: dict[str, dict[Any, str]] = {}
    for name, model in _MODELS.items():
        rows = model._default_manager.in_bulk(ids[name]) if ids[name] else {}
        names[name] = {pk: str(row) for pk, row in rows.items()}
        names[name] |= {key: label.name for key, label in labels.items()}
    return names


def _listed(value: Any) -> list[Any]:
    if value in (None, ""):
        return []
    return value if isinstance(value, list) else [value]


def _words(name: str, value: Any, names: _Names) -> list[str]:
    if name in names:
        return [names[name].get(each, f"#{each}") for each in _listed(value)]
    return [str(plain(each)) for each in _listed(value)]


def _shown(name: str, words: list[str]) -> Any:
    if name in LISTS:
        return words
    return words[0] if words else None if name in ("date", "studio") else ""
