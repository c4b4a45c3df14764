"""Every refusal of the service: its code, its HTTP status, and what the caller can do."""

from enum import StrEnum
from http import HTTPStatus
from typing import Any


class Code(StrEnum):
    """What an answer that is no success calls its reason."""

    BAD_FORM = "bad_form"
    BAD_FIELD = "bad_field"
    BAD_IMAGE = "bad_image"
    BAD_REQUEST = "bad_request"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    NOT_ALLOWED = "method_not_allowed"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    TOO_MANY_PIXELS = "too_many_pixels"
    UNSUPPORTED_TYPE = "unsupported_type"
    TOO_MANY_REQUESTS = "too_many_requests"
    INTERNAL = "internal"
    BUSY = "busy"
    TOO_SLOW = "too_slow"
    NOT_READY = "not_ready"
    UNAVAILABLE = "unavailable"


ROOM = "Send less at once, or have the operator raise the limit."
TABLE: dict[Code, tuple[HTTPStatus, str]] = {
    Code.BAD_FORM: (HTTPStatus.BAD_REQUEST, "Send the form that /openapi.json describes."),
    Code.BAD_FIELD: (HTTPStatus.BAD_REQUEST, "Give one of the values that /openapi.json describes."),
    Code.BAD_IMAGE: (HTTPStatus.BAD_REQUEST, "Give a whole picture: JPEG, PNG, GIF, WebP, BMP or TIFF."),
    Code.BAD_REQUEST: (HTTPStatus.BAD_REQUEST, "Send what /openapi.json describes."),
    Code.UNAUTHORIZED: (HTTPStatus.UNAUTHORIZED, "Send the header 'Authorization: Bearer KEY'."),
    Code.FORBIDDEN: (HTTPStatus.FORBIDDEN, "Call from the same machine, or have the operator set SYMPTOMEME_API_KEY."),
    Code.NOT_FOUND: (HTTPStatus.NOT_FOUND, "See /openapi.json for what there is."),
    Code.NOT_ALLOWED: (HTTPStatus.METHOD_NOT_ALLOWED, "Use a method that the header Allow names."),
    Code.TIMEOUT: (HTTPStatus.REQUEST_TIMEOUT, "Send the request again, faster."),
    Code.TOO_LARGE: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, ROOM),
    Code.TOO_MANY_PIXELS: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Make the picture smaller."),
    Code.UNSUPPORTED_TYPE: (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the pictures as multipart/form-data."),
    Code.TOO_MANY_REQUESTS: (HTTPStatus.TOO_MANY_REQUESTS, "Wait as long as the header Retry-After says."),
    Code.INTERNAL: (HTTPStatus.INTERNAL_SERVER_ERROR, "Tell the operator the request id: the log names the cause."),
    Code.BUSY: (HTTPStatus.SERVICE_UNAVAILABLE, "Wait as long as the header Retry-After says."),
    Code.TOO_SLOW: (HTTPStatus.SERVICE_UNAVAILABLE, "Send fewer or smaller pictures, or try again later."),
    Code.NOT_READY: (HTTPStatus.SERVICE_UNAVAILABLE, "Wait until /readyz answers 200."),
    Code.UNAVAILABLE: (HTTPStatus.SERVICE_UNAVAILABLE, "Tell the operator the request id: the log names the cause."),
}

_ALIKE = (
    Code.BAD_FORM,
    Code.BAD_FIELD,
    Code.BAD_IMAGE,
    Code.TOO_MANY_PIXELS,
    Code.BUSY,
    Code.TOO_SLOW,
    Code.UNAVAILABLE,
)
_BY_STATUS = {int(status): code for code, (status, _) in TABLE.items() if code not in _ALIKE}


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, code: Code, message: str, *, headers: dict[str, str] | None = None) -> None:
        """What to answer.

        Args:
            code: the reason.
            message: what was found and what is allowed; nothing of the picture, nor of its words or name.
            headers: of the answer, besides those that all have.
        """
        super().__init__(message)
        self.code, self.message, self.headers = code, message, headers or {}
        self.status, self.remedy = TABLE[code]

    def told(self, request_id: str) -> dict[str, Any]:
        """The body of the answer."""
        return {
            "error": {
                "code": self.code.value,
                "message": self.message,
                "remedy": self.remedy,
                "request_id": request_id,
            }
        }


def of_status(status: int) -> Refusal:
    """What stands for an answer of this status that does not tell more."""
    ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    code = _BY_STATUS.get(status, Code.INTERNAL if ours else Code.BAD_REQUEST)
    return Refusal(code, f"{TABLE[code][0].phrase.lower()}.")
