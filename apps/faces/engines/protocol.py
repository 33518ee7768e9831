"""What every engine can do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # the web process imports this module, and needs no arrays for it
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face in an image. ``box`` is left, top, width and height within it, in pixels.

    ``landmarks`` (5, 2) are the left and right eye as one sees them, the nose, and the corners of
    the mouth; they may lie outside the image. ``score`` is 0 to 1, and means what the detector
    means by it.
    """

    box: tuple[float, float, float, float]
    landmarks: "NDArray[np.float32]"
    score: float


class FaceEngine(Protocol):
    """One way to find faces and to compare them. ``detector`` names the model that finds."""

    @property
    def id(self) -> str: ...

    @property
    def detector(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def device(self) -> str:
        """``CPU`` or ``GPU``."""

    def detect(self, image: "NDArray[np.uint8]", *, width_px: int, score: float) -> list[Detection]:
        """The faces of an image, the surest first, at most 200.

        Wider images are made ``width_px`` wide to look for them; positions are those of the image
        as it was given. Raises ImageUnusable if it is no picture of bytes.
        """

    def embed(self, crops: "Sequence[NDArray[np.uint8]]") -> "NDArray[np.float32]":
        """Vectors (n, ``dimensions``) of crops (``align.crop``); by their angles faces compare.

        Its length says how much could be told of the face: below 9 little, from 10.5 on enough to
        know a stranger again.
        """
