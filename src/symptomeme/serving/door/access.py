"""Who may ask: callers with the key, or without a key those on the same machine."""

import hashlib
import hmac
import ipaddress
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.datastructures import Headers

from symptomeme.serving.door.codes import Code, Refusal

HEALTH = ("/livez", "/readyz", "/healthz")
OPEN, PAGE = ("/", "/openapi.json", "/docs.json", "/schema.json"), "/page/"  # read with GET, without the key too
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


def caller_of(headers: Headers, client: tuple[str, int] | None, key: SecretStr | None) -> str:
    """By what a caller is counted: the key that is right, else the address."""
    if key is not None and _shows(headers, key):
        return "key " + hashlib.sha256(key.get_secret_value().encode()).hexdigest()
    return client[0] if client else ""


def check_access(
    method: str, path: str, headers: Headers, client: tuple[str, int] | None, key: SecretStr | None
) -> None:
    """Let a request in.

    With a key: health, the page and the description of the API are open, all else shows it. Without: only callers on
    this machine, and of those no page of another site (its Origin is another, or after DNS rebinding its Host).

    Raises:
        Refusal: it may not enter.
    """
    if path in HEALTH:
        return
    if key is not None:
        is_open = method in ("GET", "HEAD") and (path in OPEN or path.startswith(PAGE))
        if not is_open and not _shows(headers, key):
            raise Refusal(
                Code.UNAUTHORIZED,
                "the key is missing or wrong.",
                headers={"www-authenticate": 'Bearer realm="symptomeme"'},
            )
    elif not _is_loopback(client):
        raise Refusal(Code.FORBIDDEN, "no key is set, so that only callers on the service's machine are answered.")
    elif not _is_ours(headers):
        raise Refusal(Code.FORBIDDEN, "no key is set, and the request comes from a page of another site.")


def _shows(headers: Headers, key: SecretStr) -> bool:
    kind, _, shown = headers.get("authorization", "").partition(" ")
    right = hmac.compare_digest(shown.strip().encode(), key.get_secret_value().encode())
    return right and kind.lower() == "bearer"


def _is_loopback(client: tuple[str, int] | None) -> bool:
    try:
        address = ipaddress.ip_address(client[0] if client else "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _is_ours(headers: Headers) -> bool:
    host, origin = headers.get("host", ""), headers.get("origin")
    try:
        named = urlsplit(f"//{host}").hostname in _LOCAL_NAMES
        return named and (origin is None or urlsplit(origin).netloc == host)
    except ValueError:  # brackets that are not closed
        return False
