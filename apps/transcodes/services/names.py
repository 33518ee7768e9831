"""Under which names a transcode's files stand: all follow from its row, and no kill hides one."""

import os
from dataclasses import dataclass

from apps.core.errors import MediaHubError
from apps.transcodes.choices import Place
from apps.transcodes.models import Transcode

TRASH = b".mediahub-trash"
_LONGEST_NAME = 255


class NameRefused(MediaHubError):
    """The new file's path can't be made of the source's."""

    code = "name_refused"


@dataclass(frozen=True, slots=True)
class Names:
    """Absolute paths. ``draft`` lies in the folder of ``target``, ``trash`` below the source's."""

    root: bytes
    target_root: bytes
    source: bytes
    target: bytes
    draft: bytes
    trash: bytes

    @property
    def replaces_name(self) -> bool:
        """The new file gets the very name of the source."""
        return self.source == self.target


def names_of(transcode: Transcode) -> Names:
    """Of a transcode whose ``target`` is chosen."""
    root = transcode.library.root_bytes.rstrip(b"/") or b"/"
    source, target = bytes(transcode.source), bytes(transcode.target or b"")
    folder, _, name = source.rpartition(b"/")
    # with its time: ids come again when a backup is restored, and what lies there then is another's
    asked_at = int(transcode.created_at.timestamp())
    kept = TRASH + b"/%d-%x.%s" % (transcode.pk, asked_at, name.rpartition(b".")[2][:20])
    other = transcode.place == Place.TREE
    tree = os.fsencode(transcode.profile.values["tree"]).rstrip(b"/") or b"/"
    target_root = tree if other else root
    whole = os.path.join(target_root, target)
    return Names(
        root=root,
        target_root=target_root,
        source=os.path.join(root, source),
        target=whole,
        draft=os.path.join(os.path.dirname(whole), b".mediahub-t%d.part" % transcode.pk),
        trash=os.path.join(root, bytes(transcode.trash or os.path.join(folder, kept))),
    )


def choose_target(transcode: Transcode, extension: str) -> bytes:
    """The path, below the library's root or that of the other tree, of what is to be made.

    Raises NameRefused.
    """
    folder, _, name = bytes(transcode.source).rpartition(b"/")
    stem = name.rpartition(b".")[0] or name
    beside = transcode.place in (Place.ADD, Place.BESIDE)
    suffix = str(transcode.profile.values["suffix"]).encode() if beside else b""
    tail = suffix + b"." + extension.encode()
    stem = _cut(stem, _LONGEST_NAME - len(tail))
    target = os.path.join(folder, stem + tail)
    if beside and target == bytes(transcode.source):
        raise NameRefused("The new file would have its source's name: give the profile a suffix.")
    return target


def below(root: bytes, path: bytes) -> bytes:
    """An absolute path as one below a root."""
    return path[len(root.rstrip(b"/")) + 1 :]


def _cut(stem: bytes, most: int) -> bytes:
    """No longer than a file system takes, without half a character at the end."""
    if len(stem) <= most:
        return stem
    try:
        stem.decode()
    except UnicodeDecodeError:
        return stem[:most]  # the name is no text, whatever is cut off
    return stem[:most].decode("utf-8", "ignore").encode()
