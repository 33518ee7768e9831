"""Finding labels and people by what a box says of them; nothing is written.

Names say less than ids. Of performers a name alone never decides between two, here or there; of
studios and tags, whose names are unique, it does. All in a number of statements that doesn't grow.
"""

from collections import defaultdict
from collections.abc import Mapping

from apps.stashbox.choices import Kind, Unknown
from apps.stashbox.models import IdentifySettings, RemoteLink
from apps.stashbox.schema import RemotePerformer
from apps.stashbox.services.linking.labels import (
    MODELS,
    Key,
    Label,
    Labels,
    Remote,
    Wanted,
    full_name,
    is_gone,
    shown_name,
)
from apps.stashbox.services.linking.names import Namesake, namesakes

_Taken = set[tuple[int, int]]


def find(wanted: Wanted, settings: IdentifySettings) -> Labels:
    """What the things are here, or that they would be made, or neither."""
    labels: Labels = {}
    for kind in MODELS:
        labels |= linked(wanted, kind)
        rest = {key: each for key, each in wanted.of(kind).items() if key not in labels}
        if rest:
            makes = getattr(settings, f"unknown_{kind.value}s") == Unknown.CREATE
            labels |= _by_names(kind, rest, makes=makes)
    return labels


def linked(wanted: Wanted, kind: Kind) -> Labels:
    """Those that are known by their ids, or by ids that were merged into them."""
    keys = [key for key in wanted.of(kind) if key.box_id]
    if not keys:
        return {}
    before = defaultdict(list)
    for box_id, gone, survivor in wanted.moves[kind]:
        before[box_id, survivor].append(gone)
    ids = {key.remote_id for key in keys} | {gone for _, gone, _ in wanted.moves[kind]}
    boxes = {key.box_id for key in keys}
    links = RemoteLink.objects.filter(kind=kind, box_id__in=boxes, remote_id__in=ids)
    rows = {
        (link.box_id, link.remote_id): getattr(link, kind.value)
        for link in links.select_related(kind.value)
    }
    labels: Labels = {}
    for key in keys:
        for remote_id in (key.remote_id, *sorted(before[key.box_id, key.remote_id])):
            if key not in labels and (row := rows.get((key.box_id, remote_id))) is not None:
                labels[key] = Label(str(row), row.pk)
    return labels


def _by_names(kind: Kind, rest: Mapping[Key, Remote], *, makes: bool) -> Labels:
    found = namesakes(kind, [remote.name for remote in rest.values()])
    taken = _taken(kind, rest, found)
    often = _ambiguous(rest) if kind == Kind.PERFORMER else set()
    labels: Labels = {}
    for key, remote in rest.items():
        row, sure = _choose(key, remote, found.get(remote.name, []), taken)
        if row and key not in often:
            labels[key] = Label(_name_of(row), row.pk)
        else:
            makes_it = makes and sure and not row and key not in often and not is_gone(remote)
            labels[key] = Label(shown_name(remote), None, makes_it)
    return labels


def _choose(
    key: Key, remote: Remote, found: list[Namesake], taken: _Taken
) -> tuple[Namesake | None, bool]:
    """The row, if any; and whether it is sure that it is this one or none."""
    if isinstance(remote, RemotePerformer):
        return _same_person(key, remote, found, taken)
    same = [each for each in found if each.by_name] or found
    return (same[0], True) if len(same) == 1 else (None, not same)


def _same_person(
    key: Key, remote: RemotePerformer, found: list[Namesake], taken: _Taken
) -> tuple[Namesake | None, bool]:
    """The only one whose name can be meant and whom the box doesn't know by another id.

    What tells people of a name apart must be the same: if only one side says something, nobody
    can know whether they mean the same one.
    """
    apart = remote.disambiguation.lower()
    if apart:
        found = [each for each in found if each.by_name and each.apart.lower() == apart]
    if not found:
        return None, True
    one = found[0]
    sure = len(found) == 1 and one.apart.lower() == apart and (one.pk, key.box_id) not in taken
    return (one, True) if sure else (None, False)


def _taken(kind: Kind, rest: Mapping[Key, Remote], found: Mapping[str, list[Namesake]]) -> _Taken:
    """Which performers are others of a box's already."""
    if kind != Kind.PERFORMER:
        return set()
    ids = {each.pk for same in found.values() for each in same}
    boxes = {key.box_id for key in rest if key.box_id}
    links = RemoteLink.objects.filter(kind=kind, performer_id__in=ids, box_id__in=boxes)
    return {(pk, box) for pk, box in links.values_list("performer_id", "box_id") if pk}


def _ambiguous(rest: Mapping[Key, Remote]) -> set[Key]:
    """Performers whose names a box gave to several, as far as can be seen here."""
    by_name = defaultdict(set)
    for key, remote in rest.items():
        by_name[key.box_id, full_name(remote)].add(key)
    return {key for keys in by_name.values() if len(keys) > 1 for key in keys}


def _name_of(row: Namesake) -> str:
    return f"{row.name} ({row.apart})" if row.apart else row.name
