"""What is let in: who asks, how often, for what, and by which method."""

import math

from starlette.datastructures import Headers
from starlette.types import Scope

from symptomeme.serving.door.access import HEALTH, caller_of, check_access
from symptomeme.serving.door.codes import Code, Refusal
from symptomeme.serving.door.forms import Fields
from symptomeme.serving.door.rate import Rate
from symptomeme.serving.settings import ServingSettings

FORMS = {
    "/classify": Fields(images="image", several=False, text=True),
    "/explain": Fields(images="image", several=False, text=True, labels=True),
    "/classify_batch": Fields(images="images", several=True, text=False),
}
READ = ("/models", "/metrics", "/openapi.json", "/docs.json", *HEALTH)
HIDDEN = ("/static_content", "/assets")  # BentoML's pages, which call home


class Admission:
    """Looks at the head of each request."""

    def __init__(self, settings: ServingSettings) -> None:
        self._key, self._most = settings.api_key, settings.requests_per_minute
        self._rate = Rate(self._most)

    def check(self, scope: Scope) -> None:
        """Let a request in.

        Raises:
            Refusal: it may not go further.
        """
        headers, path, method, client = Headers(scope=scope), scope["path"], scope["method"], scope.get("client")
        if self._key is None:  # first, so that a page of another site cannot use up the turns of this machine
            check_access(method, path, headers, client, self._key)
        if path not in HEALTH:
            wait = self._rate.wait(caller_of(headers, client, self._key))
            if wait:
                told = {"retry-after": str(math.ceil(wait))}
                raise Refusal(Code.TOO_MANY_REQUESTS, f"more than {self._most} requests in a minute.", headers=told)
        if self._key is not None:  # last, so that nobody can try many
            check_access(method, path, headers, client, self._key)
        if path.startswith(HIDDEN):
            raise Refusal(Code.NOT_FOUND, "not found.")
        allowed = ("POST",) if path in FORMS else ("GET", "HEAD") if path in READ else None
        if allowed and method not in allowed:
            raise Refusal(Code.NOT_ALLOWED, "this method is not allowed here.", headers={"allow": ", ".join(allowed)})
