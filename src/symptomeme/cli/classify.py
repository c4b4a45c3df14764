"""`symptomeme classify IMAGE…`: which symptoms each meme expresses, as text or JSON."""

import argparse
from pathlib import Path
from typing import Any

from symptomeme.cli.model_options import add_model_options, asked_models, check_files
from symptomeme.cli.output import as_json
from symptomeme.data.naming import printable
from symptomeme.data.wording import well_formed
from symptomeme.domain.errors import InputError


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `classify`."""
    verb = verbs.add_parser("classify", help="say which symptoms memes express")
    verb.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    add_model_options(verb)
    verb.add_argument(
        "--reasoning",
        type=well_formed,
        metavar="TEXT",
        help="figurative reasoning, for a model that was trained with it",
    )
    verb.add_argument("--json", action="store_true", help="print a JSON array, an object an image")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Classify each image.

    Raises:
        InputError: an image is missing, or a folder; or no model was trained with the reasoning that is given.
        ImageError: one is no picture that can be shown whole; none is classified then.
    """
    check_files(arguments.images)
    from symptomeme.data.transforms import read_picture

    for path in arguments.images:
        read_picture(path)  # before the models, which take seconds to load
    from symptomeme.predictor import answer

    models = asked_models(arguments)
    if arguments.reasoning is not None and not any(served.predictor.config.reasoning for served in models):
        raise InputError("--reasoning: no model asked was trained with reasoning. Leave it out.")
    asked = (models, arguments.text, arguments.reasoning)
    answers = [answer(path, well_formed(str(path)), *asked) for path in arguments.images]
    print(as_json(answers) if arguments.json else "\n\n".join(map(told, answers)))
    return 0


def told(answer: dict[str, Any]) -> str:
    """An answer for people."""
    words = printable(" ".join(answer["text"]["value"].split()))
    lines = [printable(answer["image"]), f"  words: {words or '(none)'}"]
    for task, found in answer["tasks"].items():
        model = found["model"]
        says = "abstains" if found["abstain"] else ", ".join(found["labels"])
        lines.append(f"  {task} ({model['name']} {model['version'] or ''} {model['variant']}): {says}")
        top = sorted(found["probabilities"].items(), key=lambda item: -item[1])
        lines += [
            f"    {p:6.1%}  {'#' * round(30 * p):<30} {label} (threshold {found['thresholds'][label]:.1%})"
            for label, p in top
        ]
    return "\n".join([*lines, f"  {answer['notice']}"])
