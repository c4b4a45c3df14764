"""A stage before its inputs, on data that cannot be learnt from, or without a tool: one line, nothing written."""

import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml
from diskcache import Cache
from safetensors.torch import load_file, save_file

from symptomeme.cli.main import main
from symptomeme.domain.labels import ANXIETY
from symptomeme.domain.layout import TRAINING_PARAMS, TaskPaths, dataset_paths, task_paths
from symptomeme.domain.records import MEME_ROWS, read_rows, write_rows

PATHS: TaskPaths = task_paths("anxiety")
FUSION = PATHS.variant("fusion")
CLASSES = ANXIETY.labels[:2]

Fails = Callable[..., str]

REPRO = "Run 'dvc repro' (or 'dvc pull')."
NOT_RUN = f"is missing: the stage that writes it has not run. {REPRO}"
WEIGHTS = "there is no such folder. Run 'symptomeme fetch-weights' or 'dvc pull'."


@pytest.mark.parametrize(
    ("stage", "missing", "told"),
    [
        ("ingest", "data/axiom", "is missing: run 'symptomeme import-data anxiety ARCHIVE...', or 'dvc pull "),
        ("ingest", "data/axiom/train/images/TR-3.png", "is missing: run 'dvc checkout' or 'dvc pull', or import"),
        ("validate", str(PATHS.memes), NOT_RUN),
        ("ocr", str(PATHS.valid), NOT_RUN),
        ("reason", str(PATHS.valid), NOT_RUN),
        ("reason", str(PATHS.texts), NOT_RUN),
        ("prealign", "data/weights/text", WEIGHTS),
        ("prealign", "data/weights/vision", WEIGHTS),
        ("prealign", str(PATHS.valid), NOT_RUN),
        ("prealign", str(PATHS.texts), NOT_RUN),
        ("prealign", str(PATHS.reasoning), NOT_RUN),
        ("train", str(PATHS.aligned), "there is no such folder. Run 'dvc repro' or"),
        ("evaluate", str(PATHS.texts), NOT_RUN),
        ("evaluate", str(FUSION.model), "there is no such folder. Run 'dvc repro' or"),
        ("register", str(dataset_paths("axiom").source), f"is missing. {REPRO}"),
        ("register", str(FUSION.metrics), f"is missing. {REPRO}"),
    ],
)
def test_a_stage_before_its_inputs_names_the_missing_one(
    ready: Path, fails: Fails, stage: str, missing: str, told: str
) -> None:
    path = Path(missing)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    line = fails(stage)
    assert missing in line
    assert told in line


