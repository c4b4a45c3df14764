"""One real request to a built Bento, before it goes live."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from symptomeme.domain.errors import ToolError
from symptomeme.domain.leash import LEASH
from symptomeme.domain.ports import LOOPBACK, free_port
from symptomeme.lifecycle.packaging import example
from symptomeme.predictor import Served, answer

SERVER = ("bentoml", "serve")
TOLERANCE = 1e-5  # of a probability
_START, _ANSWER, _END = 180, 60, 20  # seconds, at most


def probe(tag: str, models: Sequence[Served]) -> None:
    """Serve a Bento on loopback, send it a drawn meme and compare its answer with that of the registry's own files.

    Raises:
        ToolError: it does not start, or answers something else.
    """
    image = bytes(example().image[0])
    expected = answer(image, "image", models, None)
    with TemporaryDirectory(prefix="symptomeme-probe-") as scratch:
        log = Path(scratch) / "log"
        port = free_port()
        with log.open("wb") as output:
            server = subprocess.Popen(
                [sys.executable, "-P", str(LEASH), *SERVER, tag, "--host", LOOPBACK, "--port", str(port)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(scratch),
                stdin=subprocess.PIPE,  # it ends with this process, however that ends
                start_new_session=True,
            )
            try:
                found = _ask(f"http://{LOOPBACK}:{port}", image, server)
            except ToolError as error:
                raise ToolError(f"{tag}: {error} {_last_words(log)}Nothing went live.") from None
            finally:
                _end(server)
    different = differences(expected["tasks"], found.get("tasks", {}))
    if different:
        raise ToolError(f"{tag} answers otherwise than the registered models: {different[0]}. Nothing went live.")


def _environment(state: str) -> dict[str, str]:
    """That of the trial: without a key, and with a state folder that holds no pointer and no real requests."""
    own = {name: value for name, value in os.environ.items() if name != "SYMPTOMEME_API_KEY"}
    return {**own, "SYMPTOMEME_STATE": state}


def differences(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """In what the tasks of two answers differ: models, or probabilities by more than TOLERANCE."""
    told = []
    for task in sorted(expected | found):
        if task not in found or task not in expected:
            told.append(f"{task} is answered by one alone")
        elif found[task]["model"] != expected[task]["model"]:
            told.append(f"{task}: {found[task]['model']} in place of {expected[task]['model']}")
        else:
            scores = expected[task]["probabilities"]
            told += [
                f"{task}: {name} {value} in place of {scores.get(name)}"
                for name, value in found[task]["probabilities"].items()
                if not math.isclose(value, scores.get(name, math.nan), rel_tol=0, abs_tol=TOLERANCE)
            ]
    return told


def _ask(url: str, image: bytes, server: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """The answer, once the service is ready."""
    with requests.Session() as session:
        session.trust_env = False  # a proxy is not asked for loopback
        until = time.monotonic() + _START
        while not _is_ready(session, url):
            if server.poll() is not None:
                raise ToolError("its service ended at once.")
            if time.monotonic() > until:
                raise ToolError(f"its service was not ready after {_START} s.")
            time.sleep(0.1)
        try:
            response = session.post(f"{url}/classify", files={"image": ("image", image)}, timeout=_ANSWER)
        except requests.RequestException as error:
            raise ToolError(f"its service does not answer ({type(error).__name__}).") from None
    if response.status_code != HTTPStatus.OK:
        raise ToolError(f"its service answers {response.status_code}.")
    told: dict[str, Any] = json.loads(response.content)
    return told


def _is_ready(session: requests.Session, url: str) -> bool:
    try:
        return session.get(f"{url}/readyz", timeout=5).status_code == HTTPStatus.OK
    except requests.RequestException:
        return False


def _end(server: "subprocess.Popen[bytes]") -> None:
    """End the service and its workers."""
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(timeout=_END)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    if server.stdin is not None:
        server.stdin.close()


def _last_words(log: Path) -> str:
    """The last line that the service printed."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f"It said: {lines[-1][:200]}. " if lines else ""
