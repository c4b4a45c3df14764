"""Every key of params.yaml is read somewhere, and changes the status of just the stages whose results depend on it."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from contract.conftest import other_value
from contract.key_reads import is_read, keys, reads
from contract.key_table import DRIVES_THE_MATRIX, OF_STAGES, OF_VERBS
from dvc.dependency import ParamsDependency
from dvc.repo import Repo

from symptomeme.cli.main import parser
from symptomeme.domain.params import Params
from symptomeme.domain.sections.training import AugmentationParams, PrealignParams, TrainParams, VariantParams
from symptomeme.domain.sections.words import OcrParams

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "profiles" / "sample.yaml"
CODE = [
    path
    for folder in ("src", "flows")
    for path in (ROOT / folder).rglob("*.py")
    if path != ROOT / "src/symptomeme/domain/params.py" and path.parent.name != "sections"
]


def leaves(value: Any, *path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, *path, key)
    else:
        yield ".".join(path)


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return "data/weights/other" if value.startswith("data/weights") else f"{value}x"
    if isinstance(value, list):
        return value[1:]
    return 3 if value is None else value + 1


MAKES_PATHS = re.findall(r"\$\{([a-z_]+\.[a-z_.]+)\}", (ROOT / "dvc.yaml").read_text())
KEYS = list(leaves(yaml.safe_load(SAMPLE.read_text())))
WITH_ALL = {*{key.split(".")[0]: key for key in KEYS}.values(), *MAKES_PATHS}  # whole status: the last of each section


def test_the_table_says_of_every_key_who_uses_it() -> None:
    assert sorted([*OF_STAGES, *OF_VERBS, *DRIVES_THE_MATRIX]) == sorted(KEYS), "mend tests/contract/key_table.py"


def test_the_table_names_verbs_that_there_are() -> None:
    (verbs,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    assert {verb for used in OF_VERBS.values() for verb in used} <= set(verbs.choices)


@pytest.fixture(scope="module")
def stages(repository: Path) -> Iterator[list[Any]]:
    with Repo(str(repository)) as repo:
        yield list(repo.index.stages)


def of_params(stages: list[Any]) -> set[str]:
    """The stages whose params are not those of their last run: a tenth of the time of a whole status."""
    return {
        stage.addressing
        for stage in stages
        if any(dep.status() for dep in stage.deps if isinstance(dep, ParamsDependency))
    }


def of_all(repository: Path) -> set[str]:
    with Repo(str(repository)) as repo:
        return {stage.split(":")[-1] for stage in repo.status()}


@pytest.mark.parametrize("key", [key for key in KEYS if key not in DRIVES_THE_MATRIX])
def test_a_key_changes_the_status_of_the_stages_that_use_it_alone(
    repository: Path, stages: list[Any], key: str
) -> None:
    with other_value(repository, key, changed):
        if key not in MAKES_PATHS:
            assert of_params(stages) == OF_STAGES.get(key, set())
        if key in WITH_ALL:
            assert of_all(repository) == OF_STAGES.get(key, set())


def test_every_key_is_read_outside_its_declaration() -> None:
    found = set().union(*(reads(path.read_text(encoding="utf-8")) for path in CODE))
    assert [key for key, declared in keys() if not is_read(declared, found)] == []


def test_declared_keys_are_those_of_the_profile() -> None:
    declared = {key for key, _ in keys()}
    assert {re.sub(r"^((published\.)?variants|tasks|train\.abstain)\.\w+", r"\1.NAME", key) for key in KEYS} == declared


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def f(ocr: OcrParams): return ocr.lang", {(OcrParams, "lang")}),
        ("def f(ocr: OcrParams): return [ocr, ocr.model_dump(), other.lang]", set()),
        ("def f(given: AugmentationParams | None): return lambda: given.light", {(AugmentationParams, "light")}),
        ("read_params().train.patience", {(Params, "train"), (TrainParams, "patience")}),
        ("one, n = read_params().variants['a'], 1\none.text", {(Params, "variants"), (VariantParams, "text")}),
        ("def f(ocr: OcrParams): pass\nocr.lang", set()),
    ],
)
def test_a_read_is_an_attribute_of_what_is_known_as_a_section(code: str, found: set[Any]) -> None:
    assert reads(code) == found


def test_a_key_that_only_another_section_reads_is_not_read() -> None:
    assert not is_read((PrealignParams, "epochs"), {(TrainParams, "epochs")})
    assert is_read((PrealignParams, "epochs"), {(PrealignParams.__mro__[1], "epochs")})