def change_valid(change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    write_rows(PATHS.valid, change(read_rows(PATHS.valid, MEME_ROWS)), MEME_ROWS)


@pytest.mark.parametrize("stage", ["prealign", "evaluate"])
@pytest.mark.parametrize("split", ["train", "val"])
def test_an_empty_split_is_told(ready: Path, fails: Fails, stage: str, split: str) -> None:
    change_valid(lambda rows: rows[rows.split != split])
    assert fails(stage) == (
        f"{PATHS.valid}: no meme of AxiOM is in the {split} split. Import more memes, or import again with a larger "
        "--val-share."
    )


@pytest.mark.parametrize("stage", ["prealign", "evaluate"])
def test_one_class_alone_is_told(ready: Path, fails: Fails, stage: str) -> None:
    change_valid(lambda rows: rows.assign(labels=[["Restlessness"]] * len(rows)))
    assert fails(stage) == (
        f"{PATHS.valid}: all training memes of AxiOM have the same labels (Restlessness), so there is nothing to tell "
        "apart. Import memes of other classes."
    )


def test_all_rows_bad_is_told(ready: Path, fails: Fails) -> None:
    for path in Path("data/axiom/train/images").iterdir():
        path.write_bytes(b"")
    assert main(["ingest", "--task", "anxiety"]) == 0
    assert fails("validate").startswith(
        f"{PATHS.memes}: 16 of 16 memes failed their checks: picture must be readable: 16 (100.0%)."
    )


def test_all_rows_bad_is_told_even_where_all_may_be_bad(ready: Path, fails: Fails) -> None:
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["validate"]["max_bad_share"] = 1.0
    Path("params.yaml").write_text(yaml.safe_dump(params))
    for path in Path("data/axiom/train/images").iterdir():
        path.write_bytes(b"")
    assert [main([stage, "--task", "anxiety"]) for stage in ("ingest", "validate", "ocr", "reason")] == [0] * 4
    assert "no meme of AxiOM is in the train split" in fails("prealign")


def without_tesseract(monkeypatch: pytest.MonkeyPatch, ready: Path) -> None:
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(text.replace("source: given", "source: tesseract"))
    (ready / "empty").mkdir()
    monkeypatch.setenv("PATH", str(ready / "empty"))
    monkeypatch.setattr("sys.platform", "linux")


MISSING = "Tesseract is not installed, or does not start. Type: sudo apt-get install tesseract-ocr"


def test_ocr_without_tesseract_says_what_to_type(ready: Path, fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
    without_tesseract(monkeypatch, ready)
    assert fails("ocr") == MISSING


def test_classify_without_tesseract_says_what_to_type(
    ready: Path, small_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_tesseract(monkeypatch, ready)
    capsys.readouterr()
    assert main(["classify", "data/axiom/train/images/TR-1.png", "--model", str(small_model)]) == 1
    assert capsys.readouterr() == ("", f"symptomeme classify: {MISSING}\n")


def fill(disk: Path, *, left: int) -> None:
    """Take all room of a disk but so many bytes."""
    (disk / "filler").write_bytes(bytes(max(0, shutil.disk_usage(disk).free - left)))


def on_a_full_disk(place: str, disk: Path, *, left: int = 100_000) -> None:
    """Have a folder of the project lie on a disk without room."""
    shutil.rmtree(place, ignore_errors=True)
    Path(place).symlink_to(disk, target_is_directory=True)
    fill(disk, left=left)


def test_a_cache_without_room_is_told(ready: Path, small_disk: Path, fails: Fails) -> None:
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("source: given", "source: tesseract"))
    on_a_full_disk(".cache", small_disk, left=0)
    assert re.fullmatch(r"\.cache\S* No space left on device\. Make room and run it again\.", fails("ocr"))


def test_a_cache_that_cannot_be_used_is_told(ready: Path, fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("source: given", "source: tesseract"))

    def locked(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr("symptomeme.text.kept.Cache", locked)
    assert re.fullmatch(r"\.cache/ocr/\S+: database is locked\. Mend that and run it again\.", fails("ocr"))


def test_a_damaged_cache_is_told_and_can_be_deleted(ready: Path, fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("source: given", "source: tesseract"))

    def damaged(folder: str, **options: str) -> Cache:
        (Path(folder) / "cache.db").write_bytes(b"no database" * 1000)
        return Cache(folder, **options)

    with monkeypatch.context() as patch:
        patch.setattr("symptomeme.text.kept.Cache", damaged)
        told = re.fullmatch(r"(\.cache/ocr/\S+): this cache is damaged \(.+\)\. Delete the folder .+", fails("ocr"))
    assert told
    assert main(["ocr", "--task", "anxiety"]) == 1
    shutil.rmtree(told[1])
    assert main(["ocr", "--task", "anxiety"]) == 0


def test_data_docs_without_room_are_told(ready: Path, small_disk: Path, fails: Fails) -> None:
    on_a_full_disk("reports", small_disk)
    assert fails("validate") == "reports/data_docs/anxiety No space left on device. Make room and run it again."
    assert [path.name for path in small_disk.rglob("*") if path.is_file()] == ["filler"]


@pytest.mark.usefixtures("ready")
@pytest.mark.parametrize("stage", ["ingest", "validate", "ocr", "reason", "prealign"])
def test_artifacts_without_room_are_told(small_disk: Path, fails: Fails, stage: str) -> None:
    check_told_of_no_room(small_disk, fails, stage)


@pytest.mark.usefixtures("ready_to_evaluate")
@pytest.mark.parametrize("stage", ["train", "evaluate"])
def test_artifacts_without_room_for_a_model_or_figures_are_told(
    disk_for_models: Path, fails: Fails, stage: str
) -> None:
    check_told_of_no_room(disk_for_models, fails, stage)


def check_told_of_no_room(disk: Path, fails: Fails, stage: str) -> None:
    shutil.copytree("artifacts", disk, dirs_exist_ok=True)
    Path(".cache").rename("kept")  # a stage that has nothing to do would write nothing
    on_a_full_disk("artifacts", disk, left=0)
    before = {path: path.read_bytes() for path in disk.rglob("*") if path.is_file()}
    place = r"artifacts/anxiety(/\S+)?"
    assert re.fullmatch(rf"{place} No space left on device\. Make room and run it again\.", fails(stage))
    assert {path: path.read_bytes() for path in disk.rglob("*") if path.is_file()} == before


@pytest.mark.usefixtures("ready")
def test_a_cache_without_room_is_told_by_train_too(trained: Path, small_disk: Path, fails: Fails) -> None:
    shutil.copytree(trained / PATHS.aligned, PATHS.aligned)
    on_a_full_disk(".cache", small_disk, left=20_000)  # for locks and caches of their own
    assert re.fullmatch(r"\.cache/\S+ No space left on device\. Make room and run it again\.", fails("train"))


CUT_OFF = "no whole JSON file (JSONDecodeError). Delete it, and 'dvc repro' brings it back."


@pytest.mark.usefixtures("ready_to_evaluate")
@pytest.mark.parametrize(
    ("stage", "damaged"),
    [
        ("train", PATHS.aligned / TRAINING_PARAMS),
        ("evaluate", FUSION.model / TRAINING_PARAMS),
        ("register", FUSION.model / TRAINING_PARAMS),
    ],
    ids=str,
)
def test_what_was_cut_off_between_stages_is_told(fails: Fails, stage: str, damaged: Path) -> None:
    FUSION.metrics.parent.mkdir(parents=True, exist_ok=True)
    FUSION.metrics.write_text("{}")
    damaged.write_text(damaged.read_text()[:-3])
    assert fails(stage) == f"{damaged}: {CUT_OFF}"


@pytest.mark.usefixtures("ready_to_evaluate")
@pytest.mark.parametrize(
    ("stage", "file"),
    [
        *(("prealign", file) for file in ("curve.json", "last.safetensors", "state.pt")),
        *(("train", file) for file in ("curve.json", "last.safetensors", "best.safetensors", "state.pt")),
    ],
)
@pytest.mark.parametrize("emptied", [True, False])
def test_a_damaged_checkpoint_is_told(fails: Fails, stage: str, file: str, emptied: bool) -> None:
    found = sorted(Path(".cache", stage).rglob(file))
    assert found
    for path in found:
        path.write_bytes(b"" if emptied else path.read_bytes()[:-5])
    told = fails(stage)
    assert re.fullmatch(
        r"\.cache/\S+: this checkpoint is damaged \(\w+\)\. Delete the folder, and training begins anew\.", told
    )
    shutil.rmtree(told.partition(":")[0])
    assert main([stage, "--task", "anxiety", *(["--variant", "fusion"] if stage == "train" else [])]) == 0


@pytest.mark.usefixtures("ready_to_evaluate")
def test_a_model_that_gives_no_numbers_is_told(fails: Fails) -> None:
    weights = load_file(FUSION.model / "model.safetensors")
    weights["classifier.0.weight"][0, 0] = float("nan")
    save_file(weights, FUSION.model / "model.safetensors", metadata={"format": "pt"})
    assert fails("evaluate").startswith(
        "the model's answers to 4 of 4 memes hold NaN or infinity, and must be finite: "
    )
