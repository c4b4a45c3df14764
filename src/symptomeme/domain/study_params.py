"""studies/: the cells of the study, and for which tasks and seeds its graph has them."""

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

import yaml
from pydantic import Field, model_validator

from symptomeme.domain.ablation_params import AblationParams, changed, faults_of_changes
from symptomeme.domain.errors import ParamsError
from symptomeme.domain.faults import Kind, checked, read_yaml
from symptomeme.domain.layout import STUDY_ASKED, STUDY_GRAPH, STUDY_PARAMS
from symptomeme.domain.params import Params
from symptomeme.domain.section import Natural, Section
from symptomeme.domain.sections.model import ModelParams
from symptomeme.domain.sections.training import TrainParams
from symptomeme.domain.writing import write_text

Name = Annotated[str, Field(pattern=r"^\w+$")]  # part of a path, and of the name of a stage
Method = Literal["commonest", "every_label", "tfidf", "frozen_encoder"]

_ASKED = """\
# For which tasks and seeds studies/dvc.yaml has cells. `symptomeme study` adds to it.
"""


class Cell(NamedTuple):
    """One row of a task's table, for one seed."""

    task: str
    name: str
    seed: int | None  # None: a baseline, which knows no seed

    @property
    def label(self) -> str:
        """Its name within its task."""
        return self.name if self.seed is None else f"{self.name}-{self.seed}"

    @property
    def address(self) -> str:
        """What DVC calls its stage."""
        stage = "baseline" if self.seed is None else "ablation"
        return f"{STUDY_GRAPH.as_posix()}:{stage}@{self.task}-{self.label}"


class StudyParams(Section):
    """The section `study`: the rows of the table, in their order."""

    reference: Name  # the others are compared with it
    baselines: list[Method]
    ablations: Annotated[dict[Name, AblationParams], Field(min_length=1)]

    @property
    def names(self) -> list[str]:
        """Of all rows."""
        return [*self.baselines, *self.ablations]

    @model_validator(mode="after")
    def a_name_means_one_row(self) -> Self:
        """Refuse names that stand for two rows, or a reference that is none."""
        if twice := [name for name, count in Counter(self.names).items() if count > 1]:
            raise ValueError(f"{', '.join(twice)} names more than one row")
        if self.reference not in self.names:
            raise ValueError(f"reference {self.reference} is no row; expected one of {', '.join(self.names)}")
        return self

    def cells(self, task: str, seeds: Iterable[int], rows: Collection[str]) -> list[Cell]:
        """The cells of some rows, row by row."""
        baselines = [Cell(task, name, None) for name in self.baselines if name in rows]
        return baselines + [Cell(task, name, seed) for name in self.ablations if name in rows for seed in seeds]


def model_of(params: Params, described: AblationParams) -> ModelParams:
    """The section `model` with what an ablation changes in it."""
    return changed(params.model, described.model)


def train_of(params: Params, described: AblationParams) -> TrainParams:
    """The section `train` with what an ablation changes in it."""
    return changed(params.train, described.train)


class AskedParams(Section):
    """The section `asked`: for which tasks and seeds the study's graph has cells."""

    tasks: list[Literal["anxiety", "depression"]]
    seeds: list[Natural]


class _StudyFile(Section):
    study: StudyParams


class _AskedFile(Section):
    asked: AskedParams


def read_study(params: Params) -> StudyParams:
    """Read and check what the study's cells are.

    Args:
        params: what ablations change.

    Raises:
        ParamsError: the file is missing, no YAML, or any key or value is wrong.
    """
    study = _read(_StudyFile, STUDY_PARAMS).study
    if wrong := faults_of_changes(study.ablations, "study", "ablations", model=params.model, train=params.train):
        raise ParamsError(f"{STUDY_PARAMS}: {'; '.join(wrong)}. Mend them all.")
    return study


def ask(tasks: Iterable[str], seeds: Iterable[int]) -> None:
    """Have the study's graph hold the cells of these tasks and seeds too.

    Raises:
        ParamsError: the file is missing, no YAML, or wrong.
    """
    before = _read(_AskedFile, STUDY_ASKED).asked
    found = {"tasks": sorted({*before.tasks, *tasks}), "seeds": sorted({*before.seeds, *seeds})}
    if found != before.model_dump():
        write_text(STUDY_ASKED, _ASKED + yaml.safe_dump({"asked": found}, default_flow_style=None, sort_keys=False))


def _read(kind: type[Kind], path: Path) -> Kind:
    try:
        found = read_yaml(path)
    except FileNotFoundError:
        raise ParamsError(f"{path} is missing: run this in the project's root.") from None
    return checked(kind, found, where=str(path), remedy="Mend them all.")
