"""Where dlib's idea of a face lies in our crops, and ours in dlib's."""

import math

import numpy as np
from numpy.typing import NDArray

from apps.faces.engines.align import MARGIN_PX, TEMPLATE, similarity

# The mean places of dlib's five landmarks (corners of the right eye, of the left, below the nose)
# in its box of a face, as in its get_face_chip_details.
_MEAN: NDArray[np.float64] = np.array(
    [(0.8595674595992, 0.2134981538014), (0.6460604764104, 0.2289674387677),
     (0.1205750620789, 0.2137274526848), (0.3340850613712, 0.2290642403242),
     (0.4901123135679, 0.6277975316475)],
)  # fmt: skip
_EYES = np.array([_MEAN[2:4].mean(axis=0), _MEAN[0:2].mean(axis=0)])
# From places in dlib's box to those in the inner square of our crops, by the eyes.
_TO_TEMPLATE = similarity(_EYES, TEMPLATE[:2])
_UNIT_PX = math.hypot(_TO_TEMPLATE[0, 0], _TO_TEMPLATE[1, 0])
_LEFT, _TOP = _TO_TEMPLATE[:, 2] + MARGIN_PX

# dlib's box of the face in a crop: left, top, right, bottom.
FACE: tuple[int, int, int, int] = (
    round(_LEFT), round(_TOP), round(_LEFT + _UNIT_PX), round(_TOP + _UNIT_PX),
)  # fmt: skip
_GOOD_LENGTH = 12.0


def landmarks_of(points: NDArray[np.float64]) -> NDArray[np.float32]:
    """The five places of our template, from dlib's five (5, 2).

    They are where the template comes to lie if dlib's landmarks are laid over its mean ones: so a
    face is turned and scaled exactly as dlib would.
    """
    inner = points_by(similarity(_MEAN, points), points_by(_inverse(_TO_TEMPLATE), TEMPLATE))
    return inner.astype(np.float32)


def points_by(matrix: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])


def _inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    turn = np.linalg.inv(matrix[:, :2])
    return np.hstack([turn, -(turn @ matrix[:, 2])[:, None]])


def on_scale(vector: NDArray[np.float64]) -> NDArray[np.float32]:
    """dlib's vector at the length of a good face: its own length says nothing of how good it is."""
    length = float(np.linalg.norm(vector))
    return (vector * (_GOOD_LENGTH / length if length else 0)).astype(np.float32)
