"""params.yaml as frozen values: one section a stage, no defaults in code, all faults told at once."""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError

from symptomeme.domain.errors import ParamsError
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
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(
            f"{path} is missing: run this in the project's root, or 'symptomeme params use NAME'."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path} is no YAML: {' '.join(str(error).split())}.") from None
    return check_params(found, where=str(path))


def check_params(found: object, *, where: str) -> Params:
    """Params out of what a YAML file held.

    Raises:
        ParamsError: any key or value is wrong; the message names every fault.
    """
    try:
        params = Params.model_validate(found)
    except ValidationError as error:
        faults = "; ".join(_told(fault["type"], fault["loc"], fault["input"], fault["msg"]) for fault in error.errors())
        raise ParamsError(f"{where}: {faults}. Mend them all, or 'symptomeme params use NAME'.") from None
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


def _told(kind: str, place: tuple[int | str, ...], found: object, message: str) -> str:
    """One fault: the key, and what is wrong with it."""
    key = ".".join(map(str, place)) or "the file"
    if kind == "extra_forbidden":
        near = get_close_matches(str(place[-1]), _keys(place[:-1]), n=1)
        return f"{key}: unknown key" + (f", did you mean {near[0]}?" if near else "")
    if kind == "missing":
        return f"{key}: missing"
    hint = " (YAML takes 1e-5 for text: write 1.0e-5)" if kind == "float_type" and isinstance(found, str) else ""
    return f"{key}: {message[0].lower()}{message[1:]}, found {found!r}{hint}"


def _keys(place: tuple[int | str, ...]) -> list[str]:
    """The keys that may stand in a section, or at the top."""
    sections = {field.alias or name: field.annotation for name, field in Params.model_fields.items()}
    if not place:
        return list(sections)
    section = VariantParams if place[0] == "variants" else sections[str(place[0])]
    return list(section.model_fields) if isinstance(section, type) and issubclass(section, Section) else []
