"""Whether there is room for what is going to be made."""

import os

from apps.core.errors import MediaHubError
from apps.core.units import say_bytes
from apps.machines.host import free_bytes
from apps.machines.services import sampling

_SAFETY_PERCENT = 10
_GB = 1_000_000_000


class NoRoom(MediaHubError):
    """A disk has too little room left; nothing was begun."""

    code = "no_room"
    status = 507
    passing = True


def check(folder: bytes, *, foreseen_bytes: int, reserved: int) -> None:
    """See that what is foreseen, with a tenth on top, fits on the disk of ``folder``.

    ``reserved`` bytes there are promised to others that are being made; the machine's reserve stays
    free besides. Don't ask it of storage that may be away: the kernel would wait. Raises NoRoom.
    """
    where = os.fsdecode(folder).encode("utf-8", "backslashreplace").decode()
    free = free_bytes(folder)
    if free is None:
        raise NoRoom(f"How much is free at {where} can't be read: is the storage there?")
    spare = sampling.latest().disk_reserve_gb * _GB
    needed = foreseen_bytes * (100 + _SAFETY_PERCENT) // 100
    if needed + spare + max(0, reserved) > free:
        promised = f", {say_bytes(reserved)} are promised to others" if reserved > 0 else ""
        raise NoRoom(
            f"Too little room at {where}: {say_bytes(needed)} are foreseen{promised}, "
            f"{say_bytes(spare)} are to stay free, and {say_bytes(free)} are."
        )
