"""The form of an explanation, for the description of the API."""

from typing import Any

from pydantic import Field

from symptomeme.serving.contract import EXAMPLE, EXAMPLE_ID, Exact, Model, Text
from symptomeme.serving.support import Support

EXAMPLE_EXPLANATION: dict[str, Any] = {
    **{name: EXAMPLE[name] for name in ("image", "sha256", "text")},
    "picture": {"width": 540, "height": 481},
    "tasks": {
        "anxiety": {
            "labels": ["Restlessness"],
            "abstain": False,
            "explained": [
                {
                    "label": "Restlessness",
                    "probability": 0.88,
                    "log_odds": 1.9924,
                    "baseline_log_odds": -1.61,
                    "delta": 0.0124,
                    "steps": 32,
                    "words": [
                        {"text": "cannot", "start": 0, "end": 6, "score": 0.4},
                        {"text": "sleep", "start": 7, "end": 12, "score": 1.3148},
                        {"text": "again", "start": 13, "end": 18, "score": -0.1},
                    ],
                    "patches": [
                        {"box": [0.0, 0.0, 270.0, 240.5], "score": 0.2, "strength": 0.2},
                        {"box": [270.0, 0.0, 540.0, 240.5], "score": -0.3, "strength": -0.3},
                        {"box": [0.0, 240.5, 270.0, 481.0], "score": 2.1, "strength": 1.8},
                        {"box": [270.0, 240.5, 540.0, 481.0], "score": 0.0, "strength": 0.0},
                    ],
                }
            ],
            "model": EXAMPLE["tasks"]["anxiety"]["model"],
        }
    },
    "method": {
        "name": "integrated gradients",
        "of": "log-odds of the label's probability",
        "words_from": "mask tokens",
        "picture_from": "black, and white",
    },
    "milliseconds": {**EXAMPLE["milliseconds"], "explanation": 812.4},
    "notice": EXAMPLE["notice"],
    "request_id": EXAMPLE_ID,
}


class Word(Exact):
    """A word of the text, and how far it moved the label."""

    text: str
    start: int = Field(description="characters of the text before it")
    end: int = Field(description="characters of the text before what follows it")
    score: float | None = Field(description="log-odds; null: the text was cut before it")


class Patch(Exact):
    """A part of the picture, and how far it moved the label."""

    box: tuple[float, float, float, float] = Field(
        description="left, top, right, bottom in the upright picture, pixels"
    )
    score: float = Field(description="log-odds")
    strength: float = Field(
        description="the score, made smaller where the part stands out of the picture; ranks it among all parts"
    )


class ExplainedLabel(Exact):
    """What moved one label; docs/explaining.md explains it."""

    label: str
    probability: float
    log_odds: float = Field(description="of the probability")
    baseline_log_odds: float = Field(description="of that without words and picture")
    delta: float = Field(description="sum of all scores, less the difference of the two")
    steps: int = Field(description="points between what is neither and the meme; more where fewer leave a larger delta")
    words: list[Word]
    patches: list[Patch]


class TaskExplanation(Exact):
    """Why one task's model says what it says."""

    labels: list[str] = Field(description="claimed; empty when the model abstains")
    abstain: bool
    explained: list[ExplainedLabel]
    model: Model


class Size(Exact):
    """Of the upright picture, pixels."""

    width: int
    height: int


class Method(Exact):
    """How it was found out."""

    name: str
    of: str
    words_from: str
    picture_from: str


class Explanation(Exact):
    """What moved the labels of one meme."""

    image: str = Field(description="the field that it came in")
    sha256: str = Field(description="of the file's bytes")
    text: Text
    picture: Size
    tasks: dict[str, TaskExplanation]
    method: Method
    milliseconds: dict[str, float]
    notice: str
    request_id: str
    support: Support | None = Field(default=None, description="there when Self-Harm is among the labels claimed")
