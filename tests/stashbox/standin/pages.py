"""What else the stand-in serves: the images of its entities, and what images may not be."""

import asyncio
import io
import zlib
from collections.abc import AsyncIterator
from hashlib import sha256
from struct import pack
from typing import Any

from PIL import Image, ImageDraw
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

_LARGEST = 4_000
_PIECE = b"\xff" * 65_536


def picture(name: str, *, width: int = 640, height: int = 360) -> bytes:
    """A PNG of its own for each name: stripes in colours that the name gives."""
    digest = sha256(name.encode()).digest()
    drawn = Image.new("RGB", (width, height), tuple(digest[:3]))
    pen = ImageDraw.Draw(drawn)
    for place in range(8):
        left = width * place // 8
        top = height * digest[3 + place] // 256
        pen.rectangle((left, top, left + width // 8, height), fill=tuple(digest[11 + place :][:3]))
    pen.text((8, 8), name, fill="white")
    file = io.BytesIO()
    drawn.save(file, "PNG")
    return file.getvalue()


async def _image(request: Request) -> Response:
    data = request.app.state.standin.data
    known = _known(data, request.path_params["id"])
    if known is None:
        return Response(status_code=404)
    size = {side: min(int(known.get(side, 640)), _LARGEST) for side in ("width", "height")}
    return Response(picture(known["id"], **size), media_type="image/png")


def _known(data: Any, wanted: str) -> dict[str, Any] | None:
    owners = (data.scenes, data.performers, data.studios)
    images = (each for kind in owners for one in kind.values() for each in one["images"])
    return next((each for each in images if each["id"] == wanted), None)


async def _website(_: Request) -> Response:
    return Response("<!doctype html><title>A website</title>", media_type="text/html")


async def _elsewhere(request: Request) -> Response:
    return RedirectResponse(request.query_params["to"], 302)


async def _disguised(_: Request) -> Response:
    return Response(b"<script>1</script>", media_type="image/png")


async def _endless(_: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3_200):
            yield _PIECE
            await asyncio.sleep(0)

    return StreamingResponse(pieces(), media_type="image/jpeg")


async def _bomb(_: Request) -> Response:
    """A small PNG that says it has 40,000 pixels a side."""
    head = _chunk(b"IHDR", pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0))
    body = _chunk(b"IDAT", zlib.compress(bytes(1_000))) + _chunk(b"IEND", b"")
    return Response(b"\x89PNG\r\n\x1a\n" + head + body, media_type="image/png")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))


PAGES = [
    Route("/images/{id}", _image),
    Route("/website", _website, methods=["GET", "POST"]),
    Route("/elsewhere", _elsewhere, methods=["GET", "POST"]),
    Route("/odd/disguised.png", _disguised),
    Route("/odd/endless.jpg", _endless),
    Route("/odd/bomb.png", _bomb),
]
