"""A door before a service that echoes what it was given: no model is needed to refuse."""

from collections.abc import Callable
from typing import Any

from running_service import local_client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from symptomeme.serving.door.door import Door
from symptomeme.serving.door.passage import current
from symptomeme.serving.settings import ServingSettings

KEY = "a-key-of-sixteen-signs"
BEARER = {"authorization": f"Bearer {KEY}"}
FILE = {"image": ("C:\\Users\\me\\private name.png", b"picture", "image/png")}


async def echo(request: Request) -> Response:
    form = current().form
    assert form is not None
    assert await request.body() == b""
    return JSONResponse(
        {"images": [image.decode("latin-1") for image in form.images], "text": form.text, "tasks": form.tasks}
    )


async def fails(_: Request) -> Response:
    raise RuntimeError("the words in it")


def answers(response: Response) -> Callable[[Request], Any]:
    async def answer(_: Request) -> Response:
        return response

    return answer


PAGE = {
    "server": "BentoML Service/symptomeme",
    "content-security-policy": "default-src 'none'; script-src 'self'",
}
SERVICE = Starlette(
    routes=[
        Route("/classify", echo, methods=["POST"]),
        Route("/classify_batch", echo, methods=["POST"]),
        Route("/models", answers(JSONResponse({}))),
        Route("/readyz", answers(Response())),
        Route("/", answers(HTMLResponse("<p>", headers=PAGE))),
        Route("/old", answers(JSONResponse([{"error": "bento"}], status_code=400))),
        Route("/moved", answers(RedirectResponse("http://elsewhere.example/"))),
        Route("/fails", fails),
        Route("/static_content/x", answers(JSONResponse({}))),
    ]
)


def behind(**settings: Any) -> TestClient:
    return local_client(Door(SERVICE, ServingSettings(**settings)), raise_server_exceptions=False)


def refusal(response: Any, status: int, code: str) -> str:
    """The message of a refusal that is as the contract says."""
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert set(error) == {"code", "message", "remedy", "request_id"}
    assert error["request_id"] == response.headers["x-request-id"]
    return str(error["message"])
