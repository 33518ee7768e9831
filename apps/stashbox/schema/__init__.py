"""What stash-boxes answer, as plain data. All of it is hostile: what is read here is bounded.

``from_answer_*`` take what a server answers, ``read_*`` what ``as_json`` made, so that a payload
that was kept can be read again. Both raise AnswerRefused where the shape is wrong; what is merely
too long is cut, and what is no date, number, address or fingerprint is left out.
"""

from apps.stashbox.schema.answers import (
    from_answer_performer,
    from_answer_scene,
    from_answer_studio,
    from_answer_tag,
)
from apps.stashbox.schema.reading import (
    AnswerRefused,
    as_json,
    read_performer,
    read_scene,
    read_studio,
    read_tag,
)
from apps.stashbox.schema.shapes import (
    RemoteAppearance,
    RemoteImage,
    RemotePerformer,
    RemotePrint,
    RemoteScene,
    RemoteStudio,
    RemoteTag,
)
from apps.stashbox.schema.values import plain_json

__all__ = [
    "AnswerRefused",
    "RemoteAppearance",
    "RemoteImage",
    "RemotePerformer",
    "RemotePrint",
    "RemoteScene",
    "RemoteStudio",
    "RemoteTag",
    "as_json",
    "from_answer_performer",
    "from_answer_scene",
    "from_answer_studio",
    "from_answer_tag",
    "plain_json",
    "read_performer",
    "read_scene",
    "read_studio",
    "read_tag",
]
