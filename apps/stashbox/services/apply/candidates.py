"""What candidates say of the fields of their videos."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from apps.stashbox.models import StashMatch
from apps.stashbox.schema import AnswerRefused, RemoteScene, read_scene
from apps.stashbox.services.linking import Key, Labels, Wanted, key_of
from apps.stashbox.services.newcomers import Remote, day_of

_LABELS = ("studio", "tags", "performers")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate, read."""

    match: StashMatch
    scene: RemoteScene

    def remotes(self, name: str) -> tuple[Remote, ...]:
        """The labels or people of a field."""
        match name:
            case "studio":
                return (self.scene.studio,) if self.scene.studio else ()
            case "tags":
                return self.scene.tags
            case "performers":
                return tuple(each.performer for each in self.scene.performers)
            case _:
                return ()

    def said(self, name: str, labels: Labels) -> tuple[Any, list[Key]]:
        """The value of a field, of labels their ids or what stands for those that would be made;
        and the labels that are left out."""
        if name not in _LABELS:
            return self._plain(name), []
        keys = [key_of(self.match.box_id, each) for each in self.remotes(name)]
        keys = list(dict.fromkeys(keys))
        here = {key: labels[key] for key in keys if key in labels}
        left = [key for key in keys if key not in here or not (here[key].pk or here[key].makes)]
        known = [here[key].pk or key for key in keys if key not in left]
        found = list(dict.fromkeys(known))
        return (found[0] if found else None) if name == "studio" else found, left

    def _plain(self, name: str) -> Any:
        match name:
            case "date":
                return day_of(self.scene.date)
            case "urls":
                return list(self.scene.urls)
            case _:
                return getattr(self.scene, name)


def read(matches: Iterable[StashMatch]) -> list[Candidate]:
    """Those whose payload can be read; others are left out."""
    found = []
    for match in matches:
        try:
            found.append(Candidate(match, read_scene(match.payload)))
        except AnswerRefused:
            continue
    return found


def want(candidates: Iterable[tuple[Candidate, Iterable[str]]]) -> Wanted:
    """The labels of some fields of candidates."""
    wanted = Wanted()
    for candidate, names in candidates:
        for name in names:
            for remote in candidate.remotes(name):
                wanted.add(candidate.match.box_id, remote, candidate.match.source)
    return wanted
