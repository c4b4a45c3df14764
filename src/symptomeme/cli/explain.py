"""`symptomeme explain IMAGE`: which words and which parts of the picture moved each label."""

import argparse
from pathlib import Path
from typing import Any

from symptomeme.cli.model_options import add_model_options, asked_models, check_files
from symptomeme.cli.output import as_json
from symptomeme.data.naming import printable
from symptomeme.data.wording import well_formed
from symptomeme.domain.errors import InputError

MOST_WORDS, MOST_PATCHES = 5, 3  # that are told to people
LEGEND = (
    "  + speaks for a label, - against it, in log-odds, less where a part of the picture stands out; "
    "parts in pixels: left,top to right,bottom"
)


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `explain`."""
    verb = verbs.add_parser("explain", help="say which words and which parts of a picture moved a label")
    verb.add_argument("image", type=Path, metavar="IMAGE")
    add_model_options(verb)
    verb.add_argument(
        "--label", action="append", dest="labels", help="one to explain, may be given again; default: those claimed"
    )
    verb.add_argument("--out", type=Path, metavar="FILE.png", help="draw it there, a row a label")
    verb.add_argument("--json", action="store_true", help="print a JSON object")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Explain, draw, print.

    Raises:
        InputError: the image is missing, a label is of no model that is asked, or the drawing is to be no PNG.
    """
    check_files([arguments.image])
    if arguments.out and arguments.out.suffix.lower() != ".png":
        raise InputError(f"--out {printable(arguments.out)}: expected a name that ends in .png.")
    from symptomeme.data.transforms import read_picture
    from symptomeme.domain.writing import replacing
    from symptomeme.explaining.drawing import draw
    from symptomeme.explaining.explainer import Explainer
    from symptomeme.explaining.explanation import explanation, models_with
    from symptomeme.predictor import examine

    picture = read_picture(arguments.image)
    models = models_with({served.task: served for served in asked_models(arguments)}, arguments.labels)
    said = examine(arguments.image, well_formed(str(arguments.image)), list(models.values()), arguments.text)
    explainers = {task: Explainer.of(served.predictor) for task, served in models.items()}
    found = explanation(said, explainers, picture, arguments.labels)
    if arguments.out:
        with replacing(arguments.out) as beside:
            draw(found, picture).save(beside, "PNG")
    print(as_json(found) if arguments.json else told(found))
    return 0


def told(found: dict[str, Any]) -> str:
    """An explanation for people."""
    lines = [printable(found["image"])]
    for task, said in found["tasks"].items():
        model = said["model"]
        lines.append(f"  {task} ({model['name']} {model['version'] or ''} {model['variant']})")
        for one in said["explained"]:
            claimed = "claimed" if one["label"] in said["labels"] else "not claimed"
            lines.append(f"    {one['label']}, {one['probability']:.1%}, {claimed}")
            words = _strongest([word for word in one["words"] if word["score"] is not None], MOST_WORDS)
            lines += [f"      {word['score']:+.2f}  {word['text']}" for word in words]
            for patch in _strongest(one["patches"], MOST_PATCHES):
                left, top, right, bottom = (round(edge) for edge in patch["box"])
                lines.append(f"      {patch['strength']:+.2f}  picture, {left},{top} to {right},{bottom}")
    return "\n".join([*lines, LEGEND, f"  {found['notice']}"])


def _strongest(parts: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    from symptomeme.explaining.explanation import strength

    return sorted(parts, key=lambda part: -abs(strength(part)))[:most]
