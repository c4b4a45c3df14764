from typing import Any

import pandas as pd
import pytest
from huggingface_hub import ModelCard

from symptomeme.domain.labels import ANXIETY, DEPRESSION, TASKS, Task
from symptomeme.evaluation.figures import OF_A_CLASS
from symptomeme.evaluation.model_card import HEADLINE, TRUST, Results, model_card
from symptomeme.evaluation.robustness import UNTOUCHED
from symptomeme.models.config import SymptomConfig

DIGESTS = {"memes": "a" * 64, "words": "b" * 64, "model": "c" * 64}
FIGURE = {"value": 0.5, "low": 0.4, "high": 0.6}
UNDEFINED = {"value": None, "low": None, "high": None, "undefined": 100}
PARAMS = {
    "train": {"thresholds": "fitted", "abstain": {"below": 0.3}, "epochs": 7},
    "evaluate": {"resamples": 100, "confidence": 0.95, "calibration_bins": 10, "classwise_bins": 15},
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


def measured(kind: str, name: str, figures: tuple[str, ...], **more: Any) -> pd.DataFrame:
    """A table of a row, as stages write it; its last figure is undefined."""
    row = {f"{figure}_{end}": value for figure in figures for end, value in FIGURE.items()}
    row |= {f"{figures[-1]}_{end}": None for end in FIGURE}
    return pd.DataFrame([{kind: name, "memes": 12, **row, **more}])


def card(
    task: Task = ANXIETY,
    *,
    image: bool = True,
    kind: str = "published",
    params: Any = PARAMS,
    reasoner: str = "none",
    **changes: Any,
) -> str:
    overall = {"memes": 12, **dict.fromkeys([*HEADLINE, *TRUST], FIGURE), "macro_auroc": UNDEFINED, "abstained": 0.25}
    each = {label: {"memes": 2, **dict.fromkeys(OF_A_CLASS, FIGURE), "auroc": UNDEFINED} for label in task.labels}
    memes = pd.DataFrame(
        {"split": ["train", "val", "test"], "labels": [[task.labels[0]], [task.labels[1]], [task.labels[0]]]}
    ).assign(engine="tesseract 5.3.0", reasoner=reasoner)
    return model_card(
        task,
        config(task, image=image, **changes),
        memes,
        Results(
            {"test": {"published": overall, "leak_free": overall}},
            {"test": {"published": each, "leak_free": each}},
            pd.concat(2 * [measured("perturbation", UNTOUCHED, ("macro_f1", "drop", "changed"))]),
            measured("slice", "59 to 86", ("macro_f1", "risk"), by="characters", abstained=0.0),
        ),
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
    for heading in ("Intended use", "Out-of-scope use", "How to load it", "Data", "Decision", "Results", "Trust",
                    "Limitations", "Params"):  # fmt: skip
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
    half = {**PARAMS, "train": {"thresholds": "half", "abstain": {"below": 0.3}}}
    assert "set by hand (`train.abstain`)" in card(ANXIETY)
    assert "the one with the best F1" in card(DEPRESSION)
    assert "Thresholds were not fitted." in card(DEPRESSION, params=half)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_it_says_on_what_a_published_checkpoint_was_fitted(task: Task) -> None:
    fitted, bare, tuned = (
        " ".join(card(task, params={**PARAMS, "published": {"train": train, "fitted_on": count}}).split())
        for train, count in ((False, 60), (False, 0), (True, 0))
    )
    assert "fitted on the 60 validation memes that the published model was not trained on. Probabilities" in fitted
    assert "Calibration, thresholds and the best epoch were chosen on the validation split" in fitted
    for told in (bare, tuned):
        assert "Nothing was fitted" in told
        assert "over 0.5." in told if task.multi_label else "the model never abstains. | class" in told
        assert not any(
            words in told for words in ("calibrated by temp", "best F1", "`train.abstain`", "thresholds and")
        )
    assert "best epoch" not in bare
    assert "The best epoch was chosen on the validation split" in tuned


def test_it_says_what_abstaining_was_fitted_for() -> None:
    fitted = {**PARAMS, "train": {"thresholds": "fitted", "abstain": {"coverage": 0.9}}}
    assert "class's threshold, fitted on the validation memes for a coverage of 0.9." in card(ANXIETY, params=fitted)
    several = card(DEPRESSION, params=fitted, min_confidence=0.45)
    assert "the F1 that it expects of its claim is not over 0.45,\nfitted on the validation memes for a cov" in several


def test_it_shows_scale_and_bias_where_there_are_any() -> None:
    told = card(class_calibration={label: [1.5, -0.2] for label in ANXIETY.labels})
    assert "| class | threshold | scale | bias |\n|---|---|---|---|\n| Nervousness | 0.25 | 1.5 | -0.2 |\n" in told
    assert "| class | threshold |\n|---|---|\n| Nervousness | 0.25 |\n" in card()


def test_it_says_how_far_to_trust_the_model() -> None:
    told = card()
    assert "\n| test, leak_free | 0.500 [0.400, 0.600] | 0.500" in told
    assert "### Harder memes: 12 of test, leak_free" in told
    assert "\n|---|---|---|---|\n| untouched | 0.500 [0.400, 0.600] | 0.500 [0.400, 0.600] | undefined |\n" in told
    assert "\n| characters | 59 to 86 | 12 | 0.500 [0.400, 0.600] | undefined | 0.000 |\n\n## Limitations\n" in told


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
