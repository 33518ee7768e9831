"""What this machine has for decoding beside its processor."""

import os

_DEVICES = ("/dev/nvidiactl", "/dev/dxg")


def has_graphics_card() -> bool:
    """Whether the kernel shows a card that CUDA may be able to use."""
    return any(map(os.path.exists, _DEVICES))
