"""The answer that docs/model-output.md shows has the members of a real one, and its table names each."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from small_models import write_model

from symptomeme.domain.labels import TASKS
from symptomeme.predictor import Predictor, Served, answer
from symptomeme.sample.draw import Order, draw_meme

PAGE = (Path(__file__).parents[2] / "docs/model-output.md").read_text(encoding="utf-8")
SHOWN = json.loads(re.search(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[1])  # type: ignore[index]
BY_CLASS = ("probabilities", "thresholds")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> dict[str, Any]:
    """What two tiny models answer of a drawn meme, through JSON as `classify --json` prints it."""
    base = tmp_path_factory.mktemp("answer")
    folders = {task: write_model(base / task, text_folder, vision_folder, task=task) for task in TASKS}
    models = [Served(predictor=Predictor(folder), name=task, version="1") for task, folder in folders.items()]
    picture = draw_meme(Order(key="shown", text="when the kettle clicks and I jump", widths=(400, 400))).data
    told: dict[str, Any] = json.loads(json.dumps(answer(picture, "meme.jpg", models, None)))
    return told


def shape(found: Any, name: str = "") -> Any:
    """Members by name and nesting, in their order, and the type of each value; of classes only that of the values."""
    if name in BY_CLASS:
        return {type(value).__name__ for value in found.values()}
    if isinstance(found, dict):
        return [(key, shape(value, key)) for key, value in found.items()]
    return type(found).__name__


def paths(found: Any, prefix: str = "") -> set[str]:
    """Members as the table names them: `tasks.T.labels` for every task, classes and steps left out."""
    names = set()
    for key, value in found.items():
        name = f"{prefix}{'T' if key in TASKS else key}"
        inner = isinstance(value, dict) and key not in (*BY_CLASS, "milliseconds")
        names |= {name} | (paths(value, f"{name}.") if inner else set())
    return names - {"text", "tasks.T"} - {name for name in names if name.endswith(".model")}


def test_the_object_shown_has_the_members_of_a_real_answer(real: dict[str, Any]) -> None:
    assert shape(SHOWN) == shape(real)
    assert SHOWN["notice"] == real["notice"]


def test_the_classes_shown_are_those_of_the_tasks() -> None:
    for task, found in SHOWN["tasks"].items():
        for member in BY_CLASS:
            assert tuple(found[member]) == TASKS[task].labels


def test_the_table_names_every_member(real: dict[str, Any]) -> None:
    table = PAGE.partition("| field | type | meaning |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)) == paths(real)
