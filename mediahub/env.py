"""The one reader of the environment: typed, documented, and able to say where a value came from.

Values come from the process environment, else from the file ``.env`` in the project's root (or the
one that ``MEDIAHUB_ENV_FILE`` names), else from the default that stands at the call.
"""

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dotenv import dotenv_values

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent


class InvalidSetting(Exception):
    """A setting's value can't be used; the text names the variable and what it should be."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One effective setting, for ``manage.py showconfig``."""

    name: str
    value: object
    source: str
    secret: bool


# For the programs and libraries that this process starts, unless somebody says otherwise.
_FOR_OTHERS = {
    # NVML counts cards in the order of the bus, CUDA the fastest first unless it is told
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
    "SVT_LOG": "1",  # errors only: SVT-AV1 tells all its settings among ffmpeg's errors else
}
for _name, _value in _FOR_OTHERS.items():
    os.environ.setdefault(_name, _value)

known: dict[str, Setting] = {}
_file = dotenv_values(os.environ.get("MEDIAHUB_ENV_FILE", ROOT / ".env"), interpolate=False)


def text(name: str, default: str = "", *, secret: bool = False) -> str:
    """A string."""
    return _read(name, default, str, secret=secret)


def flag(name: str, *, default: bool) -> bool:
    """A yes or no: 1/0, true/false, yes/no, on/off."""
    return _read(name, default, _parse_flag)


def whole(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """A whole number within bounds."""

    def parse(raw: str) -> int:
        number = int(raw)
        if number < least or (most is not None and number > most):
            raise ValueError
        return number

    upper = "" if most is None else f" to {most}"
    return _read(name, default, parse, expected=f"a whole number from {least}{upper}")


def choice(name: str, default: str, *, among: Sequence[str]) -> str:
    """One of a few words."""

    def parse(raw: str) -> str:
        if raw.strip().lower() not in among:
            raise ValueError
        return raw.strip().lower()

    return _read(name, default, parse, expected=" or ".join(among))


def path(name: str, default: Path) -> Path:
    """A file system path; relative ones count from the project's root."""
    return _read(name, default, _parse_path)


def optional_path(name: str) -> Path | None:
    """A file system path, or nothing."""
    return _read(name, None, _parse_path)


def words(name: str, default: Sequence[str]) -> list[str]:
    """A list separated by commas."""
    return _read(name, list(default), lambda raw: [w.strip() for w in raw.split(",") if w.strip()])


def secret_key(name: str, file: Path) -> str:
    """A secret from the environment, else from ``file``, made on first use with mode 0600."""
    if given := text(name, secret=True):
        if len(given) < 32:
            raise InvalidSetting(f"{name} is too short: give at least 32 random characters.")
        return given
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    while not file.exists():
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(48))
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(draft, file)  # unlike rename, never replaces what another process just made
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    known[name] = Setting(name, "", f"file {file}", secret=True)
    return file.read_text()


def _read(
    name: str,
    default: T,
    parse: Callable[[str], T],
    *,
    expected: str = "",
    secret: bool = False,
) -> T:
    raw, source = os.environ.get(name), "environment"
    if raw is None:
        raw, source = _file.get(name), "file .env"
    if raw is None or raw == "":
        known[name] = Setting(name, default, "default", secret)
        return default
    try:
        value = parse(raw)
    except ValueError as error:
        shown = "its value" if secret else repr(raw)
        wanted = f" It must be {expected}." if expected else ""
        raise InvalidSetting(f"{name}: {shown} can't be used.{wanted}") from error
    known[name] = Setting(name, value, source, secret)
    return value


def _parse_path(raw: str) -> Path:
    return (ROOT / Path(raw).expanduser()).resolve()


def _parse_flag(raw: str) -> bool:
    lowered = raw.strip().lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off"}:
        return False
    raise ValueError(raw)
