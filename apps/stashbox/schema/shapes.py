"""What is known of a scene and of what belongs to it, as plain data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RemotePrint:
    """A fingerprint: ``hash`` is lower-case hex (phash 16 digits), ``duration_s`` whole seconds."""

    algorithm: str  # MD5, OSHASH, PHASH
    hash: str
    duration_s: int = 0
    submissions: int = 0
    reports: int = 0


@dataclass(frozen=True, slots=True)
class RemoteImage:
    url: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class RemoteStudio:
    id: str
    name: str
    aliases: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    parent: "RemoteStudio | None" = None
    images: tuple[RemoteImage, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class RemoteTag:
    id: str
    name: str
    details: str = ""
    aliases: tuple[str, ...] = ()
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class RemotePerformer:
    """A person; dates are ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``, texts in the box's own words."""

    id: str
    name: str
    disambiguation: str = ""
    aliases: tuple[str, ...] = ()
    gender: str = ""
    urls: tuple[str, ...] = ()
    birth_date: str = ""
    death_date: str = ""
    ethnicity: str = ""
    country: str = ""
    eye_color: str = ""
    hair_color: str = ""
    height_cm: int | None = None
    cup_size: str = ""
    band_size: int | None = None
    waist_size: int | None = None
    hip_size: int | None = None
    career_start: int | None = None
    career_end: int | None = None
    tattoos: tuple[str, ...] = ()
    piercings: tuple[str, ...] = ()
    images: tuple[RemoteImage, ...] = ()
    deleted: bool = False
    merged_into: str = ""
    scene_count: int = 0


@dataclass(frozen=True, slots=True)
class RemoteAppearance:
    """A performer in a scene, under the name that is given there."""

    performer: RemotePerformer
    alias: str = ""


@dataclass(frozen=True, slots=True)
class RemoteScene:
    """A scene, or what another source says of a video; then ``id`` is its address."""

    id: str
    title: str = ""
    details: str = ""
    date: str = ""
    urls: tuple[str, ...] = ()
    code: str = ""
    director: str = ""
    duration_s: int | None = None
    studio: RemoteStudio | None = None
    performers: tuple[RemoteAppearance, ...] = ()
    tags: tuple[RemoteTag, ...] = ()
    images: tuple[RemoteImage, ...] = ()
    fingerprints: tuple[RemotePrint, ...] = ()
    deleted: bool = False
