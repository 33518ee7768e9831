"""What must be there before MediaHub can be used: schema, static files, an admin, a library."""

import hashlib
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import OperationalError, connection

from apps.core.errors import MediaHubError
from apps.core.schema import require_current_schema
from apps.library.models import Library
from apps.library.services.libraries import add_library
from apps.library.services.media import programs
from apps.library.tasks import request_demonstration, request_scan


class DatabaseUnreachable(MediaHubError):
    """The database that DATABASE_URL names does not answer."""

    code = "database_unreachable"


def migrate() -> None:
    """Bring the database up to date with the code. Raises DatabaseUnreachable, SchemaMismatch."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise DatabaseUnreachable(f"The database can't be reached: {error}".strip()) from error
    call_command("migrate", verbosity=0, interactive=False)
    require_current_schema()  # what a newer version has migrated can't be brought back


def collect_static() -> None:
    """Gather the static files where the web server takes them from, if any has changed."""
    mark = Path(settings.STATIC_ROOT) / ".sources"
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name} {found.st_mtime_ns} {found.st_size}\n".encode())
    if mark.exists() and mark.read_text() == digest.hexdigest():
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    mark.write_text(digest.hexdigest())


def create_first_admin() -> str:
    """Make an administrator if there is none; return how to log in, for the user's eyes only."""
    users = get_user_model()._default_manager
    if users.filter(is_superuser=True, is_active=True).exists():
        return "Log in with your account."
    name, password = settings.MEDIAHUB_ADMIN_USER, settings.MEDIAHUB_ADMIN_PASSWORD
    given = bool(name and password)
    if not given:
        name, password = "admin", secrets.token_urlsafe(12)
    users.create_superuser(username=name, password=password)
    if given:
        return f"Log in as {name} with the password from MEDIAHUB_ADMIN_PASSWORD."
    return f"Log in as {name} with the password {password} (shown only this once)."


def add_media(root: Path | None, *, say: Callable[[str], None]) -> None:
    """Register a folder and ask for its scan, telling the user by ``say``.

    Without a folder, and if there is no library yet, the demonstration library is offered.
    Raises LibraryRefused.
    """
    if root is not None:
        say(_register_media(root))
    elif not Library.objects.exists():
        if settings.MEDIAHUB_DEMO and _agrees("Make a small demonstration library?"):
            say(_add_demo())
        else:
            say("There is no library yet: add one on the page, or use `make run MEDIA=/path`.")


def _register_media(root: Path) -> str:
    library = add_library(root)
    request_scan(library)
    return f"{library.root} is the library {library.name}; its scan is queued."


def _add_demo() -> str:
    if programs().ffmpeg is None:
        return "Without ffmpeg there is no demonstration library; `manage.py doctor` says more."
    folder = settings.MEDIAHUB_DATA_DIR / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    request_demonstration(add_library(folder, name="Demonstration"))
    return "A demonstration library of small clips is being made: watch it appear."


def _agrees(question: str) -> bool:
    """Yes, unless somebody is there to say no."""
    if not sys.stdin.isatty():
        return True
    return input(f"{question} [Y/n] ").strip().lower() in {"", "y", "yes"}
