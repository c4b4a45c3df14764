"""What BentoML hands to the service: the form that the door has read, in place of its own reading of the body."""

from typing import Annotated, Any

import bentoml
from pydantic import Field, WithJsonSchema
from starlette.requests import Request

from symptomeme.domain.errors import InputError
from symptomeme.domain.naming import quoted
from symptomeme.serving.door.codes import Code, Refusal
from symptomeme.serving.door.passage import Form, current
from symptomeme.serving.following import Models

Picture = Annotated[bytes, WithJsonSchema({"type": "file", "format": "binary"})]


class OneMeme(bentoml.IODescriptor):  # type: ignore[misc]
    """The form of `POST /classify`."""

    image: Picture
    text: str | None = Field(default=None)
    tasks: list[str] | None = Field(default=None)

    @classmethod
    async def from_http_request(cls, request: Request, serde: Any) -> Any:
        """Take the form; BentoML's own parsers would fetch URLs and name files after uploads."""
        form = _form()
        return cls.model_construct(image=form.images[0], text=form.text, tasks=form.tasks)


class MemeToExplain(bentoml.IODescriptor):  # type: ignore[misc]
    """The form of `POST /explain`."""

    image: Picture
    text: str | None = Field(default=None)
    tasks: list[str] | None = Field(default=None)
    labels: list[str] | None = Field(default=None)

    @classmethod
    async def from_http_request(cls, request: Request, serde: Any) -> Any:
        """Take the form, as for one meme."""
        form = _form()
        return cls.model_construct(image=form.images[0], text=form.text, tasks=form.tasks, labels=form.labels)


class ManyMemes(bentoml.IODescriptor):  # type: ignore[misc]
    """The form of `POST /classify_batch`."""

    images: list[Picture]
    tasks: list[str] | None = Field(default=None)

    @classmethod
    async def from_http_request(cls, request: Request, serde: Any) -> Any:
        """Take the form, as for one meme."""
        form = _form()
        return cls.model_construct(images=form.images, tasks=form.tasks)


def asked_for(tasks: list[str] | None, models: Models) -> Models:
    """The models of these tasks.

    Raises:
        Refusal: one is not served, or none is.
    """
    if not models:
        raise Refusal(Code.NOT_READY, "no model is live yet: the operator runs 'symptomeme package'.")
    if unknown := [name for name in tasks or [] if name not in models]:
        raise Refusal(Code.BAD_FIELD, f"tasks: found {quoted(unknown)}, expected some of {', '.join(models)}.")
    return {name: models[name] for name in tasks} if tasks else models


def asked_about(labels: list[str] | None, models: Models) -> Models:
    """Those of the models that have some of these labels.

    Raises:
        Refusal: a label is of none of them.
    """
    from symptomeme.explaining.explanation import models_with  # noqa: PLC0415 - torch, which building does without

    try:
        return models_with(models, labels)
    except InputError as error:
        raise Refusal(Code.BAD_FIELD, str(error)) from None


def _form() -> Form:
    form = current().form
    if form is None:
        raise Refusal(Code.INTERNAL, "there is no door before the service.")
    return form
