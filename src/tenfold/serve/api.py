"""Serve the reader to other programs over HTTP: a picture in, JSON out."""

import asyncio
import ipaddress
import os
import socket
import warnings
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn
from anyio import BrokenWorkerProcess, CapacityLimiter, Semaphore, fail_after, to_process
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, Field
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from tenfold.base.errors import TenfoldError, TenfoldWarning
from tenfold.base.version import VERSION
from tenfold.serve import HOST, worker

PORT = 8029
SECONDS = 30.0  # that a picture may take to arrive, and again to be read
MOST_BYTES = 16 << 20  # in a picture's file
MOST_AT_ONCE = 64  # pictures in memory; further requests wait before they are received
BINARY = "application/octet-stream"
REFUSALS = {
    400: "No picture, or not all of it, arrived.",
    403: "Asked under another name than the server's own, or by a page of another site.",
    408: f"The picture did not arrive within {SECONDS:.0f} seconds.",
    413: f"The file holds more than {MOST_BYTES >> 20} MiB.",
    415: f"The content type is neither that of a picture nor {BINARY}.",
    422: "Not a picture, or a damaged one, or one too large or too dense to be read; the answer says which.",
    503: "The process that was reading ended; sent again, the picture may be read.",
    504: f"Reading took more than {SECONDS:.0f} seconds.",
}


class Refusal(BaseModel):
    """Why there is no answer."""

    detail: str


class Digit(BaseModel):
    """One digit that was read."""

    label: int | str | None = Field(description="The digit, or another class of the model; null if probably neither.")
    probability: float = Field(description="Of the most probable digit, 0 to 1.")
    alternatives: list[tuple[int | str, float]] = Field(description="Other digits with at least 1%, and how probable.")
    box: tuple[int, int, int, int] = Field(description="In the upright picture: x, y, width, and height, in pixels.")
    line: int = Field(description="The number of its text line, from 0 at the top.")


class Answer(BaseModel):
    """What was read in a picture."""

    file: str = Field(description="Always -, as for a picture on standard input.")
    model: str
    text: str = Field(description="The digits, line by line; a question mark stands for what is probably no digit.")
    readings: list[Digit]
    reason: str | None = Field(None, description="If nothing was read: why.")


class Health(BaseModel):
    """The server answers."""

    version: str
    model: str
    reading: int = Field(description="How many pictures are being read at this moment.")


class Guard:
    """Refuses what a page of another site makes a browser send.

    Args:
        app: the application to guard.
        names: the names, with the port, under which the server is asked; None if any name may be its own.
    """

    def __init__(self, app: ASGIApp, names: Collection[str] | None) -> None:
        self.app = app
        self.names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        answer = self.app
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            name = headers.get("host", "")
            is_foreign = self.names is not None and name not in self.names  # as when another site's name leads here
            if is_foreign or headers.get("origin", f"http://{name}").partition("://")[2] != name:
                answer = JSONResponse({"detail": REFUSALS[403]}, 403)
        await answer(scope, receive, send)


