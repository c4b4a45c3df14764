"""params.yaml as frozen values: one section a stage, no defaults in code, all faults told at once."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from symptomeme.domain.errors import ParamsError
from symptomeme.domain.faults import checked, read_yaml, seen
from symptomeme.domain.labels import TASKS
from symptomeme.domain.layout import PARAMS
from symptomeme.domain.section import PathName, Section
from symptomeme.domain.sections.data import IngestParams, ValidateParams
from symptomeme.domain.sections.evaluation import EvaluateParams
from symptomeme.domain.sections.lifecycle import MonitorParams, PromoteParams, RegisterParams
from symptomeme.domain.sections.model import ModelParams
from symptomeme.domain.sections.published import PublishedParams
from symptomeme.domain.sections.training import BaseParams, PrealignParams, TrainParams, VariantParams
from symptomeme.domain.sections.words import OcrParams, ReasonParams

REMEDY = "Mend them all."
ANOTHER = " 'symptomeme params use NAME' would write a whole profile over params.yaml, edits too."


class Params(Section):
    """The whole of params.yaml."""

    tasks: Annotated[dict[Literal["anxiety", "depression"], str], Field(min_length=1)]  # task: folder under data/
    variants: Annotated[dict[PathName, VariantParams], Field(min_length=1)]
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
    remedy = REMEDY + (ANOTHER if where == str(PARAMS) else "")
    return checked(Params, found, where=where, remedy=remedy, more=_misfits(found))


def _misfits(found: object) -> list[str]:
    """What is wrong between sections, as far as these are what they should be."""
    tasks, variants, published = (_mapping(found, key) for key in ("tasks", "variants", "published"))
    wrong = [
        f"tasks.{name}: found {dataset!r}, expected {TASKS[name].dataset!r}"
        for name, dataset in tasks.items()
        if name in TASKS and isinstance(dataset, str) and dataset != TASKS[name].dataset
    ]
    named = published.get("tasks")
    idle = [name for name in TASKS if isinstance(named, list) and name in named and name not in tasks]
    if idle:
        wrong.append(f"published.tasks: {', '.join(idle)} is not under tasks; take it away, or add it there")
    wrong += [
        f"variants.{seen(str(name))}: neither text nor image; one of them, or both, must be true"
        for name, variant in variants.items()
        if isinstance(variant, dict) and variant.get("text") is False and variant.get("image") is False
    ]
    if both := [seen(str(name)) for name in variants if name in _mapping(published, "variants")]:
        wrong.append(f"published.variants: {', '.join(both)} is under variants too; give it another name")
    return wrong


def _mapping(found: object, key: str) -> dict[Any, Any]:
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, dict) else {}
