"""The description of the API: every route, every answer, an example of each."""

import re
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic.json_schema import models_json_schema

from symptomeme.domain.labels import TASKS
from symptomeme.serving.contract import (
    EXAMPLE,
    EXAMPLE_ID,
    EXAMPLE_MODEL,
    Answer,
    BatchAnswer,
    ErrorAnswer,
    ModelsAnswer,
)
from symptomeme.serving.described_headers import headers_with
from symptomeme.serving.door.codes import TABLE, Code, Refusal
from symptomeme.serving.explanation_contract import EXAMPLE_EXPLANATION, Explanation


def _listed(names: Iterable[str]) -> str:
    """The pattern of some of these names with commas between."""
    one = f"({'|'.join(map(re.escape, names))})"
    return f"^{one}(,{one})*$"


_REF = "#/components/schemas/{model}"
_OPEN = [Code.BAD_REQUEST, Code.FORBIDDEN, Code.NOT_ALLOWED, Code.TOO_MANY_REQUESTS, Code.INTERNAL, Code.TOO_SLOW]
_KEYED = [*_OPEN, Code.UNAUTHORIZED]
_FORM = [*_KEYED, Code.BAD_FORM, Code.BAD_FIELD, Code.TIMEOUT, Code.TOO_LARGE, Code.UNSUPPORTED_TYPE, Code.BUSY,
         Code.NOT_READY, Code.UNAVAILABLE]  # fmt: skip
_HEALTH = [Code.NOT_ALLOWED, Code.INTERNAL, Code.TOO_SLOW]
_PICTURE = [Code.BAD_IMAGE, Code.TOO_MANY_PIXELS]
_EXAMPLE_MESSAGES = {
    Code.BAD_IMAGE: "image: of no known format, or its header is damaged.",
    Code.TOO_LARGE: "the request has more than 20000000 bytes.",
    Code.UNAUTHORIZED: "the key is missing or wrong.",
}
_ABOUT = "Which symptoms of anxiety or depression a meme expresses. A research tool, not a diagnosis."
_TASKS = {
    "type": "string", "description": "names with commas between; default: all", "examples": ["anxiety"],
    "pattern": _listed(TASKS),
}  # fmt: skip
_FILE = {"type": "string", "format": "binary", "description": "JPEG, PNG, GIF, WebP, BMP or TIFF"}
_TEXT = {
    "type": "string", "description": "the words in it, in place of reading them", "examples": ["cannot sleep again"],
}  # fmt: skip
_ONE = {"image": _FILE, "text": _TEXT, "tasks": _TASKS}
_LABELS = {
    "type": "string", "description": "names with commas between; default: those claimed, else the likeliest",
    "pattern": _listed([label for task in TASKS.values() for label in task.labels]),
    "examples": [next(iter(TASKS.values())).labels[0]],
}  # fmt: skip
_WHY = {**_ONE, "labels": _LABELS}


@cache
def described(max_batch: int) -> dict[str, Any]:
    """The OpenAPI document of a service that takes so many images in one request."""
    schemas = [(model, "serialization") for model in (Answer, BatchAnswer, ErrorAnswer, Explanation, ModelsAnswer)]
    _, found = models_json_schema(schemas, ref_template=_REF)  # type: ignore[arg-type]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "symptomeme",
            "version": _version(),
            "description": _ABOUT,
        },
        "paths": _paths(max_batch),
        "components": {
            "schemas": found["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "SYMPTOMEME_API_KEY"}},
        },
    }


def _paths(max_batch: int) -> dict[str, Any]:
    error = Refusal(Code.BAD_IMAGE, _EXAMPLE_MESSAGES[Code.BAD_IMAGE]).told(EXAMPLE_ID)
    batch = {"request_id": EXAMPLE_ID, "answers": [EXAMPLE, error]}
    models, metrics = _json("ModelsAnswer", {"models": [EXAMPLE_MODEL]}), _plain("symptomeme_requests_total 1.0\n")
    many = {"images": {"type": "array", "minItems": 1, "maxItems": max_batch, "items": _FILE}, "tasks": _TASKS}
    itself = {"application/json": {"schema": {"type": "object"}, "example": {"openapi": "3.1.0"}}}
    runs, ready = "The process runs", "A drawn picture was answered by the models that are live"
    return {
        "/classify": {"post": _posted("classify", "Of one meme", _ONE, "Answer", EXAMPLE, _PICTURE)},
        "/explain": {
            "post": _posted("explain", "Why, of one meme", _WHY, "Explanation", EXAMPLE_EXPLANATION, _PICTURE)
        },
        "/classify_batch": {"post": _posted("classify_batch", "Of several memes", many, "BatchAnswer", batch, [])},
        "/models": {"get": _read("models", "The models that answer now", models, _KEYED)},
        "/metrics": {"get": _read("metrics", "Metrics for Prometheus", metrics, _KEYED)},
        "/openapi.json": {"get": _read("openapi", "This description", itself, _OPEN)},
        "/livez": {"get": _read("livez", runs, _plain("\n"), _HEALTH)},
        "/healthz": {"get": _read("healthz", runs, _plain("\n"), _HEALTH)},
        "/readyz": {"get": _read("readyz", ready, _plain("\n"), [*_HEALTH, Code.NOT_READY])},
    }


def _posted(
    name: str, summary: str, fields: dict[str, Any], answer: str, example: Any, more: list[Code]
) -> dict[str, Any]:
    """An operation that takes a form."""
    schema = {"type": "object", "properties": fields, "required": [next(iter(fields))], "additionalProperties": False}
    told = _read(name, summary, _json(answer, example), [*_FORM, *more])
    return {**told, "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def _read(name: str, summary: str, content: dict[str, Any], codes: list[Code]) -> dict[str, Any]:
    """An operation, with what it answers."""
    success = {"description": summary, "headers": headers_with(HTTPStatus.OK), "content": content}
    told = {"operationId": name, "summary": summary, "responses": {"200": success, **_refusals(codes)}}
    return {**told, "security": [{"key": []}, {}]} if Code.UNAUTHORIZED in codes else told


def _refusals(codes: list[Code]) -> dict[str, Any]:
    """By status: what is refused with it, and an example for each code."""
    told: dict[str, Any] = {}
    for code in codes:
        refusal = Refusal(code, _EXAMPLE_MESSAGES.get(code, f"{TABLE[code][0].phrase.lower()}."))
        row = told.setdefault(
            str(int(refusal.status)),
            {
                "description": refusal.status.phrase,
                "headers": headers_with(refusal.status),
                "content": {"application/json": {"schema": {"$ref": _REF.format(model="ErrorAnswer")}, "examples": {}}},
            },
        )
        row["content"]["application/json"]["examples"][code.value] = {"value": refusal.told(EXAMPLE_ID)}
    return told


def _json(model: str, example: Any) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model)}, "example": example}}


def _plain(example: str) -> dict[str, Any]:
    return {"text/plain": {"schema": {"type": "string"}, "example": example}}


def _version() -> str:
    try:
        return version("symptomeme")
    except PackageNotFoundError:  # in a Bento the code lies beside the service
        return "0"
