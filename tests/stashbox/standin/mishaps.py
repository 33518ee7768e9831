"""What is sent in place of an answer."""

import asyncio
import zlib
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from tests.stashbox.standin.settings import Trouble
from tests.stashbox.standin.state import Received

_PIECE = 65_536


def take(trouble: Trouble, received: Received) -> Response | None:
    """None: the answer itself."""
    received.status = trouble.status
    if trouble.hangs_up:
        return _HangsUp()
    if trouble.large_bytes:
        headers = {"content-encoding": "gzip"} if trouble.compressed else {}
        pieces = _large(trouble, received)
        return StreamingResponse(pieces, 200, headers, media_type="application/json")
    if trouble.status:
        return Response(trouble.body, trouble.status, dict(trouble.headers))
    return None


async def _large(trouble: Trouble, received: Received) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(wbits=31) if trouble.compressed else None
    left = trouble.large_bytes
    piece = b'{"data":{"version":{"hash":"'
    while left > 0:
        sent = piece[:left]
        left -= len(sent)
        sent = packer.compress(sent) if packer else sent
        piece = b"a" * _PIECE
        received.sent_bytes += len(sent)
        if sent:
            yield sent
        await asyncio.sleep(0)  # else nobody notices that the client has gone
    if packer:
        yield packer.flush()


class _HangsUp(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"data":', "more_body": True})
