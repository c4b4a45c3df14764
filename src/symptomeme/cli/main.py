"""`symptomeme`: the one command. Each group of verbs has a thin module here; what it runs is imported when it runs."""

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence

INTERRUPTED = "interrupted; run it again to go on."

try:
    from symptomeme import __version__
    from symptomeme.cli import (
        cell,
        checkpoint,
        classify,
        demo,
        draw,
        explain,
        import_data,
        monitor,
        package,
        params,
        promotion,
        score,
        stage,
        study,
        trace,
        weights,
    )
    from symptomeme.data.naming import printable
    from symptomeme.domain.errors import SymptomemeError
    from symptomeme.domain.instructions import use_same_instructions
    from symptomeme.domain.postgres import settle_databases
except KeyboardInterrupt:
    print(f"symptomeme: {INTERRUPTED}", file=sys.stderr)
    raise SystemExit(130) from None

GROUPS = (
    *(import_data, draw, weights, checkpoint, params, stage, classify, explain),
    *(promotion, trace, package, monitor, score, study, cell, demo),
)
"""Modules of verbs, in the order in which help tells them."""

ENVIRONMENT = {
    # no tool of the stack reports home
    "DO_NOT_TRACK": "true",
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "BENTOML_DO_NOT_TRACK": "True",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # of its own accord it tries for minutes
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "MPLBACKEND": "agg",
    "PGCONNECT_TIMEOUT": "10",  # seconds
}
"""Defaults for every command and what it starts; a variable that is already set wins."""


class _Verb(argparse.ArgumentParser):
    """One verb: what it does not know is told with its own usage, not with that of the whole command line."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="symptomeme", description="Which symptoms a meme expresses. A research tool: no diagnosis."
    )
    top.add_argument("--version", action="version", version=f"symptomeme {__version__}")
    verbs: argparse._SubParsersAction[argparse.ArgumentParser] = top.add_subparsers(
        dest="verb", required=True, metavar="VERB", parser_class=_Verb
    )
    for group in GROUPS:
        group.add_to(verbs)
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one command; a user's error becomes one line on stderr and exit code 1."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a terminal's encoding has no character for is told by its code
            stream.reconfigure(errors="backslashreplace")
    named = "symptomeme"
    try:
        use_same_instructions()
        arguments = parser().parse_args(argv)
        named = f"symptomeme {arguments.verb}"
        settle_databases()
        return int(arguments.run(arguments))
    except SymptomemeError as error:
        print(f"{named}: {printable(str(error))}", file=sys.stderr)
    except OSError as error:
        whose = error.filename2 or error.filename  # of a copy the place it goes to
        place = f" {printable(str(whose))}" if whose else ""
        told = " ".join(str(error.strerror or error).split())
        mend = " Make room and run it again." if error.errno == errno.ENOSPC else ""
        print(f"{named}:{place} {told}.{mend}", file=sys.stderr)
    except MemoryError:
        print(f"{named}: there is not enough memory for this. Close other programs and run it again.", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"{named}: {INTERRUPTED}", file=sys.stderr)
        return 130
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
