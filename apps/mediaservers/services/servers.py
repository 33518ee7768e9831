"""Media servers as people set them up."""

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from apps.core import audit
from apps.core.errors import MediaHubError
from apps.core.models import AuditAction
from apps.core.sealing import seal
from apps.mediaservers import mapping
from apps.mediaservers.clients.exchange import is_token
from apps.mediaservers.models import MediaServer

_OWN = frozenset(
    {
        "sealed_token", "asked_at", "answered_at", "failing_since", "failures", "reason", "outcome",
        "not_before",
    }
)  # fmt: skip
Related = Mapping[str, Iterable[models.Model]]


class MediaServerRefused(MediaHubError):
    """A media server can't be set up so; nothing was written."""

    code = "media_server_refused"


@transaction.atomic
def create_server(
    server: MediaServer, *, token: str = "", related: Related | None = None
) -> MediaServer:
    """Save a new one with its token, which nobody is shown again. Raises MediaServerRefused,
    MapRefused."""
    server.sealed_token = _sealed(token)
    server.path_map = mapping.cleaned(server.path_map)
    check_server(server)
    return audit.create(server, related=related)


@transaction.atomic
def edit_server(
    server: MediaServer,
    values: Mapping[str, Any],
    *,
    token: str | None = None,
    related: Related | None = None,
    expected_version: int | None = None,
) -> MediaServer:
    """Change one, and let it be asked again at once if it was left alone for a while.

    ``token=None`` leaves the token, unless the address is another server's now: whoever has it sent
    there must know it. Raises MediaServerRefused, MapRefused, StaleEdit, RowGone.
    """
    stored = MediaServer.objects.select_for_update().filter(pk=server.pk).first() or server
    values = {name: value for name, value in values.items() if name not in _OWN}
    if "path_map" in values:
        values["path_map"] = mapping.cleaned(values["path_map"])
    wanted = copy(stored)
    for name, value in values.items():
        setattr(wanted, name, value)
    check_server(wanted)
    if token is None and _place(wanted) != _place(stored):
        token = ""
    edited = audit.update(stored, values, related=related, expected_version=expected_version)
    MediaServer.objects.filter(pk=edited.pk).update(not_before=None)
    if token is None or (not token and not stored.sealed_token):
        return edited
    return _change_token(edited, _sealed(token), counted=edited.version > wanted.version)


@transaction.atomic
def delete_server(server: MediaServer, *, expected_version: int | None = None) -> None:
    """Forget one, and what it was told. The audit does not keep its token. Raises StaleEdit,
    RowGone."""
    stored = MediaServer.objects.select_for_update().filter(pk=server.pk).first()
    if stored is not None:
        audit.check_version(stored, expected_version)
        MediaServer.objects.filter(pk=server.pk).update(sealed_token="")
    audit.delete(server, expected_version=expected_version)


def _change_token(server: MediaServer, sealed: str, *, counted: bool) -> MediaServer:
    """Beside the audit's own way: it would keep both tokens, if only sealed."""
    changes = {"token": (bool(server.sealed_token), "given" if sealed else "forgotten")}
    server.sealed_token, server.updated_at = sealed, timezone.now()
    server.version += 0 if counted else 1
    server.save(update_fields=["sealed_token", "updated_at", "version"])
    audit.record([audit.entry(server, AuditAction.CHANGED, changes)])
    return server


def check_token(token: str) -> None:
    """Whether it can be one. Raises MediaServerRefused."""
    if token and not is_token(token):
        raise MediaServerRefused("This is no token: it has letters that none has. Copy it again.")


def _sealed(token: str) -> str:
    token = token.strip()
    check_token(token)
    return seal(token)


def check_server(server: MediaServer) -> None:
    """Whether it can be set up so. Raises MediaServerRefused."""
    try:
        # that a name is taken the database says: a conflict, and no mistake
        server.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        named = "" if field == "__all__" else f"{field.replace('_', ' ')}: "
        raise MediaServerRefused(f"{named}{messages[0]}") from error
    if not _is_address(server.url):
        raise MediaServerRefused(
            "url: It must be an address such as http://jellyfin:8096, without ? and #."
        )
    if urlsplit(server.url).scheme == "http" and not server.allow_private:
        raise MediaServerRefused(
            "url: The token would go there for all to read. Give an address of https."
        )


def _is_address(address: str) -> bool:
    if any(c.isspace() or not c.isprintable() or c in '<>"\\?#' for c in address):
        return False
    try:
        parts = urlsplit(address)
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return False
    return bool(sound) and parts.username is None


def _place(server: MediaServer) -> tuple[str, str]:
    parts = urlsplit(server.url)
    return parts.scheme, parts.netloc.lower()
