"""params.yaml as frozen values: one section a stage, no defaults in code, all faults told at once."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from symptomeme.domain.errors import ParamsError
from symptomeme.domain.faults import checked, read_yaml
from symptomeme.domain.labels import TASKS
from symptomeme.domain.layout import PARAMS
from symptomeme.domain.section import Section
from symptomeme.domain.sections.data import IngestParams, ValidateParams
from symptomeme.domain.sections.evaluation import EvaluateParams
from symptomeme.domain.sections.lifecycle import MonitorParams, PromoteParams, RegisterParams
from symptomeme.domain.sections.model import ModelParams
from symptomeme.domain.sections.published import PublishedParams
from symptomeme.domain.sections.training import BaseParams, PrealignParams, TrainParams, VariantParams
from symptomeme.domain.sections.words import OcrParams, ReasonParams

REMEDY = "Mend them all, or 'symptomeme params use NAME'."


class Params(Section):
    """The whole of params.yaml."""

    tasks: Annotated[dict[Literal["anxiety", "depression"], str], Field(min_length=1)]  # task: folder under data/
    variants: Annotated[dict[str, VariantParams], Field(min_length=1)]
    base: BaseParams
    ingest: IngestParams
    # `validate` is a method of pydantic's BaseModel
    validation: Annotated[ValidateParams, Field(alias="validate")]
    ocr: OcrParams
    reason: ReasonParams
    model: ModelParams
    prealign: PrealignParams
    train: TrainParams
    evaluate: EvaluateParams
    published: PublishedParams
    # `register` is a method of the ABC behind BaseModel
    registration: Annotated[RegisterParams, Field(alias="register")]
    promote: PromoteParams
    monitor: MonitorParams

    def variants_of(self, task: str) -> list[str]:
        """Names of all variants of a task, those that start from its published checkpoint last."""
        return [*self.variants, *(self.published.variants if task in self.published.tasks else ())]


def read_params(path: Path = PARAMS) -> Params:
    """Read and check a parameter file.

    Raises:
        ParamsError: it is missing, no YAML, or any key or value is wrong; the message names every fault.
    """
    try:
        found = read_yaml(path)
    except FileNotFoundError:
        raise ParamsError(
            f"{path} is missing: run this in the project's root, or 'symptomeme params use NAME'."
        ) from None
    return check_params(found, where=str(path))


def check_params(found: object, *, where: str) -> Params:
    """Params out of what a YAML file held.

    Raises:
        ParamsError: any key or value is wrong; the message names every fault.
    """
    params = checked(Params, found, where=where, remedy=REMEDY)
    for name, dataset in params.tasks.items():
        if dataset != TASKS[name].dataset:
            raise ParamsError(f"{where}: tasks.{name}: found {dataset!r}, expected {TASKS[name].dataset!r}. Mend it.")
    if idle := sorted(set(params.published.tasks) - set(params.tasks)):
        raise ParamsError(
            f"{where}: published.tasks: {', '.join(idle)} is not under tasks. Take it away, or add it there."
        )
    if both := sorted(params.variants.keys() & params.published.variants.keys()):
        raise ParamsError(
            f"{where}: published.variants: {', '.join(both)} is under variants too. Give it another name."
        )
    return params
