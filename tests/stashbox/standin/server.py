"""The server itself: GraphQL over HTTP, on a free port, in a thread of this process."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import uvicorn
from ariadne.file_uploads import combine_multipart_data
from graphql import DocumentNode, GraphQLError, GraphQLSchema, execute_sync, parse, validate
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.stashbox.standin.asked import asked_fields
from tests.stashbox.standin.data import Data, Entity
from tests.stashbox.standin.mishaps import take
from tests.stashbox.standin.pages import PAGES
from tests.stashbox.standin.schema import build_schema
from tests.stashbox.standin.settings import Settings
from tests.stashbox.standin.state import Received, StandIn
from tests.stashbox.standin.visit import Upload, Visit


@contextmanager
def serve(
    data: Data, *, settings: Settings | None = None, port: int = 0, host: str = "127.0.0.1"
) -> Iterator[StandIn]:
    """A stand-in that answers until the block ends. Port 0 is any free one."""
    standin = StandIn(data, settings or Settings())
    with socket.create_server((host, port)) as listening:
        standin.base_url = f"http://{host}:{listening.getsockname()[1]}"
        server = uvicorn.Server(
            uvicorn.Config(
                application(standin), log_config=None, access_log=False, lifespan="off",
                ws="none", loop="asyncio", timeout_graceful_shutdown=1,
            )
        )  # fmt: skip
        thread = threading.Thread(target=server.run, args=([listening],), name="standin")
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.005)
            assert server.started, "The stand-in did not start."
            yield standin
        finally:
            server.should_exit = server.force_exit = True
            thread.join(timeout=10)


def application(standin: StandIn) -> Starlette:
    async def graphql(request: Request) -> Response:
        return await _answer(standin, request)

    routes = [Route("/graphql", graphql, methods=["POST"]), *PAGES]
    app = Starlette(routes=routes)
    app.state.standin = standin
    return app


async def _answer(standin: StandIn, request: Request) -> Response:
    received = Received(
        at=time.monotonic(),
        key=request.headers.get("apikey", ""),
        user_agent=request.headers.get("user-agent", ""),
    )
    standin.requests.append(received)
    try:
        operation = await _operation(request)
    except ValueError:
        return _refuse(received, 400, "json body could not be decoded", "BAD_REQUEST")
    document = _note(standin.schema, operation, received)
    trouble = standin.trouble.popleft() if standin.trouble else standin.settings.always
    if trouble is not None:
        await asyncio.sleep(trouble.delay_s)
        instead = take(trouble, received)
        if instead is not None:
            return instead
    response = _serve(standin, received, operation, document)
    received.status = response.status_code
    return response


def _serve(
    standin: StandIn, received: Received, operation: Entity, document: DocumentNode | None
) -> Response:
    if standin.too_many(received.at):
        return Response("Too Many Attempts", 429, {"retry-after": "1"})
    roles = standin.settings.keys.get(received.key)
    if roles is None:
        return Response(status_code=401)
    if document is None:
        return _refuse(received, 422, "the query could not be parsed", "GRAPHQL_PARSE_FAILED")
    errors = _errors(standin, document)
    if errors:
        return _refuse(received, 422, errors[0], "GRAPHQL_VALIDATION_FAILED")
    visit = Visit(
        data=standin.data, settings=standin.settings, roles=roles, base_url=standin.base_url,
        submissions=standin.submissions, drafts=standin.drafts,
    )  # fmt: skip
    result = execute_sync(
        standin.schema, document, context_value=visit, variable_values=operation["variables"],
        operation_name=operation["operationName"],
    )  # fmt: skip
    return JSONResponse(result.formatted)


async def _operation(request: Request) -> Entity:
    """What was sent, as JSON or in parts. Raises ValueError."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        sent = await _parts(request)
    else:
        sent = json.loads(await request.body())
    if not isinstance(sent, dict) or not isinstance(sent.get("query"), str):
        message = "no operation"
        raise ValueError(message)  # noqa: TRY004 - all that may be wrong with it is one
    return {
        "query": sent["query"],
        "variables": sent.get("variables") or {},
        "operationName": sent.get("operationName"),
    }


async def _parts(request: Request) -> Any:
    async with request.form() as form:
        operations, places = json.loads(str(form["operations"])), json.loads(str(form["map"]))
        files = {
            name: Upload(part.filename or "", part.content_type or "", await part.read())
            for name, part in form.items()
            if isinstance(part, UploadFile)
        }
    return combine_multipart_data(operations, places, files)


def _note(schema: GraphQLSchema, operation: Entity, received: Received) -> DocumentNode | None:
    """Write down what is asked, whatever will be answered."""
    try:
        document = _parsed(operation["query"])
    except GraphQLError:
        return None
    variables = operation["variables"]
    fields, deprecated = asked_fields(schema, document, variables)
    received.operation = operation["operationName"] or _name(document)
    roots = sorted(name for name in fields if name.startswith(("Query.", "Mutation.")))
    received.root = roots[0].partition(".")[2] if roots else ""
    received.variables = variables
    received.deprecated = frozenset(deprecated)
    if received.root == "findScenesBySceneFingerprints":
        lists = [value for value in variables.values() if isinstance(value, list)]
        received.scenes = sum(len(value) for value in lists)
    return document


@lru_cache(maxsize=100)
def _parsed(query: str) -> DocumentNode:
    return parse(query)


@lru_cache(maxsize=100)
def _invalid(document: DocumentNode) -> tuple[str, ...]:
    return tuple(error.message for error in validate(build_schema(), document))


def _name(document: DocumentNode) -> str:
    names = (getattr(each, "name", None) for each in document.definitions)
    return next((name.value for name in names if name), "")


def _errors(standin: StandIn, document: DocumentNode) -> list[str]:
    texts = list(_invalid(document))
    unknown = standin.settings.without and (
        standin.settings.without & asked_fields(standin.schema, document, {})[0]
    )
    for name in sorted(unknown):
        owner, _, field_ = name.partition(".")
        texts.append(f'Cannot query field "{field_}" on type "{owner}".')
    return texts


def _refuse(received: Received, status: int, text: str, code: str) -> Response:
    received.status = status
    error = {"message": text, "extensions": {"code": code}}
    return JSONResponse({"errors": [error], "data": None}, status)
