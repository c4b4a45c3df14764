"""An explanation as JSON, as a drawing and on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from small_models import LABELS, write_model

from symptomeme.cli.explain import told as lines_for_people
from symptomeme.cli.main import main
from symptomeme.data.transforms import read_picture
from symptomeme.domain.errors import InputError
from symptomeme.explaining.drawing import draw
from symptomeme.explaining.explainer import Explainer
from symptomeme.explaining.explanation import explanation, models_with
from symptomeme.predictor import Predictor, Served, examine

TEXT = "i cannot  sleep again"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> dict[str, Served]:
    base = tmp_path_factory.mktemp("models")
    return {
        task: Served(
            predictor=Predictor(write_model(base / task, text_folder, vision_folder, task=task)), name=task, version="1"
        )
        for task in LABELS
    }


@pytest.fixture
def meme(tmp_path: Path) -> Path:
    path = tmp_path / "meme.png"
    Image.linear_gradient("L").resize((60, 40)).convert("RGB").save(path)
    return path


def found(models: dict[str, Served], meme: Path, labels: list[str] | None = None) -> dict[str, Any]:
    asked = models_with(models, labels)
    said = examine(meme, str(meme), list(asked.values()), TEXT)
    explainers = {task: Explainer.of(served.predictor) for task, served in asked.items()}
    return explanation(said, explainers, read_picture(meme), labels)


def test_claimed_labels_are_explained_or_the_likeliest_or_those_wanted(models: dict[str, Served], meme: Path) -> None:
    def explained(told: dict[str, Any]) -> dict[str, list[str]]:
        return {task: [one["label"] for one in said["explained"]] for task, said in told["tasks"].items()}

    said = examine(meme, str(meme), list(models.values()), TEXT).answer["tasks"]
    for task, names in explained(found(models, meme)).items():
        top = max(said[task]["probabilities"], key=said[task]["probabilities"].get)
        assert names == (said[task]["labels"] or [top])
    wanted = ["Impending Doom", "Nervousness"]
    assert explained(found(models, meme, wanted)) == {"anxiety": ["Nervousness", "Impending Doom"]}
    for wrong in (["Joy"], ["Nervousness", "Joy"], []):
        found_names = "'Joy'" if wrong else "nothing"
        told = rf"labels: found {found_names}, expected some of Nervousness, .*, Feeling Down, Self-Harm\.$"
        with pytest.raises(InputError, match=told):
            models_with(models, wrong)


def test_words_and_patches_stand_where_they_are_in_the_meme(models: dict[str, Served], meme: Path) -> None:
    told = found(models, meme)
    assert told["picture"] == {"width": 60, "height": 40}
    (one, *_) = told["tasks"]["anxiety"]["explained"]
    assert [TEXT[word["start"] : word["end"]] for word in one["words"]] == TEXT.split()
    assert len(one["patches"]) == 16
    assert (one["patches"][0]["box"], one["patches"][-1]["box"]) == ([0, 0, 15, 10], [45, 30, 60, 40])
    whole = sum(part["score"] for part in (*one["words"], *one["patches"]))
    assert whole - one["delta"] == pytest.approx(one["log_odds"] - one["baseline_log_odds"], abs=3e-3)  # rounded


def test_the_drawing_shades_what_moved_most(models: dict[str, Served], meme: Path) -> None:
    told = found(models, meme, ["Nervousness", "Self-Harm"])
    rows = draw(told, read_picture(meme))
    one = draw({**told, "tasks": {"anxiety": told["tasks"]["anxiety"]}}, read_picture(meme))
    assert (rows.width, rows.height > one.height) == (one.width, True)
    (label,) = told["tasks"]["anxiety"]["explained"]
    label["patches"] = [
        {**patch, "score": 9.0, "strength": float(at == 5)} for at, patch in enumerate(label["patches"])
    ]
    shaded = draw({**told, "tasks": {"anxiety": told["tasks"]["anxiety"]}}, Image.new("RGB", (60, 40), "white"))
    colours = {
        at: shaded.getpixel((24 + (15 * (at % 4) + 7) * 6, 24 + (10 * (at // 4) + 5) * 6)) for at in (0, 5, 6, 10)
    }
    assert colours == {0: (255, 255, 255), 5: (89, 163, 204), 6: (255, 255, 255), 10: (255, 255, 255)}


def test_people_are_told_the_strongest_parts_by_strength() -> None:
    patches = [
        {"box": [10.0 * at, 0.0, 10.0 * at + 10, 9.0], "score": score, "strength": strength}
        for at, (score, strength) in enumerate([(3.0, 0.2), (1.0, 1.0), (-0.5, -0.5), (0.1, 0.1)])
    ]
    one = {"label": "Nervousness", "probability": 0.5, "words": [{"text": "calm", "score": None}], "patches": patches}
    model = {"name": "tiny", "version": None, "variant": "fusion"}
    tasks = {"anxiety": {"labels": [], "explained": [one], "model": model}}
    lines = lines_for_people({"image": "meme.jpg", "tasks": tasks, "notice": "No diagnosis."}).splitlines()
    assert [line.split() for line in lines[3:6]] == [
        ["+1.00", "picture,", "10,0", "to", "20,9"],
        ["-0.50", "picture,", "20,0", "to", "30,9"],
        ["+0.20", "picture,", "0,0", "to", "10,9"],
    ]


def test_the_command_prints_and_draws(
    models: dict[str, Served], meme: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--model", str(models["anxiety"].predictor.folder), "--text", TEXT]
    drawing = meme.parent / "why.png"
    assert main(["explain", str(meme), *options, "--json", "--out", str(drawing)]) == 0
    told = json.loads(capsys.readouterr().out)
    expected = found({"anxiety": models["anxiety"]}, meme)
    assert told["tasks"]["anxiety"]["explained"] == expected["tasks"]["anxiety"]["explained"]
    assert drawing.read_bytes().startswith(b"\x89PNG")
    assert main(["explain", str(meme), *options, "--label", "Impending Doom"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("    Impending Doom, ")
    assert len(lines) == 3 + 4 + 3 + 1 + 1  # head, words, parts of the picture, legend, notice
    assert lines[-2].startswith("  + speaks for a label, - against it")
    for wrong, message in (
        (["--label", "Joy"], "labels: found 'Joy', expected some of Nervousness, Restlessness, Impending Doom."),
        (["--out", "why.jpg"], "--out why.jpg: expected a name that ends in .png."),
    ):
        assert main(["explain", str(meme), *options, *wrong]) == 1
        assert capsys.readouterr().err == f"symptomeme explain: {message}\n"
