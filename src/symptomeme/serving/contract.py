"""The form of every answer, for the description of the API."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from symptomeme.serving.door.codes import Code
from symptomeme.serving.support import Support

EXAMPLE_ID = "0f3c9a7e5b1d4c2f8e6a9b0d7c5e3f1a"
EXAMPLE: dict[str, Any] = {
    "image": "image",
    "sha256": "fd1f93bd444d653d94ad0c4ccc41eeb4a48191538bf53e3c1aa6cd5fdab4e448",
    "text": {"value": "cannot sleep again", "confidence": 96.5, "engine": "tesseract 5.3.0, psm 6"},
    "tasks": {
        "anxiety": {
            "labels": ["Restlessness"],
            "probabilities": {"Nervousness": 0.12, "Restlessness": 0.88},
            "thresholds": {"Nervousness": 0.3, "Restlessness": 0.3},
            "abstain": False,
            "model": {"name": "symptomeme-anxiety", "version": "3", "variant": "fusion"},
        }
    },
    "milliseconds": {"picture": 13.9, "ocr": 316.6, "anxiety": 63.7},
    "notice": "This describes a meme, not the person who made or shared it.",
    "request_id": EXAMPLE_ID,
}

EXAMPLE_MODEL: dict[str, Any] = {
    "task": "anxiety",
    "name": "symptomeme-anxiety",
    "version": "3",
    "variant": "fusion",
    "aliases": ["champion"],
    "digest": "5a1cbb6b7d1d4f0e5a1cbb6b7d1d4f0e5a1cbb6b7d1d4f0e5a1cbb6b7d1d4f0e",
    "data": "37a6259cc0c1dae299a7866489dff0bd.dir",
    "card": "# symptomeme-anxiety\n",
}


class Exact(BaseModel):
    """Nothing but its members."""

    model_config = ConfigDict(extra="forbid")


class Text(Exact):
    """The words that the models were given."""

    value: str
    confidence: float | None = Field(description="mean over the words read, percent")
    engine: str = Field(description="what read them, or `given`")


class Model(Exact):
    """What answered."""

    name: str
    version: str | None
    variant: str


class TaskAnswer(Exact):
    """What one task's model says."""

    labels: list[str] = Field(description="empty when the model abstains")
    probabilities: dict[str, float]
    thresholds: dict[str, float]
    abstain: bool
    model: Model


class Answer(Exact):
    """What is said of one meme; docs/model-output.md explains it."""

    image: str = Field(description="the field that it came in")
    sha256: str = Field(description="of the file's bytes")
    text: Text
    tasks: dict[str, TaskAnswer]
    milliseconds: dict[str, float]
    notice: str
    request_id: str
    support: Support | None = Field(default=None, description="there when Self-Harm is among the labels")


class Error(Exact):
    """Why there is no answer."""

    code: Code
    message: str
    remedy: str
    request_id: str


class ErrorAnswer(Exact):
    """The body of every answer that is no success."""

    error: Error


class BatchAnswer(Exact):
    """Of each image, in the order sent: an answer, or the error of that image."""

    request_id: str
    answers: list[Answer | ErrorAnswer]


class ServedModel(Exact):
    """A model that answers now."""

    task: str
    name: str
    version: str
    variant: str
    aliases: list[str] = Field(description="those that it had when it was packaged")
    digest: str = Field(description="of the model folder's files")
    data: str | None = Field(description="digest of the dataset that it was trained on")
    card: str | None = Field(description="its model card, Markdown")


class ModelsAnswer(Exact):
    """The models that answer now."""

    models: list[ServedModel]
