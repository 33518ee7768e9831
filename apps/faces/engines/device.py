"""On what an engine computes: asked of a child, because the libraries that know are large."""

import sys
from functools import lru_cache

from apps.core import process
from apps.faces.engines.ways import way
from apps.ffmpeg.devices import has_graphics_card

_TIMEOUT_SECONDS = 60


def device(engine_id: str) -> str:
    """``CPU`` or ``GPU``. Without a card nobody is asked."""
    embedder = "sface" if way(engine_id).embedder == "sface" else "dlib"
    return "GPU" if has_graphics_card() and embedder in _on_the_card() else "CPU"


def opencv_has_cuda() -> bool:
    """Whether this OpenCV was built for CUDA and sees a card; those of PyPI are not."""
    import cv2

    try:
        return bool(cv2.cuda.getCudaEnabledDeviceCount() > 0)
    except (AttributeError, cv2.error):
        return False


def dlib_has_cuda() -> bool:
    """Whether this dlib was built for CUDA and sees a card; dlib-bin is not."""
    import dlib

    try:
        return bool(dlib.DLIB_USE_CUDA and dlib.cuda.get_num_devices() > 0)
    except RuntimeError:
        return False


@lru_cache(maxsize=1)
def _on_the_card() -> frozenset[str]:
    """Once a process: libraries aren't changed under it."""
    asked = [sys.executable, "-c", f"from {__name__} import tell; tell()"]
    try:
        said = process.run(asked, timeout_s=_TIMEOUT_SECONDS)
    except process.ProcessFailed:
        return frozenset()
    return frozenset(said.stdout.decode(errors="replace").split())


def tell() -> None:
    """Print the embedders that compute on a card: what the child is for."""
    found = {"sface": opencv_has_cuda(), "dlib": dlib_has_cuda()}
    sys.stdout.write(" ".join(name for name, has in found.items() if has))
