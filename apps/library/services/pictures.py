"""Pictures of performers that people upload."""

from uuid import uuid4

from django.core.files import File
from django.db import transaction
from PIL import Image, UnidentifiedImageError

from apps.core import audit
from apps.core.errors import MediaHubError
from apps.library.models import Performer, PerformerImage

PICTURE_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
_MOST_BYTES = 20_000_000
_MOST_PIXELS = 50_000_000


class PictureRefused(MediaHubError):
    """A file that isn't a picture of a harmless format and a bearable size."""

    code = "picture_refused"


def check_picture(upload: File) -> str:
    """A name of ours for an upload, ending in what it really is. Only its head is read.

    Raises PictureRefused.
    """
    if (upload.size or 0) > _MOST_BYTES:
        raise PictureRefused("The picture is larger than 20 MB.")
    try:
        upload.seek(0)
        with Image.open(upload, formats=list(_EXTENSIONS)) as picture:
            form, pixels = picture.format, picture.width * picture.height
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        raise PictureRefused("Pictures have to be JPEG, PNG or WebP.") from error
    finally:
        upload.seek(0)
    if pixels > _MOST_PIXELS:
        raise PictureRefused("The picture has more than 50 megapixels.")
    return f"{uuid4().hex}.{_EXTENSIONS[form or '']}"


@transaction.atomic
def add_picture(performer: Performer, upload: File, *, position: int = 0) -> PerformerImage:
    """Keep a picture of a performer. Raises PictureRefused."""
    upload.name = check_picture(upload)
    return audit.create(PerformerImage(performer=performer, image=upload, position=position))


def remove_picture(picture: PerformerImage) -> None:
    """Forget a picture, and delete its file once that is certain."""
    storage, name = picture.image.storage, picture.image.name or ""
    with transaction.atomic():
        audit.delete(picture)
        transaction.on_commit(lambda: storage.delete(name))
