"""The headers that answers carry, for the description of the API; those of a careful service aside, which all have."""

from http import HTTPStatus
from typing import Any

_ID = {
    "X-Request-ID": {"description": "of this request, as in the log", "required": True, "schema": {"type": "string"}}
}
_WAIT = {
    "Retry-After": {
        "description": "seconds after which to ask again",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
}
_BY_STATUS: dict[int, dict[str, Any]] = {
    HTTPStatus.UNAUTHORIZED: {
        "WWW-Authenticate": {
            "description": "how to show the key",
            "required": True,
            "schema": {"type": "string", "examples": ['Bearer realm="symptomeme"']},
        }
    },
    HTTPStatus.METHOD_NOT_ALLOWED: {
        "Allow": {
            "description": "the methods that are allowed here, with commas between",
            "required": True,
            "schema": {"type": "string", "examples": ["GET, HEAD"]},
        }
    },
    HTTPStatus.TOO_MANY_REQUESTS: _WAIT,
    HTTPStatus.SERVICE_UNAVAILABLE: _WAIT,
}


def headers_with(status: int) -> dict[str, Any]:
    """The headers of every answer with this status."""
    return {**_ID, **_BY_STATUS.get(status, {})}
