"""Pictures of performers that boxes know: fetched when somebody wants them, and never kept as they
came. What is kept was decoded, made smaller where that is needed, and written anew."""

import hashlib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from urllib.parse import urlsplit

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Max
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.core import audit
from apps.core.errors import MediaHubError
from apps.core.outgoing import OutgoingError, fetch
from apps.library.models import Performer, PerformerImage
from apps.stashbox.choices import Kind
from apps.stashbox.client import StashBoxClient
from apps.stashbox.models import RemoteLink
from apps.stashbox.schema import RemoteImage
from apps.stashbox.services.merged import follow

MOST_BYTES = 10_000_000
MOST_PIXELS = 40_000_000
MOST_KEPT = 20  # of one performer
_LONGEST_SIDE = 2_000
_FORMATS = ("JPEG", "PNG", "WEBP")
_TYPES = ("image/jpeg", "image/png", "image/webp")
_QUALITY = 88
_BROKEN = (
    UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning, OSError,
    ValueError, SyntaxError, EOFError,
)  # fmt: skip


class PictureBroken(MediaHubError):
    """What was fetched is no picture, or one that is too large to be decoded."""

    code = "picture_broken"


@dataclass(slots=True)
class Fetching:
    """The pictures that are new, and why others could not be had, by their addresses."""

    kept: list[PerformerImage] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def fetch_known(performer: Performer, *, most: int = 5) -> Fetching:
    """Ask the boxes to which a performer is linked for pictures, and keep those that are new.

    Raises BoxError, MergedInCircles.
    """
    links = RemoteLink.objects.filter(kind=Kind.PERFORMER, performer=performer, box__enabled=True)
    outcome = Fetching()
    for link in links.select_related("box").order_by("box__position", "pk"):
        with StashBoxClient(link.box) as client:
            remote = client.find_performer(link.remote_id)
            remote = remote and follow(client, remote)
        if remote:
            near = link.box.url if link.box.allow_private else ""
            found = fetch_pictures(performer, remote.images, most=most, private_at=near)
            outcome.kept += found.kept
            outcome.failed |= found.failed
    return outcome


def fetch_pictures(
    performer: Performer,
    images: Iterable[RemoteImage],
    *,
    most: int = 5,
    private_at: str = "",
) -> Fetching:
    """Keep the first pictures behind those addresses; what is kept already isn't fetched again.

    The host of the address ``private_at`` may be in a private network, no other. What can't be
    had is told, and the others are kept all the same.
    """
    outcome = Fetching()
    known = set(PerformerImage.objects.filter(performer=performer).values_list("image", flat=True))
    for image in list(images)[:most]:
        name = _name_of(image.url)
        if any(name in path for path in known):
            continue
        try:
            content = fetch_anew(image.url, private_at=private_at)
        except (OutgoingError, PictureBroken) as error:
            outcome.failed[image.url] = str(error)
            continue
        if kept := _keep(performer, name, content):
            outcome.kept.append(kept)
    return outcome


def fetch_anew(
    address: str, *, private_at: str, longest_side: int = _LONGEST_SIDE, timeout_s: float = 30.0
) -> bytes:
    """A picture from elsewhere, as ``written_anew`` makes it. The host of the address
    ``private_at`` may be in a private network, no other. Raises OutgoingError, PictureBroken."""
    near = bool(private_at) and _host(address) == _host(private_at)
    got = fetch(
        address, most_bytes=MOST_BYTES, types=_TYPES, allow_private=near, timeout_s=timeout_s
    )
    return written_anew(got.content, longest_side=longest_side)


def written_anew(content: bytes, *, longest_side: int = _LONGEST_SIDE) -> bytes:
    """The picture as a JPEG of ours: upright, without what else was in its file, its longer side
    no longer than so many pixels. Its size is looked at before it is decoded. Raises PictureBroken.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=_FORMATS) as picture:
                _check_size(picture)
                picture.draft("RGB", (longest_side, longest_side))
                return _jpeg(ImageOps.exif_transpose(picture), longest_side)
    except _BROKEN as error:
        raise PictureBroken("What was fetched is no picture that can be read.") from error


@transaction.atomic
def choose_picture(picture: PerformerImage) -> PerformerImage:
    """Show this one of the performer's pictures; the others follow in their order."""
    Performer.objects.select_for_update().get(pk=picture.performer_id)
    rows = PerformerImage.objects.filter(performer=picture.performer_id)
    ordered = sorted(rows, key=lambda row: (row.pk != picture.pk, row.position, row.pk))
    for position, row in enumerate(ordered):
        audit.update(row, {"position": position})
    return PerformerImage.objects.get(pk=picture.pk)


def _host(address: str) -> str | None:
    return urlsplit(address).hostname


@transaction.atomic
def _keep(performer: Performer, name: str, content: bytes) -> PerformerImage | None:
    """Behind those that are there; none if another one kept it meanwhile, or there are enough."""
    Performer.objects.select_for_update().get(pk=performer.pk)
    rows = PerformerImage.objects.filter(performer=performer)
    if rows.filter(image__contains=name).exists() or rows.count() >= MOST_KEPT:
        return None
    last = rows.aggregate(last=Max("position"))["last"]
    file = ContentFile(content, name=f"{name}.jpg")
    position = 0 if last is None else last + 1
    return audit.create(PerformerImage(performer=performer, image=file, position=position))


def _check_size(picture: Image.Image) -> None:
    if picture.width * picture.height > MOST_PIXELS:
        raise PictureBroken("The picture has more than 40 megapixels.")


def _jpeg(picture: Image.Image, longest_side: int) -> bytes:
    picture.thumbnail((longest_side, longest_side))
    if picture.mode in ("RGBA", "LA", "P", "PA"):  # what can be seen through is white
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture)
    written = BytesIO()
    plain = picture.convert("RGB")
    plain.info.clear()  # comments would be written, too
    plain.save(written, "JPEG", quality=_QUALITY, optimize=True)
    return written.getvalue()


def _name_of(address: str) -> str:
    """Of the file: that it holds the address' digest says what was fetched already."""
    return f"box-{hashlib.blake2b(address.encode(), digest_size=12).hexdigest()}"