def create_app(
    model: Path | None, name: str, limiter: CapacityLimiter, names: Collection[str] | None, seconds: float = SECONDS
) -> FastAPI:
    """Create the application.

    Args:
        model: the path of the model; None for the one that comes with tenfold.
        name: the name of the model.
        limiter: limits the number of worker processes.
        names: the names, with the port, under which the server is asked; None if any name may be its own.
        seconds: how long a picture may take to arrive, and again to be read.
    """
    # its page of documentation loads nothing from elsewhere
    app = FastAPIOffline(redoc_url=None, title="tenfold", version=VERSION, description="Reads handwritten digits.")
    app.add_middleware(Guard, names=names)
    places, free = Semaphore(MOST_AT_ONCE), Semaphore(int(limiter.total_tokens))
    body = {"required": True, "content": {kind: {} for kind in ("image/png", "image/jpeg", BINARY)}}
    refusals: dict[int | str, dict[str, Any]] = {
        status: {"model": Refusal, "description": reason} for status, reason in REFUSALS.items()
    }

    @app.post("/read", response_model=Answer, responses=refusals, openapi_extra={"requestBody": body})
    async def read(request: Request) -> Response:
        """Read the digits in a picture (BMP, GIF, JPEG, PNG, PPM, TIFF or WebP), the body of the request.

        The answer is what `tenfold predict --json - < picture` prints.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].lower()
        if not kind.startswith("image/") and kind != BINARY:
            raise HTTPException(415, f"{kind or 'no content type'}: send image/png, another image type, or {BINARY}")
        async with places:
            picture = await _receive(request, seconds)
            async with free:
                try:
                    with fail_after(seconds):
                        text = await to_process.run_sync(worker.read, picture, model, cancellable=True, limiter=limiter)
                except TimeoutError:
                    raise HTTPException(504, f"reading takes more than {seconds:g} seconds; crop the picture") from None
                except BrokenWorkerProcess:
                    raise HTTPException(503, REFUSALS[503]) from None
                except TenfoldError as error:
                    raise HTTPException(422, str(error)) from None
        return Response(text, media_type="application/json")

    @app.get("/health")
    async def health() -> Health:
        """Whether the server answers, and with which model."""
        return Health(version=VERSION, model=name, reading=int(limiter.total_tokens) - free.value)

    return app


async def _receive(request: Request, seconds: float) -> bytes:
    """The body of a request."""
    too_large = HTTPException(413, f"the picture's file holds more than {MOST_BYTES >> 20} MiB; scale the picture down")
    if int(request.headers.get("content-length", 0)) > MOST_BYTES:
        raise too_large
    picture = bytearray()
    try:
        with fail_after(seconds):
            async for part in request.stream():
                picture += part
                if len(picture) > MOST_BYTES:
                    raise too_large
    except TimeoutError:
        raise HTTPException(408, f"the picture did not arrive within {seconds:g} seconds") from None
    except ClientDisconnect:
        raise HTTPException(400, REFUSALS[400]) from None  # nobody hears it
    if not picture:
        raise HTTPException(400, "the body is empty; send a picture in it")
    return bytes(picture)


def serve_api(
    host: str = HOST,
    port: int = PORT,
    workers: int | None = None,
    model: Path | None = None,
    tell: Callable[[str], object] = print,
) -> None:
    """Read the pictures that other programs send, until Ctrl-C or SIGTERM; what was received by then is still read.

    Args:
        host: the address to listen on; by default, only this machine can send pictures. A warning says if others can,
            too.
        port: the port; 0 picks a free one.
        workers: the number of processes that read; by default one per core.
        model: the path of a model; by default the one that comes with tenfold.
        tell: called with the server's address once it listens.

    Raises:
        TenfoldError: if there is no model at the path, it is damaged, or the address is not available.
        OSError: if the model's file cannot be read.
    """
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]  # Python says the address again
        raise TenfoldError(f"{host}, port {port}: {reason}; choose others with --host and --port") from error
    with listening, suppress(KeyboardInterrupt):
        asyncio.run(_serve(listening, host, workers or os.cpu_count() or 1, model, tell))


async def _serve(
    listening: socket.socket, host: str, workers: int, model: Path | None, tell: Callable[[str], object]
) -> None:
    address, port = listening.getsockname()[:2]
    names = None
    if ipaddress.ip_address(address).is_loopback:
        names = {f"{name}:{port}" for name in (host, HOST, "localhost")}
    else:
        warnings.warn(
            f"{host} can be reached from other machines, and whoever reaches it can have pictures read: there is no "
            "password and no encryption",
            TenfoldWarning,
            stacklevel=2,
        )
    limiter = CapacityLimiter(workers)
    started = (to_process.run_sync(worker.prepare, model, cancellable=True, limiter=limiter) for _ in range(workers))
    name, *_ = await asyncio.gather(*started)
    app = create_app(model, name, limiter, names)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none"))
    tell(f"http://{host}:{port}/docs")
    await server.serve([listening])
