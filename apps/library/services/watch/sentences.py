"""What people are told of a watch that can't watch."""

_ROOM = 2  # times what is needed now: libraries grow, and other programs watch, too
_FILE = "/etc/sysctl.d/60-mediahub.conf"
_LEAST_INSTANCES = 512


def limited(name: str, *, needed: int, allowed: int) -> str:
    """The kernel's setting ``name`` is too low; the sentence gives the command that raises it."""
    value = max(_ROOM * max(needed, allowed), 0 if name.endswith("watches") else _LEAST_INSTANCES)
    told = f"{needed:,} folders need a watch each, and the kernel allows {allowed:,} in all"
    if not name.endswith("watches"):
        told = f"The kernel allows {allowed:,} watching programs for each user"
    return (
        f"{told}. Raise it with: sudo sysctl fs.inotify.{name}={value} and keep it with: "
        f"echo fs.inotify.{name}={value} | sudo tee -a {_FILE}"
    )


def shared(file_system: str, *, every_minutes: int) -> str:
    return (
        f"Others can change a file system of the type {file_system} without this machine hearing "
        f"of it: it is scanned every {every_minutes} minutes."
    )


def lost(what: str) -> str:
    """``what`` became of the root, as the system or the watching process put it."""
    return f"The root {what}." if what[:1].islower() else f"The root can't be watched: {what}."
