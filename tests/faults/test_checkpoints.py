"""docs/bad-input.md, Checkpoints: each fault through `import-checkpoint`."""

import os
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from published_files import from_data_parallel, write_tokenizer
from published_forward import SMALL, weights
from torch import Tensor, nn

from symptomeme.cli.main import main

PAGE = Path(__file__).parents[2] / "docs/bad-input.md"
SECTION = PAGE.read_text().partition("\n## Checkpoints\n")[2].partition("\n## ")[0]
TABLE = dict(re.findall(r"^\| (.+?) \| (.+) \|$", SECTION, re.MULTILINE)[1:])
WEIGHTS = weights(SMALL, seed=7)
GATE, WORDS = "moe_gate.weight", "text_encoder.embeddings.word_embeddings.weight"
CLASS = "vision_encoder.vision_model.embeddings.class_embedding"
FILE, RAN = Path("published.pth"), Path("ran")

Change = Callable[[], Any]


class Code:
    """Something whose loading would run code."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {RAN}",)


def saved(found: Any) -> None:
    torch.save(found, FILE)


def cut() -> None:
    saved(WEIGHTS)
    FILE.write_bytes(FILE.read_bytes()[:-1000])


def damaged_pickle() -> None:
    rewritten(lambda name, data: data[: len(data) // 2] if name.endswith("data.pkl") else data, zipfile.ZIP_STORED)


def packed() -> None:
    rewritten(lambda name, data: bytes(len(data)) if "/data/" in name else data, zipfile.ZIP_DEFLATED)


def rewritten(change: Callable[[str, bytes], bytes], how: int) -> None:
    saved(WEIGHTS)
    with zipfile.ZipFile(FILE) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(FILE, "w", how) as archive:
        for name, data in members.items():
            archive.writestr(name, change(name, data))


def with_gate(change: Callable[[Tensor], Tensor]) -> Change:
    return lambda: saved({**WEIGHTS, GATE: change(WEIGHTS[GATE].clone())})


def holding(number: float) -> Change:
    def change(gate: Tensor) -> Tensor:
        gate[1, 2] = number
        return gate

    return with_gate(change)


# fault: what is done in the empty folder, what the line says, other options
FAULTS: dict[str, tuple[Change, str, dict[str, str]]] = {
    "missing file": (lambda: None, "there is no such file", {}),
    "no file of `torch.save`": (lambda: FILE.write_bytes(pickle.dumps(Code())), "no file that torch.save wrote", {}),
    "cut-off file": (cut, "cut off, damaged, or no file that torch.save wrote", {}),
    "damaged pickle in it": (damaged_pickle, "damaged, or no file that torch.save wrote", {}),
    "code in it": (
        lambda: saved({**WEIGHTS, "more": Code()}),
        "holds code that loading would run ('posix.system')",
        {},
    ),
    "whole model, pickled": (lambda: saved(nn.Linear(2, 2)), "('torch.nn.modules.linear.Linear')", {}),
    "archive that unpacks to more than it has": (packed, "unpacks to more bytes than it has", {}),
    "state dict beside other things": (lambda: saved({"epoch": 3, "model": WEIGHTS}), "holds no plain state dict", {}),
    "no tensor at all": (lambda: saved({}), f"missing ({WORDS!r}, ", {}),
    "another model": (lambda: saved(nn.Linear(2, 2).state_dict()), "; 2 unexpected ('weight', 'bias').", {}),
    "missing tensor": (
        lambda: saved({name: tensor for name, tensor in WEIGHTS.items() if name != GATE}),
        f"no checkpoint of the published model: 1 missing ({GATE!r}).",
        {},
    ),
    "unexpected tensor": (
        lambda: saved({**WEIGHTS, "more": torch.ones(2)}),
        "published model: 1 unexpected ('more').",
        {},
    ),
    "tensor of an odd shape": (with_gate(lambda gate: gate[:, :3]), f"({GATE!r}, (4, 3) in place of (4, 16)).", {}),
    "tensor that stands in it twice, with and without `module.`": (
        lambda: saved({**WEIGHTS, **from_data_parallel(WEIGHTS)}),
        f"'module.{WORDS}' stands in it twice",
        {},
    ),
    "text width that its heads do not divide": (lambda: saved(WEIGHTS), "do not fit each other", {"heads": "5 12 8"}),
    "vision width that its heads do not divide": (lambda: saved(WEIGHTS), "do not fit each other", {"heads": "12 5 8"}),
    "fusion width that its heads do not divide": (
        lambda: saved(WEIGHTS),
        "do not fit each other",
        {"heads": "12 12 5"},
    ),
    "class token of an odd width": (
        lambda: saved({**WEIGHTS, CLASS: torch.ones(SMALL.vision + 1)}),
        "sizes do not fit each other",
        {},
    ),
    "no rows of embeddings": (
        lambda: saved({**WEIGHTS, WORDS: torch.ones(0, SMALL.text)}),
        "sizes do not fit each other",
        {},
    ),
    "NaN": (holding(torch.nan), f"{GATE!r} holds NaN or infinity", {}),
    "infinity": (holding(-torch.inf), f"{GATE!r} holds NaN or infinity", {}),
    "whole numbers in place of weights": (with_gate(lambda gate: gate.long()), f"{GATE!r} is no plain tensor", {}),
    "sparse tensor": (with_gate(lambda gate: gate.to_sparse()), f"{GATE!r} is no plain tensor", {}),
    "few numbers that stand for many": (
        with_gate(lambda gate: gate[:1, :1].clone().expand(4, 16)),
        f"{GATE!r} is no plain tensor",
        {},
    ),
    "checkpoint of another task": (lambda: saved(WEIGHTS), "and depression has 7", {"task": "depression"}),
    "tokenizer of another encoder": (lambda: saved(WEIGHTS), "has 31 tokens and pads", {"tokenizer": "other"}),
    "missing tokenizer": (lambda: saved(WEIGHTS), "neither a folder nor under data/weights", {"tokenizer": "none"}),
}


def test_the_table_has_a_row_for_each_fault_and_no_other() -> None:
    assert list(TABLE) == list(FAULTS)


@pytest.mark.parametrize("name", TABLE)
def test_a_fault_is_refused_in_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, size in (("tokenizer", SMALL.vocabulary), ("other", SMALL.vocabulary + 1)):
        write_tokenizer(Path(folder), vocabulary=size, length=SMALL.positions - 2)
    plant, told, changes = FAULTS[name]
    plant()
    before = sorted(Path().rglob("*"))
    options = {"task": "anxiety", "tokenizer": "tokenizer", "heads": "12 12 8", **changes}
    words = [word for key, value in options.items() for word in (f"--{key}", *value.split())]
    assert main(["import-checkpoint", str(FILE), "--out", "model", *words]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"symptomeme import-checkpoint: [^\n]*{re.escape(told)}[^\n]*\n", err), err
    assert TABLE[name].split(",")[0] in err
    assert sorted(Path().rglob("*")) == before
    assert not RAN.exists()


def test_the_code_would_run_if_it_were_let(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    FAULTS["code in it"][0]()
    torch.load(FILE, weights_only=False)
    assert RAN.exists()
