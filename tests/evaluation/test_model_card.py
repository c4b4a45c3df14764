from typing import Any

import pandas as pd
import pytest
from huggingface_hub import ModelCard

from symptomeme.domain.labels import ANXIETY, DEPRESSION, TASKS, Task
from symptomeme.evaluation.figures import OF_A_CLASS
from symptomeme.evaluation.model_card import HEADLINE, model_card
from symptomeme.models.config import SymptomConfig

DIGESTS = {"memes": "a" * 64, "words": "b" * 64, "model": "c" * 64}
FIGURE = {"value": 0.5, "low": 0.4, "high": 0.6}
UNDEFINED = {"value": None, "low": None, "high": None, "undefined": 100}
PARAMS = {
    "train": {"thresholds": "fitted", "epochs": 7},
    "evaluate": {"resamples": 100, "confidence": 0.95, "calibration_bins": 10},
}


def config(task: Task, *, image: bool = True, **changes: Any) -> SymptomConfig:
    return SymptomConfig(
        task=task.name,
        variant="fusion" if image else "text_only",
        problem_type=task.problem_type,
        id2label=dict(enumerate(task.labels)),
        text_config={"model_type": "bert", "hidden_size": 32, "num_hidden_layers": 3},
        vision_config={"model_type": "clip_vision_model", "num_hidden_layers": 3} if image else None,
        max_length=40,
        temperature=1.7,
        thresholds=dict.fromkeys(task.labels, 0.25),
        **changes,
    )


def card(
    task: Task = ANXIETY,
    *,
    image: bool = True,
    kind: str = "published",
    params: Any = PARAMS,
    reasoner: str = "none",
    **changes: Any,
) -> str:
    overall = {"memes": 12, **dict.fromkeys(HEADLINE, FIGURE), "macro_auroc": UNDEFINED, "abstained": 0.25}
    each = {label: {"memes": 2, **dict.fromkeys(OF_A_CLASS, FIGURE), "auroc": UNDEFINED} for label in task.labels}
    memes = pd.DataFrame(
        {"split": ["train", "val", "test"], "labels": [[task.labels[0]], [task.labels[1]], [task.labels[0]]]}
    ).assign(engine="tesseract 5.3.0", reasoner=reasoner)
    return model_card(
        task,
        config(task, image=image, **changes),
        memes,
        {"test": {"published": overall, "leak_free": overall}},
        {"test": {"published": each, "leak_free": each}},
        params=params,
        kind=kind,
        digests=DIGESTS,
    )


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_hugging_face_reads_its_front_matter(task: Task) -> None:
    data = ModelCard(card(task)).data
    assert data.library_name == "transformers"
    assert data.license == "other"
    assert data.model_name == f"symptomeme-{task.name}-fusion"
    told = [(found.dataset_name, found.dataset_split, found.dataset_config, found.metric_name, found.metric_value)
            for found in data.eval_results]  # fmt: skip
    assert told[0] == (task.title, "test", "published", "macro-F1", 0.5)
    assert {(name, view) for _, _, view, name, _ in told} == {
        (name, view) for name in ("macro-F1", "weighted-F1", "Brier score") for view in ("published", "leak_free")
    }
    assert {found.dataset_revision for found in data.eval_results} == {DIGESTS["memes"]}


def test_a_score_on_drawn_memes_never_stands_under_the_data_sets_name() -> None:
    for kind in ("sample", "drawn"):
        found = ModelCard(card(kind=kind)).data.eval_results
        assert {(result.dataset_type, result.dataset_name) for result in found} == {(f"axiom-{kind}", f"AxiOM-{kind}")}
    assert "Its scores say nothing about real memes" in card(kind="sample")


def test_it_holds_what_a_reader_needs() -> None:
    told = card()
    for heading in ("Intended use", "Out-of-scope use", "How to load it", "Data", "Decision", "Results", "Limitations",
                    "Params"):  # fmt: skip
        assert f"\n\n## {heading}\n\n" in told
    for digest in DIGESTS.values():
        assert f"`{digest}`" in told
    assert "not a diagnosis" in told
    assert "| memes | train | val | test |\n|---|---|---|---|\n| Nervousness | 1 | 0 | 1 |" in told
    assert "| all | 1 | 1 | 1 |\n\nWords in pictures: tesseract 5.3.0." in told
    assert "### test, leak_free: 12 memes\n\n| figure | |\n|---|---|\n| macro-F1 | 0.500 [0.400, 0.600] |" in told
    assert "| macro AUROC | undefined |" in told
    assert "temperature 1.7," in told
    assert "epochs: 7" in told


def test_it_says_how_thresholds_came_about() -> None:
    half = {**PARAMS, "train": {"thresholds": "half"}}
    assert "set by hand (`train.abstain_below`)" in card(ANXIETY)
    assert "the one with the best F1" in card(DEPRESSION)
    assert "Thresholds were not fitted." in card(DEPRESSION, params=half)


def test_it_says_that_a_new_meme_has_no_reasoning_behind_its_words() -> None:
    told = card(reasoning=True, reasoner="given")
    assert "\n\nWords in pictures: tesseract 5.3.0.\n\nBehind the words stood figurative reasoning" in told
    assert "in all results below: given. A new meme comes without." in told.replace("\n", " ")
    assert "how good such answers are is not measured here" in told
    assert "reasoning" not in card()


def test_it_says_when_a_model_that_learnt_from_reasoning_was_scored_without() -> None:
    told = card(reasoning=True).replace("\n", " ")
    assert "in training, but in none of the results below" in told
    assert "not measured here" not in told


def test_a_model_of_words_is_loaded_and_tagged_as_one() -> None:
    told = card(image=False)
    assert "images=[" not in told
    assert ModelCard(told).data.pipeline_tag == "text-classification"
    assert ModelCard(card()).data.pipeline_tag == "image-classification"


def test_it_says_what_answers_and_how_far_int8_agrees() -> None:
    assert "## Runtime" not in card()
    told = " ".join(card(runtime="int8", int8_agreement=0.9844).split())
    assert "is ONNX Runtime in int8 (`model.int8.onnx`)" in told
    assert "98.4% of the 1 validation memes get the same labels from both" in told
    params = {**PARAMS, "train": {**PARAMS["train"], "min_agreement": 0.98}}
    told = " ".join(card(params=params, int8_agreement=0.9111).split())
    assert "is not used: 91.1% of the 1 validation memes get the same labels from both" in told
    assert "fewer than 98%." in told
