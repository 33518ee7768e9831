"""What people say of identities."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.core import audit
from apps.core.errors import Conflict, MediaHubError
from apps.faces.choices import ChangeKind, Verdict
from apps.faces.models import Apart, FaceChange, Identity, Rejection, Track
from apps.faces.services import changes
from apps.faces.services.changes import MoveWanted, RejectedBefore, SameMoment
from apps.faces.services.changes.write import hold_identities
from apps.faces.services.following import follow
from apps.faces.services.identities import take_turn
from apps.faces.services.verdicts.of_faces import NoFaces
from apps.library.models import Performer

_LONGEST_NAME = 200


class SameIdentity(MediaHubError):
    """An identity was named twice where two are needed; nothing was changed."""

    code = "same_identity"


class MergedAway(Conflict):
    """The identity was merged into another; nothing was changed."""

    code = "merged_away"


class NameTaken(Conflict):
    """Both identities have names of their own; nothing was changed."""

    code = "name_taken"


class IdentityNamed(Conflict):
    """The identity has a name, so that it matters; nothing was changed."""

    code = "identity_named"


@transaction.atomic
def merge(identity: Identity, *, into: Identity) -> FaceChange:
    """Say that two identities are one person: all faces, and the name, go ``into`` one of them.

    Faces that only the machine placed, and that share a moment with another or were said not to be
    the other, stay behind: then ``identity`` goes on (``summary["left"]``), without a name.
    Raises SameMoment where none could go, or a confirmed one can't; RejectedBefore where that was
    said of confirmed ones; NameTaken, MergedAway, SameIdentity.
    """
    source, target = _standing(identity, into)
    if source.pk == target.pk:
        raise SameIdentity("That is one identity: choose two to merge.")
    if source.performer_id and target.performer_id:
        raise NameTaken(f"{source} and {target} are both named: take one of the names away first.")
    return follow(_merge(source, target, ChangeKind.MERGE, target.performer_id))


def _merge(
    source: Identity, target: Identity, kind: ChangeKind, performer: int | None
) -> FaceChange:
    tracks = dict(Track.objects.filter(identity=source).order_by("pk").values_list("pk", "verdict"))
    staying, leaving = _left_behind(source, target, tracks)
    going = [pk for pk in tracks if pk not in staying]
    if tracks and not going:
        raise SameMoment(
            f"{source} and {target} are two people: they are seen at the same moment, or each face "
            "was rejected before."
        )
    moves = [MoveWanted(going, target.pk, source=source.pk)] if going else []
    if leaving:
        moves.append(MoveWanted(sorted(leaving), None, Verdict.NONE, source=target.pk))
    performer = performer or source.performer_id
    fields: dict[int, dict[str, Any]] = {
        source.pk: {"settled": True, "performer": None},
        target.pk: {"settled": True, "performer": performer},
    }
    if performer:
        fields[target.pk]["ignored"] = False
    if not staying:
        fields[source.pk]["merged_into"] = target.pk
    aparts, both = _aparts(source, target)
    said = Rejection.objects.filter(identity=source).exclude(track__in=staying)
    return changes.apply(
        kind, moves, identities=fields, summary={"left": len(staying) + len(leaving)},
        reject=[(pk, target.pk) for pk in said.values_list("track_id", flat=True)]
        if not staying else (),
        apart=aparts if not staying else (), together=both,
    )  # fmt: skip


def _left_behind(
    source: Identity, target: Identity, tracks: dict[int, str]
) -> tuple[set[int], set[int]]:
    """Faces that don't leave the source, and such as leave the target.

    Raises SameMoment, RejectedBefore.
    """
    said = set(
        Rejection.objects.filter(identity=target, track__in=list(tracks)).values_list(
            "track_id", flat=True
        )
    )
    against = dict(
        Rejection.objects.filter(identity=source, track__identity=target).values_list(
            "track_id", "track__verdict"
        )
    )
    verdicts = {**against, **{pk: tracks[pk] for pk in said}}
    if any(verdict == Verdict.CONFIRMED for verdict in verdicts.values()):
        raise RejectedBefore(
            f"Confirmed faces of {source} and {target} were said not to be the other: they are two "
            "people, or move those faces first."
        )
    found = changes.clashes(dict.fromkeys(tracks, target.pk))
    confirmed = Verdict.CONFIRMED
    changes.refuse_clashes(
        clash for clash in found if clash.confirmed and tracks[clash.track] == confirmed
    )
    staying = said | {clash.track for clash in found if tracks[clash.track] != confirmed}
    leaving = {clash.other for clash in found if clash.track not in staying}
    return staying, leaving | against.keys()


def _aparts(
    source: Identity, target: Identity
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """From whom the target is apart as the source was; and that the two of them were."""
    rows = Apart.objects.filter(Q(first=source) | Q(second=source))
    others = {row.second_id if row.first_id == source.pk else row.first_id for row in rows}
    both = [(source.pk, target.pk)] if target.pk in others else []
    return [(target.pk, other) for other in sorted(others - {target.pk})], both


@transaction.atomic
def split(identity: Identity, track_ids: Sequence[int]) -> FaceChange:
    """Say that some of its faces are another person: they become a new identity, and the two are
    kept apart. What was confirmed stays so, of the new one. Raises NoFaces, MergedAway."""
    [identity] = _standing(identity)
    tracks = set(track_ids)
    own = Track.objects.filter(identity=identity)
    if not tracks or own.filter(pk__in=tracks).count() < len(tracks):
        raise NoFaces(f"Choose faces of {identity}: read them again.")
    if own.count() == len(tracks):
        raise NoFaces(f"Leave {identity} at least one face: there is nothing to split else.")
    new = Identity.objects.create(settled=True)
    moves = [MoveWanted(sorted(tracks), new.pk, source=identity.pk)]
    return follow(
        changes.apply(
            ChangeKind.SPLIT, moves, identities={identity.pk: {"settled": True}},
            apart=[(identity.pk, new.pk)],
            reject=[(pk, identity.pk) for pk in sorted(tracks)], summary={"new": new.pk},
        )
    )  # fmt: skip


@transaction.atomic
def ignore(identity: Identity, *, on: bool = True) -> FaceChange:
    """Say that somebody doesn't matter, or does again. Raises IdentityNamed, MergedAway."""
    [identity] = _standing(identity)
    if on and identity.performer_id:
        raise IdentityNamed(f"{identity} has a name: take it away before you ignore them.")
    fields = {identity.pk: {"ignored": on, "settled": True}}
    return follow(changes.apply(ChangeKind.IGNORE, identities=fields))


