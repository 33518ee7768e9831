"""What candidates name, and what that is here."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from apps.library.models import Performer, Studio, Tag
from apps.stashbox.choices import Kind, Source
from apps.stashbox.models import MOST_ID
from apps.stashbox.schema import RemotePerformer, RemoteStudio, RemoteTag
from apps.stashbox.services.merged import survivor

Remote = RemotePerformer | RemoteStudio | RemoteTag
# in the order in which they are locked
MODELS: dict[Kind, type[Tag] | type[Performer] | type[Studio]] = {
    Kind.TAG: Tag, Kind.PERFORMER: Performer, Kind.STUDIO: Studio,
}  # fmt: skip


class Key(NamedTuple):
    """Stands for a remote thing: its surviving id or, where its source gives none, its name."""

    kind: Kind
    box_id: int  # 0: none
    remote_id: str


@dataclass(frozen=True, slots=True)
class Label:
    """A remote thing here. Without ``pk`` it would be made or, if not even that, is left out."""

    name: str
    pk: int | None = None
    makes: bool = False


Labels = dict[Key, Label]


@dataclass(slots=True)
class Wanted:
    """The remote things of some candidates, studios with those that they belong to.

    ``moves`` are ids that were merged: box, the one that is gone, the one that survives.
    """

    remotes: dict[Key, Remote] = field(default_factory=dict)
    sources: dict[Key, str] = field(default_factory=dict)
    moves: dict[Kind, set[tuple[int, str, str]]] = field(default_factory=lambda: defaultdict(set))

    def add(self, box_id: int | None, remote: Remote, source: str = Source.FINGERPRINT) -> Key:
        """Returns what stands for it."""
        key = key_of(box_id, remote)
        known = self.remotes.get(key)
        if known is None or (is_gone(known) and not is_gone(remote)):
            self.remotes[key], self.sources[key] = remote, source
        if key.box_id and remote.id != key.remote_id:
            self.moves[key.kind].add((key.box_id, remote.id, key.remote_id))
        if isinstance(remote, RemoteStudio) and remote.parent is not None:
            self.add(box_id, remote.parent, source)
        return key

    def of(self, kind: Kind) -> dict[Key, Remote]:
        return {key: remote for key, remote in self.remotes.items() if key.kind == kind}


def key_of(box_id: int | None, remote: Remote) -> Key:
    remote_id = survivor(remote) if isinstance(remote, RemotePerformer) else remote.id
    if not box_id or not remote_id or len(remote_id) > MOST_ID:
        return Key(_kind_of(remote), 0, full_name(remote))
    return Key(_kind_of(remote), box_id, remote_id)


def is_gone(remote: Remote) -> bool:
    """Whether it was deleted there, and not merged into something."""
    merged = isinstance(remote, RemotePerformer) and remote.merged_into
    return remote.deleted and not merged


def full_name(remote: Remote) -> str:
    """In lower case, with what tells performers of a name apart: what must be unique here."""
    apart = remote.disambiguation if isinstance(remote, RemotePerformer) else ""
    return f"{remote.name}\n{apart}".lower()


def shown_name(remote: Remote) -> str:
    apart = remote.disambiguation if isinstance(remote, RemotePerformer) else ""
    return f"{remote.name} ({apart})" if apart else remote.name


def _kind_of(remote: Remote) -> Kind:
    if isinstance(remote, RemotePerformer):
        return Kind.PERFORMER
    return Kind.STUDIO if isinstance(remote, RemoteStudio) else Kind.TAG
