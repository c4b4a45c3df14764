"""The config: what it refuses, what it fills in, and that JSON keeps all of it."""

from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig, BertConfig, CLIPConfig, CLIPVisionConfig, CLIPVisionModel

from symptomeme.domain.errors import ModelError
from symptomeme.models.config import SymptomConfig
from symptomeme.models.decision import UNCALIBRATED

BERT = {"model_type": "bert", "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4}


def config(**changes: Any) -> SymptomConfig:
    settings = {
        "text_config": BERT,
        "vision_config": CLIPVisionConfig(hidden_size=48, num_hidden_layers=2, num_attention_heads=4),
        "id2label": {0: "b", 1: "a"},
        "problem_type": "multi_label_classification",
    }
    return SymptomConfig(**{**settings, **changes})


def test_json_keeps_everything(tmp_path: Path) -> None:
    fitted = {"temperature": 1.2345678901234567, "class_calibration": {"a": [2.0, -0.1], "b": [1.0, 1 / 3]}}
    first = config(**fitted, thresholds={"a": 0.1, "b": 1 / 3}, min_confidence=0.2, separator=" | ", num_heads=4)
    first.save_pretrained(tmp_path / "one")
    again = AutoConfig.from_pretrained(tmp_path / "one")
    again.save_pretrained(tmp_path / "two")
    assert (tmp_path / "one/config.json").read_bytes() == (tmp_path / "two/config.json").read_bytes()
    assert isinstance(again, SymptomConfig)
    assert {**again.to_dict(), "_name_or_path": ""} == first.to_dict()
    assert (again.thresholds, again.min_confidence) == ({"b": 1 / 3, "a": 0.1}, 0.2)
    assert again.calibration == (1.2345678901234567, ((1.0, 1 / 3), (2.0, -0.1)))  # in the order of the classes


def test_what_is_left_out_follows_from_the_rest() -> None:
    found = config(contrastive_size=7)
    assert (found.hidden_size, found.contrastive_hidden_size) == (32, 14)
    assert found.labels == ("b", "a")
    assert found.label2id == {"b": 0, "a": 1}
    assert found.thresholds == {"b": 0.5, "a": 0.5}
    assert (found.calibration, found.min_confidence) == (UNCALIBRATED, 0)
    single = config(problem_type="single_label_classification", abstain_below=0.3)
    assert single.thresholds == {"b": 0.3, "a": 0.3}


def test_modalities_are_the_encoders_that_are_there() -> None:
    assert (config().text, config().image) == (True, True)
    assert (config(vision_config=None).text, config(vision_config=None).image) == (True, False)
    assert config(text_config=None).hidden_size == 48


def test_a_composite_model_gives_its_vision_part() -> None:
    composite = CLIPConfig(vision_config={"hidden_size": 48, "num_attention_heads": 4, "num_hidden_layers": 5})
    for given in (composite, composite.to_dict()):
        found = config(vision_config=given).vision_config
        assert (found.model_type, found.num_hidden_layers) == ("clip_vision_model", 5)


def test_a_living_encoder_keeps_its_own_config() -> None:
    encoder = CLIPVisionModel(
        CLIPVisionConfig(hidden_size=48, intermediate_size=8, num_hidden_layers=2, num_attention_heads=4)
    )
    before = encoder.config._attn_implementation
    config(vision_config=encoder.config)
    assert encoder.config._attn_implementation == before == "sdpa"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"problem_type": None},
            "config of a symptomeme model: problem_type is None and id2label is there; both are needed, problem_type "
            "as one of single_label_classification, multi_label_classification.",
        ),
        (
            {"num_heads": 5},
            "hidden_size 32 cannot be divided among num_heads 5; choose a number of heads that divides it.",
        ),
        (
            {"num_depths": 4},
            "num_depths 4 is more than the 3 hidden states of the clip_vision_model encoder; choose at most that many.",
        ),
        (
            {"max_length": 600},
            "max_length 600 is more than the 512 positions of the bert encoder; choose at most that many tokens.",
        ),
        (
            {"text_config": None, "vision_config": None},
            "a symptomeme model needs a text encoder, a vision encoder or both; found neither.",
        ),
    ],
)
def test_values_that_do_not_fit_are_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError) as told:
        config(**changes)
    assert str(told.value) == message


def test_no_path_of_an_encoder_stays_in_the_config(tmp_path: Path) -> None:
    BertConfig(**BERT).save_pretrained(tmp_path / "encoder")
    config(text_config=AutoConfig.from_pretrained(tmp_path / "encoder")).save_pretrained(tmp_path / "model")
    assert str(tmp_path) not in (tmp_path / "model/config.json").read_text()
