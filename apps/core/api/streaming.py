"""Answers that are made while they are sent, however large."""

import asyncio
from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from rest_framework.request import Request


def streamed(
    request: Request, lines: Iterator[str], content_type: str, *, name: str
) -> StreamingHttpResponse:
    """An answer that is made while it is sent."""
    under_asgi = isinstance(request._request, ASGIRequest)
    response = StreamingHttpResponse(_later(lines) if under_asgi else lines)
    response["Content-Type"] = content_type
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _later(lines: Iterator[str]) -> AsyncIterator[str]:
    """The same for the event loop: each chunk is made in the request's own thread."""
    take = sync_to_async(lambda: next(lines, None))
    try:
        while (chunk := await take()) is not None:
            yield chunk
    finally:
        await asyncio.shield(sync_to_async(lines.close)())  # type: ignore[attr-defined]
