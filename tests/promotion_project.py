"""Three registered models of depression memes: untrained, trained on true labels, trained on shuffled ones.

A meme's first word tells its class. All is made once; each test gets a project and a registry database of its own.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
import yaml
from PIL import Image
from small_models import OCR
from sqlalchemy import event
from sqlalchemy.engine import Engine

from symptomeme.cli.main import main
from symptomeme.data.wording import normalise
from symptomeme.domain.digests import of_folder, of_text
from symptomeme.domain.labels import DEPRESSION
from symptomeme.domain.layout import task_paths
from symptomeme.domain.params import read_params
from symptomeme.domain.records import MEME_ROWS, TEXT_ROWS, TRAINING_ROWS, write_rows
from symptomeme.lifecycle.candidate import DATA_KIND, KIND, TASK, VARIANT, Candidate
from symptomeme.lifecycle.promotion import choose
from symptomeme.lifecycle.registry import Registry
from symptomeme.models.encoders import build_classifier
from symptomeme.models.loading import quiet_transformers
from symptomeme.models.processor import build_processor
from symptomeme.text.engines import engine_of

ROOT = Path(__file__).parents[1]
NAME = "symptomeme-depression"
KEYWORDS = ("i", "cannot", "sleep", "again", "because", "of", "exams")  # one a class, in the tokenizer's vocabulary
COUNTS = {"train": 3, "val": 1, "test": 6}  # memes of each class
UNTRAINED, TRAINED, SHUFFLED = "1", "2", "3"


def memes(root: Path) -> pd.DataFrame:
    Image.new("RGB", (8, 8), "white").save(root / "meme.png")
    rows = [
        {
            "key": f"{split}/{number}-{index}",
            "id": f"{number}-{index}",
            "origin": split,
            "split": split,
            "image": str(root / "meme.png"),
            "sha256": f"{split}-{number}-{index}",
            "width": 8,
            "height": 8,
            "phash": None,
            "labels": [label],
            "given_text": "",
            "given_reasoning": "",
            "cluster": f"{split}/{number}-{index}",
            "leaked": False,
            "fault": None,
            "text": f"{word} {split}{index}",
        }
        for split, count in COUNTS.items()
        for number, (word, label) in enumerate(zip(KEYWORDS, DEPRESSION.labels, strict=True))
        for index in range(count)
    ]
    return pd.DataFrame(rows)


def write_today(table: pd.DataFrame) -> None:
    """valid.parquet and texts.parquet, in the current folder."""
    paths = task_paths("depression")
    write_rows(paths.valid, table.drop(columns="text"), MEME_ROWS)
    texts = table[["key", "text"]].assign(confidence=None, words=2, engine=engine_of(read_params().ocr).settings)
    write_rows(paths.texts, texts, TEXT_ROWS)


def write_model(folder: Path, text_encoder: Path, train: pd.DataFrame, *, steps: int, shift: int) -> None:
    """Train a text-only model on these memes, with each label moved on by `shift`, and save it."""
    torch.manual_seed(5)
    processor = build_processor(
        tokenizer=text_encoder, vision_encoder=None, image_size=32, image_fit="squash", separator=None, max_length=12
    )
    model = build_classifier(
        text_encoder=text_encoder,
        vision_encoder=None,
        task="depression",
        variant="text_only",
        id2label=dict(enumerate(DEPRESSION.labels)),
        problem_type=DEPRESSION.problem_type,
        contrastive_size=16,
        num_experts=2,
        max_length=12,
    )
    inputs = processor(text=train.text.tolist())
    wanted = [(DEPRESSION.labels.index(labels[0]) + shift) % len(DEPRESSION.labels) for labels in train.labels]
    targets = torch.nn.functional.one_hot(torch.tensor(wanted), len(DEPRESSION.labels)).float()
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.eval()  # dropout would only slow it down
    for _ in range(steps):
        optimiser.zero_grad()
        model(**inputs, labels=targets).loss.backward()
        optimiser.step()
    model.config.update({"ocr": OCR})  # as train does: a Bento has no params.yaml to take it from
    model.save_pretrained(folder)
    processor.save_pretrained(folder)


@contextmanager
def locked_database(how: str) -> Iterator[None]:
    """Hold the registry's database, "immediate" against writers, "exclusive" against readers too; nobody waits long."""

    def impatient(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> tuple[str, Any]:
        return statement.replace("busy_timeout = 20000", "busy_timeout = 50"), parameters

    event.listen(Engine, "before_cursor_execute", impatient, retval=True)
    lock = sqlite3.connect("mlruns.db", isolation_level=None)
    try:
        lock.execute(f"begin {how}")
        yield
        lock.execute("rollback")
    finally:
        lock.close()
        event.remove(Engine, "before_cursor_execute", impatient)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, text_folder: Path) -> Path:
    """The project with today's memes and the registry's three versions, none with an alias."""
    root = tmp_path_factory.mktemp("promotion")
    params = yaml.safe_load((ROOT / "profiles/sample.yaml").read_text())
    params["tasks"] = {"depression": "restore"}
    params["promote"] |= {"resamples": 200, "max_calibration_error": 0.3}
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    table = memes(root)
    with pytest.MonkeyPatch.context() as patch, quiet_transformers():
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(root)
        write_today(table)
        train = table[table.split == "train"]
        met = train[["key", "sha256", "cluster"]].assign(
            text_sha256=[of_text(normalise(text)) for text in train.text.tolist()]
        )
        write_rows(root / "training_memes.parquet", met, TRAINING_ROWS)
        (root / "MODEL_CARD.md").write_text("# A model\n")
        registry = Registry(experiment="test")
        for name, steps, shift in (("untrained", 0, 0), ("trained", 80, 0), ("shuffled", 80, 3)):
            write_model(root / name / "model", text_folder, train, steps=steps, shift=shift)
            register(registry, root, name)
    return root


def register(registry: Registry, root: Path, name: str, *, data: str = "published") -> str:
    """Register the model in the folder `name`; its version."""
    files = {"evaluation": [root / "MODEL_CARD.md"], "training": [root / "training_memes.parquet"]}
    item = Candidate(
        digest=of_folder(root / name / "model") + ("" if data == "published" else data),
        tags={TASK: "depression", VARIANT: "text_only", DATA_KIND: data, KIND: "variant"},
        params={},
        metrics={},
        curves={},
        model=root / name / "model",
        files={folder: [path for path in paths if path.exists()] for folder, paths in files.items()},
        description=name,
    )
    return str(registry.add(NAME, item).version)


@pytest.fixture
def registry(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The registry of a project of this test's own, which is the current folder; the models' files are shared."""
    for name in ("params.yaml", "mlruns.db"):
        shutil.copy(template / name, tmp_path)
    shutil.copytree(template / "artifacts", tmp_path / "artifacts")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    return Registry(experiment="test")


@pytest.fixture
def offer(registry: Registry) -> Callable[..., None]:
    """Do what registration does after it: the first version becomes champion, the last challenger."""

    def make(*versions: str) -> None:
        for version in versions:
            choose(registry, NAME, registry.client.get_model_version(NAME, version))

    return make


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """What a command prints, read from JSON where it is; it must end well."""

    def make(*words: str) -> Any:
        capsys.readouterr()
        code = main(list(words))
        told = capsys.readouterr()
        assert code == 0, told.err
        return json.loads(told.out) if "--json" in words else told.out

    return make
