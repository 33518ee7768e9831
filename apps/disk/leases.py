"""Whether somebody on this machine has a file open for writing."""

import fcntl
import os
import stat


def open_for_writing(path: bytes) -> bool | None:
    """None where that can't be known: another's file, a network share, no file.

    The kernel grants a read lease only on a file that nobody has open for writing. Callers ignore
    SIGIO: it tells the holder of a lease, for however short, that somebody else wants in.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOATIME)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(fd)
    return False
