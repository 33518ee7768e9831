"""Who the server runs as. PostgreSQL refuses root, so root lends it a service account."""

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path

from apps.core import process
from apps.core.errors import MediaHubError

SERVICE_ACCOUNT = "mediahub"


class NoServiceAccount(MediaHubError):
    """We are root, and there is no account for the server, nor could one be made."""

    code = "no_service_account"


@dataclass(frozen=True, slots=True)
class Account:
    """A user and a group by number; both None mean this process' own."""

    user: int | None = None
    group: int | None = None


def choose_account(data: Path | None) -> Account:
    """Ourselves; when root, the owner of the existing cluster, else the service account.

    The service account is made if it is missing. Raises NoServiceAccount.
    """
    if os.geteuid() != 0:
        return Account()
    if data is not None and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    entry = _find_service_account() or _create_service_account()
    return Account(entry.pw_uid, entry.pw_gid)


def _find_service_account() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(SERVICE_ACCOUNT)
    except KeyError:
        return None


def _create_service_account() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    flags = ["--system", "--user-group", "--home-dir", "/nonexistent", "--no-create-home"]
    command = f"useradd {' '.join(flags)} --shell /usr/sbin/nologin {SERVICE_ACCOUNT}"
    if useradd is not None:
        process.run([useradd, *command.split()[1:]], timeout_s=60)
    if (entry := _find_service_account()) is None:
        raise NoServiceAccount(
            "PostgreSQL does not run as root, and the account that it needs could not be made: "
            f"run `{command}`, start MediaHub as another user, or set DATABASE_URL."
        )
    return entry
