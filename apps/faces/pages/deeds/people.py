"""What is said of people: who they are, that two are one, that one matters to nobody."""

from collections.abc import Mapping

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from apps.faces.models import FaceChange, Identity
from apps.faces.pages.asked import number_in, text_in
from apps.faces.pages.deeds.forms import (
    Deed,
    Done,
    WrongForm,
    changing,
    count_faces,
    identity_url,
    needs,
    read_identities,
    read_identity,
)
from apps.faces.services import applying, verdicts
from apps.library.models import Performer


@changing
def _merge(request: HttpRequest) -> Done:
    into = read_identity(request, "into")
    merged = [one for one in read_identities(request) if one.pk != into.pk]
    if not merged:
        raise WrongForm("Choose two people: one is merged into the other.")
    made = [verdicts.merge(one, into=into) for one in merged]
    who = str(merged[0]) if len(merged) == 1 else f"{len(merged)} groups"
    said = f"Merged {who} into {into}.{_left_behind(made)}"
    return Done(
        said, changes=[change.pk for change in made], href=identity_url(into.pk),
        touched=[*(one.pk for one in merged), into.pk],
    )  # fmt: skip


def _left_behind(made: list[FaceChange]) -> str:
    """What a merge couldn't take along, in words; nothing where all went."""
    left = sum(change.summary.get("left", 0) for change in made)
    if not left:
        return ""
    stay = "stays" if left == 1 else "stay"
    return f" {count_faces(left)} {stay} behind: seen at the same moment, or rejected before."


@changing
def _ignore(request: HttpRequest) -> Done:
    on = request.POST.get("on", "1") == "1"
    found = read_identities(request)
    made = [verdicts.ignore(one, on=on).pk for one in found]
    who = str(found[0]) if len(found) == 1 else f"{len(found)} people"
    said = f"{who} {'ignored' if on else 'offered again'}."
    return Done(said, changes=made, touched=[one.pk for one in found])


@changing
def _apart(request: HttpRequest) -> Done:
    found = read_identities(request)
    if len(found) != 2:
        raise WrongForm("Choose exactly two: they are noted as two people.")
    change = verdicts.keep_apart(found[0], found[1])
    said = f"{found[0]} and {found[1]} are two people."
    return Done(said, changes=[change.pk], touched=[one.pk for one in found])


@changing
def _name(request: HttpRequest) -> Done:
    identity = read_identity(request)
    pk = number_in(request.POST.get("performer", ""))
    performer: Performer = get_object_or_404(Performer, pk=pk)
    change = verdicts.name(identity, performer)
    return _named(identity, change, f"That is {performer}.{_left_behind([change])}")


@needs("faces.change_identity", "library.change_video", "library.add_performer")
def _create(request: HttpRequest) -> Done:
    identity, name = read_identity(request), text_in(request.POST, "name")
    if not name:
        raise WrongForm("Type a name.")
    change = verdicts.create_and_name(identity, name)
    return _named(identity, change, f"{name} is a performer now, and that is who it is.")


def _named(identity: Identity, change: FaceChange, said: str) -> Done:
    """Of a name that somebody else had already, the other one is left."""
    identity.refresh_from_db(fields=["merged_into"])
    left = identity.merged_into_id or identity.pk
    return Done(
        said, changes=[change.pk], touched=[*{identity.pk, left}],
        href=identity_url(left) if left != identity.pk else "",
    )  # fmt: skip


@changing
def _unname(request: HttpRequest) -> Done:
    identity = read_identity(request)
    change = verdicts.unname(identity)
    return Done("It has no name any more.", changes=[change.pk], touched=[identity.pk])


@needs("faces.change_identity", "library.change_performer")
def _avatar(request: HttpRequest) -> Done:
    identity = read_identity(request)
    applying.make_avatar(identity)
    return Done(f"The best shot is a picture of {identity.performer} now.", touched=[identity.pk])


OF_PEOPLE: Mapping[str, Deed] = {
    "merge": _merge, "ignore": _ignore, "apart": _apart, "name": _name, "create": _create,
    "unname": _unname, "avatar": _avatar,
}  # fmt: skip
