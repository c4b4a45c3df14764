"""What is read with GET: the models, the metrics, the description of the API, and the page for people."""

import bentoml
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from symptomeme.serving.metrics import exposed
from symptomeme.serving.openapi import described
from symptomeme.serving.page import page
from symptomeme.serving.settings import read_settings


async def _models(_: Request) -> Response:
    return JSONResponse(bentoml.get_current_service().told_models())


async def _metrics(_: Request) -> Response:
    content, kind = await to_thread.run_sync(exposed)
    return Response(content, headers={"content-type": kind})


async def _openapi(_: Request) -> Response:
    return JSONResponse(described(read_settings().max_batch))


reading = Starlette(
    routes=[
        Route("/models", _models),
        Route("/metrics", _metrics),
        Route("/openapi.json", _openapi),
        Route("/docs.json", _openapi),  # where BentoML has its own, which knows less
        Mount("/", page()),  # last: it is asked for what is none of the others
    ]
)
