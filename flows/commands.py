"""Programs that a run starts: their lines as they come, their end with the run's, what their failing means."""

import codecs
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

Say = Callable[[str], None]
Variables = Mapping[str, str] | None

LEASH = Path(__file__).resolve().with_name("leash.py")
BAR = re.compile(r"\d+%\|")
BETWEEN_BARS = 15  # seconds; a progress bar's lines in between are not shown
KEPT = 200  # last lines that an error is looked for in
PASSING = re.compile(
    r"is busy|is running already|unable to acquire lock|database is locked|MLflow: |interrupted;|timed out|connection",
    re.IGNORECASE,
)
"""What another program's lock or a server that is away is told with."""


class Fault(Exception):
    """A step failed; the message is one line for people."""


class PassingFault(Fault):
    """It can go well the next time: a lock, a server that was away, a process that was killed."""


class LastingFault(Fault):
    """The same input will bring the same error: bad data, bad params, a fault of the program."""


class Ended(NamedTuple):
    """How a program ended."""

    code: int
    lines: list[str]  # the last ones of both streams, or of stderr alone where stdout was kept
    kept: str  # stdout, where it was asked for
    late: bool  # it was ended because it took too long


_running: set[subprocess.Popen[bytes]] = set()
_called_off = threading.Event()


def run(
    module: str, *arguments: str, cwd: Path, say: Say, seconds: float, keep: bool = False, variables: Variables = None
) -> Ended:
    """Run `python -m module` in a process group of its own, which ends with this process or after `seconds`.

    Args:
        module: a module of this environment.
        arguments: what follows it.
        cwd: the folder it runs in.
        say: is given each line as it comes; of progress bars one now and then.
        seconds: the most it may take.
        keep: stdout is the program's result, to be kept and not shown.
        variables: what is added to the environment.

    Raises:
        LastingFault: the run is being ended.
    """
    if _called_off.is_set():  # a task that is tried again while its run is being ended
        raise LastingFault("called off")
    with TemporaryFile() if keep else _nothing() as kept:
        process = subprocess.Popen(
            [sys.executable, "-P", str(LEASH), module, *arguments],
            cwd=cwd,
            env=_environment(variables),
            stdin=subprocess.PIPE,
            stdout=kept or subprocess.PIPE,
            stderr=subprocess.PIPE if keep else subprocess.STDOUT,
            start_new_session=True,
        )
        _running.add(process)
        if _called_off.is_set():  # meanwhile
            _kill(process)
        late = threading.Event()
        alarm = threading.Timer(seconds, _end_late, [process, late])
        alarm.start()
        try:
            stream = process.stderr if keep else process.stdout
            assert stream is not None
            lines = _show(stream, say)
            code = process.wait()
        finally:
            alarm.cancel()
            _kill(process)
            process.wait()
            _running.discard(process)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
        if kept is not None:
            kept.seek(0)
        return Ended(code, lines, kept.read().decode() if kept else "", late.is_set())


def checked(module: str, *arguments: str, cwd: Path, say: Say, seconds: float, variables: Variables = None) -> None:
    """`run` that must end well.

    Raises:
        PassingFault: it failed, and may not the next time.
        LastingFault: it failed, and will again.
    """
    ended = run(module, *arguments, cwd=cwd, say=say, seconds=seconds, variables=variables)
    if ended.code:
        raise fault(ended)


def verb(*arguments: str, cwd: Path, say: Say, seconds: float, variables: Variables = None) -> dict[str, Any]:
    """What `symptomeme VERB … --json` answers.

    Raises:
        PassingFault: it failed, and may not the next time.
        LastingFault: it failed, and will again; or there is no such verb.
    """
    told = run("symptomeme", *arguments, "--json", cwd=cwd, say=say, seconds=seconds, keep=True, variables=variables)
    try:
        answer = json.loads(told.kept)
    except json.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise fault(told)
    return answer


def fault(ended: Ended) -> Fault:
    """The one line that tells why a program failed, as an error that says whether to try again."""
    lines = [line.strip() for line in ended.lines if line.strip()]
    if ended.late:
        return PassingFault("took longer than it may, and was ended")
    told = [line for line in lines if re.match(r"symptomeme [a-z-]+: |symptomeme: error: ", line)]
    if told:
        passes = PASSING.search(told[-1]) is not None
        return (PassingFault if passes else LastingFault)(told[-1])
    if any(line.startswith("Traceback") for line in lines):
        return LastingFault(f"a fault of the program: {lines[-1] if lines else ''}"[:500])
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    line = errors[-1] if errors else (lines[-1] if lines else f"ended with {ended.code} and said nothing")
    killed = ended.code < 0 or "failed to run" in line  # DVC's words for a stage that ended and told nothing
    passes = killed or any(PASSING.search(error) for error in errors)
    return (PassingFault if passes else LastingFault)(line[:500])


def begin() -> None:
    """Let programs be started again after `end_all`."""
    _called_off.clear()


def end_all() -> None:
    """End every program that runs, with its group, and start no more."""
    _called_off.set()
    for process in list(_running):
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a group, while its first process has not been waited for: until then its number is its own."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _end_late(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    _kill(process)


@contextmanager
def _nothing() -> Iterator[None]:
    yield None


def _show(stream: IO[bytes], say: Say) -> list[str]:
    """Hand on each line until the stream ends; the last KEPT of them."""
    lines: deque[str] = deque(maxlen=KEPT)
    shown = 0.0
    for line in _lines(stream):
        if BAR.search(line):
            if time.monotonic() - shown < BETWEEN_BARS:
                continue
            shown = time.monotonic()
        lines.append(line)
        say(line)
    return list(lines)


def _lines(stream: IO[bytes]) -> Iterator[str]:
    """Lines as they come, those that end in a carriage return too, without those that are empty."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    while chunk := os.read(stream.fileno(), 65536):
        *whole, rest = re.split(r"[\r\n]", rest + decoder.decode(chunk))
        yield from (line.rstrip() for line in whole if line.strip())
    if rest.strip():
        yield rest.rstrip()


def _environment(variables: Variables) -> dict[str, str]:
    """This environment with the interpreter's own programs first, since stages are commands."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1", **(variables or {})}


def git(*arguments: str, cwd: Path, variables: Variables = None) -> str:
    """What git prints, without its last line's end.

    Raises:
        LastingFault: it failed.
    """
    command: Sequence[str] = ("git", *arguments)
    done = subprocess.run(command, cwd=cwd, env=_environment(variables), capture_output=True, check=False)
    if done.returncode:
        told = " ".join(done.stderr.decode(errors="replace").split())
        raise LastingFault(f"'git {' '.join(arguments)}' failed: {told[:300]}")
    return done.stdout.decode().rstrip("\n")
