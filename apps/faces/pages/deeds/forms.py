"""What FaceLab's forms say, and what is answered."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.core.errors import MediaHubError
from apps.faces.choices import Verdict
from apps.faces.models import FaceChange, Identity, Track
from apps.faces.pages.asked import MOST_IDS, number_in, numbers_in


class WrongForm(MediaHubError):
    """The form lacks something, or names what isn't there; nothing was done."""

    code = "wrong_form"


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it. ``changes`` are what an undo takes back, ``touched`` are the identities that
    are to be shown anew, ``href`` is where to go on, if not here."""

    said: str
    bad: bool = False
    changes: list[int] = field(default_factory=list)
    touched: list[int] = field(default_factory=list)
    href: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


Deed = Callable[[HttpRequest], Done]


def needs(*permissions: str) -> Callable[[Deed], Deed]:
    def wrap(deed: Deed) -> Deed:
        def guarded(request: HttpRequest) -> Done:
            if not request.user.has_perms(permissions):
                raise PermissionDenied
            return deed(request)

        return guarded

    return wrap


# Who is who decides which performers stand on videos.
changing = needs("faces.change_identity", "library.change_video")


def identity_url(pk: int) -> str:
    return reverse("admin:faces_identity", args=[pk])


def read_identity(request: HttpRequest, name: str = "identity") -> Identity:
    rows = Identity.objects.select_related("performer")
    found: Identity = get_object_or_404(rows, pk=number_in(request.POST.get(name, "")))
    return found


def read_identities(request: HttpRequest) -> list[Identity]:
    ids = numbers_in(request.POST.getlist("identity"))[:1_000]
    found = {row.pk: row for row in Identity.objects.filter(pk__in=ids)}
    if not found:
        raise WrongForm("Choose somebody first.")
    return [found[pk] for pk in ids if pk in found]


def read_tracks(request: HttpRequest) -> list[int]:
    """The faces that were chosen, or with ``all`` those of the identities that nobody judged."""
    if request.POST.get("all"):
        ids = numbers_in(request.POST.getlist("identity"))
        rows = Track.objects.filter(identity__in=ids, verdict=Verdict.NONE).order_by("pk")
        found = list(rows.values_list("pk", flat=True)[:MOST_IDS])
        if not found:
            raise WrongForm("Nothing waits there: all its faces are decided about.")
        return found
    found = numbers_in(request.POST.getlist("track"))
    if not found:
        raise WrongForm("Choose a face first.")
    return found


def count_faces(number: int) -> str:
    return f"{number:,} face{'' if number == 1 else 's'}"


def touched_by(change: FaceChange) -> list[int]:
    """The identities that faces left or came to."""
    pairs: Iterable[tuple[Any, Any]] = change.moves.values_list("source", "target")
    return sorted({pk for pair in pairs for pk in pair if pk})
