"""Brings HDR pictures down to what an ordinary screen shows.

Constants are those of SMPTE ST 2084 (PQ), ARIB STD-B67 (HLG) and ITU-R BT.2087 (BT.2020 to
BT.709); 203 cd/m² is the level of white in ITU-R BT.2408.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.floating]

_WHITE_NITS = 203.0
_PEAK_NITS = 1000.0
_CUBE_SIDE = 33
_BAND = 64  # rows at a time: a dozen arrays of floats come of each
_TO_BT709 = np.array(
    [
        [1.6605, -0.5876, -0.0728],
        [-0.1246, 1.1329, -0.0083],
        [-0.0182, -0.1006, 1.1187],
    ],
    dtype=np.float32,
)


def to_sdr(pixels: NDArray[Any], *, transfer: str) -> NDArray[Any]:
    """8-bit sRGB from 16-bit BT.2020 RGB; ``transfer`` is smpte2084 or arib-std-b67."""
    levels = np.empty(pixels.shape, dtype=np.uint8)
    for top in range(0, len(pixels), _BAND):
        levels[top : top + _BAND] = _band(pixels[top : top + _BAND], transfer)
    return levels


def _band(pixels: NDArray[Any], transfer: str) -> NDArray[Any]:
    signal = pixels.astype(np.float32) / np.float32(65535)
    light = (_pq(signal) if transfer == "smpte2084" else _hlg(signal)) / _WHITE_NITS
    light = _compress(np.clip(light @ _TO_BT709.T, 0, None))
    bent = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.clip(bent * 255 + 0.5, 0, 255), dtype=np.uint8)


def cube(transfer: str) -> str:
    """The same as a table for FFmpeg's lut3d filter."""
    steps = np.linspace(0, 65535, _CUBE_SIDE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")  # red changes quickest
    levels = to_sdr(np.stack((red, green, blue), axis=-1), transfer=transfer).reshape(-1, 3) / 255
    lines = (f"{r:.4f} {g:.4f} {b:.4f}" for r, g, b in levels)
    return "\n".join([f"LUT_3D_SIZE {_CUBE_SIDE}", *lines, ""])


def _pq(signal: Pixels) -> Pixels:
    """Light in cd/m²."""
    root = signal ** (1 / 78.84375)
    above = np.clip(root - 0.8359375, 0, None)
    return np.asarray(10_000 * (above / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125))


def _hlg(signal: Pixels) -> Pixels:
    """Light in cd/m² on a screen of 1000 cd/m²."""
    dark = signal**2 / 3
    bright = (np.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12
    scene = np.where(signal <= 0.5, dark, bright)
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593], dtype=np.float32)
    return np.asarray(_PEAK_NITS * scene * luminance[..., np.newaxis] ** 0.2)


def _compress(light: Pixels) -> Pixels:
    """Reinhard's curve on the brightest channel, so that colours keep their hue."""
    peak = _PEAK_NITS / _WHITE_NITS
    brightest = np.maximum(light.max(axis=-1, keepdims=True), 1e-6)
    return np.asarray(light * (1 + brightest / peak**2) / (1 + brightest))