@transaction.atomic
def keep_apart(a: Identity, b: Identity) -> FaceChange:
    """Say that two identities are two people. Raises SameIdentity, MergedAway."""
    one, other = _standing(a, b)
    if one.pk == other.pk:
        raise SameIdentity("That is one identity: choose two to keep apart.")
    fields = {pk: {"settled": True} for pk in (one.pk, other.pk)}
    pair = (one.pk, other.pk)
    return changes.apply(ChangeKind.APART, identities=fields, apart=[pair])


@transaction.atomic
def name(identity: Identity, performer: Performer) -> FaceChange:
    """Say who somebody is. If the performer has an identity, the two become one, as by ``merge``;
    else a name that it had is gone. Raises what ``merge`` does."""
    take_turn()
    own = Identity.objects.filter(performer=performer).exclude(pk=identity.pk).first()
    if own is not None and identity.performer_id:
        raise NameTaken(f"{identity} is named, and {performer} is known: merge them, or unname it.")
    return become(identity, performer)


@transaction.atomic
def become(identity: Identity, performer: Performer) -> FaceChange:
    """As ``name``, also of somebody whose name is another: the two performers are one."""
    take_turn()
    own = Identity.objects.filter(performer=performer).first()
    if own is None or own.pk == identity.pk:
        [identity] = _standing(identity)
        fields = {identity.pk: {"performer": performer.pk, "settled": True, "ignored": False}}
        return follow(changes.apply(ChangeKind.NAME, identities=fields))
    identity, own = _standing(identity, own)
    return follow(_merge(identity, own, ChangeKind.NAME, performer.pk))


@transaction.atomic
def create_and_name(identity: Identity, name_: str) -> FaceChange:
    """Add a performer and say that somebody is that one. Raises NameTaken, MergedAway."""
    wanted = " ".join(name_.split())
    if not wanted or len(wanted) > _LONGEST_NAME:
        raise NameTaken("Give a name of at least one letter, and of at most 200.")
    if Performer.objects.filter(name__iexact=wanted, disambiguation="").exists():
        raise NameTaken(f"There is a performer {wanted} already: choose that one.")
    return name(identity, audit.create(Performer(name=wanted)))


@transaction.atomic
def unname(identity: Identity) -> FaceChange:
    """Take somebody's name away; the faces stay together. Raises MergedAway, NothingToChange."""
    [identity] = _standing(identity)
    fields = {identity.pk: {"performer": None, "settled": True}}
    return follow(changes.apply(ChangeKind.UNNAME, identities=fields))


def _standing(*identities: Identity) -> list[Identity]:
    """As they are now, held in the order of their ids. Raises MergedAway."""
    rows = hold_identities(each.pk for each in identities)
    for each in identities:
        row = rows.get(each.pk)
        if row is None or row.merged_into_id:
            raise MergedAway(f"{each} was merged into another, or wiped: read it again.")
    return [rows[each.pk] for each in identities]
