r"""Paths as people see them: names are bytes, and what isn't UTF-8 is written as ``\xNN``."""


def shown(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")


def unescaped(path: bytes) -> bytes:
    r"""Bytes for what ``shown`` writes as ``\xNN``."""
    head, *parts = path.split(b"\\x")
    return head + b"".join(_byte(part) for part in parts)


def _byte(part: bytes) -> bytes:
    try:
        return bytes.fromhex(part[:2].decode("ascii")) + part[2:]
    except ValueError:
        return b"\\x" + part
