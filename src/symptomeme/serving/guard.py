"""What stands before BentoML: it would unpickle a body that says it is a pickle."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

TAKEN = ("multipart/form-data", "application/json")


class OnlyForms:
    """Refuses bodies of any other kind with 415."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            headers = dict(scope["headers"])
            kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
            if kind not in TAKEN:
                refusal = JSONResponse({"error": f"send the picture as {TAKEN[0]}"}, status_code=415)
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)
