"""What finds faces in pictures and compares them: plain Python, for the worker's children.

Importing this loads neither numpy nor any of the libraries that do the work: ``load`` does. Images
are arrays (height, width, 3) of bytes in the order blue, green, red.
"""

from apps.faces.engines import files
from apps.faces.engines.calibration import Calibration, calibration
from apps.faces.engines.files import ModelAltered, ModelFiles, ModelMissing
from apps.faces.engines.loading import load
from apps.faces.engines.protocol import Detection, FaceEngine
from apps.faces.engines.ways import ENGINES, UnknownEngine, Way, way

__all__ = [
    "ENGINES",
    "Calibration",
    "Detection",
    "FaceEngine",
    "ModelAltered",
    "ModelFiles",
    "ModelMissing",
    "UnknownEngine",
    "Way",
    "calibration",
    "files",
    "load",
    "way",
]
