"""`symptomeme classify IMAGE…`: which symptoms each meme expresses, as text or JSON."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from symptomeme.domain.errors import InputError
from symptomeme.domain.labels import TASKS


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `classify`."""
    verb = verbs.add_parser("classify", help="say which symptoms memes express")
    verb.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    verb.add_argument("--task", choices=TASKS, help="one task only")
    verb.add_argument("--model", metavar="DIR_OR_URI", help="a folder, or models:/NAME@ALIAS; default: the champions")
    verb.add_argument("--text", help="the words in the meme, in place of reading them")
    verb.add_argument("--json", action="store_true", help="print a JSON array, an object an image")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Classify each image.

    Raises:
        InputError: an image is missing.
    """
    missing = [str(path) for path in arguments.images if not path.is_file()]
    if missing:
        raise InputError(f"no such file: {', '.join(missing)}. Name existing pictures.")
    from symptomeme.lifecycle.served import champions, model_at

    if arguments.model:
        models = [model_at(arguments.model, task=arguments.task)]
    else:
        models = champions([arguments.task] if arguments.task else None)
    answers = [answer(path, models, arguments.text) for path in arguments.images]
    print(json.dumps(answers, indent=2, ensure_ascii=False) if arguments.json else "\n\n".join(map(told, answers)))
    return 0


def answer(path: Path, models: "list[Any]", text: str | None) -> dict[str, Any]:
    """All models' predictions of one image."""
    from symptomeme.data.transforms import read_picture
    from symptomeme.domain.digests import of_file
    from symptomeme.domain.params import OcrParams, read_params
    from symptomeme.predictor import NOTICE
    from symptomeme.text.engines import engine_of
    from symptomeme.text.ocr import Reading

    took: dict[str, float] = {}
    with _timed(took, "picture"):
        picture = read_picture(path)
    readings: dict[str, tuple[Reading, str]] = {}
    tasks = {}
    for served in models:
        config = served.predictor.config
        settings = "given" if text is not None else json.dumps(config.ocr, sort_keys=True)
        if settings not in readings:
            with _timed(took, "ocr"):
                if text is not None:
                    readings[settings] = Reading(text, None, len(text.split())), "given"
                else:
                    engine = engine_of(OcrParams(**config.ocr) if config.ocr else read_params().ocr)
                    readings[settings] = engine.read([picture])[0], engine.settings
        with _timed(took, served.task):
            found = served.predictor.predict([picture], [readings[settings][0].text])[0]
        tasks[served.task] = {**found._asdict(), "model": served.told()}
    reading, engine_name = next(iter(readings.values()))
    return {
        "image": str(path),
        "sha256": of_file(path),
        "text": {"value": reading.text, "confidence": reading.confidence, "engine": engine_name},
        "tasks": tasks,
        "milliseconds": {step: round(value, 1) for step, value in took.items()},
        "notice": NOTICE,
    }


def told(answer: dict[str, Any]) -> str:
    """An answer for people."""
    lines = [answer["image"], f"  words: {answer['text']['value'] or '(none)'}"]
    for task, found in answer["tasks"].items():
        model = found["model"]
        says = "abstains" if found["abstain"] else ", ".join(found["labels"])
        lines.append(f"  {task} ({model['name']} {model['version'] or ''} {model['variant']}): {says}")
        top = sorted(found["probabilities"].items(), key=lambda item: -item[1])
        lines += [f"    {p:6.1%}  {'#' * round(30 * p):<30} {label}" for label, p in top]
    return "\n".join([*lines, f"  {answer['notice']}"])


@contextmanager
def _timed(took: dict[str, float], step: str) -> Iterator[None]:
    start = perf_counter()
    yield
    took[step] = took.get(step, 0.0) + 1000 * (perf_counter() - start)
