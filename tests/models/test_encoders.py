"""Loading: pretrained encoders into classifiers, classifiers out of folders, and what is refused."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import CLIPConfig, CLIPModel

from symptomeme.domain.errors import ModelError
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.encoders import load_classifier, load_encoder, save_encoder

Build = Callable[..., SymptomClassifier]


def test_encoders_keep_their_weights(build: Build, text_folder: Path, vision_folder: Path) -> None:
    state = build().state_dict()
    for prefix, folder in (("text_encoder.", text_folder), ("vision_encoder.", vision_folder)):
        for name, weight in load_file(folder / "model.safetensors").items():
            assert torch.equal(state[prefix + name], weight), name


def test_the_same_seed_gives_the_same_model(build: Build) -> None:
    one, other = build().state_dict(), build().state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_vision_part_of_a_whole_clip_is_taken(tmp_path: Path) -> None:
    part = {"hidden_size": 32, "intermediate_size": 8, "num_hidden_layers": 2, "num_attention_heads": 4}
    whole = CLIPModel(CLIPConfig(vision_config={**part, "image_size": 32, "patch_size": 8}, text_config=part))
    whole.half().save_pretrained(tmp_path)
    tower = load_encoder(tmp_path, "vision")
    assert tower.config.model_type == "clip_vision_model"
    assert tower.dtype == torch.float32
    assert torch.equal(tower.post_layernorm.weight, whole.vision_model.post_layernorm.weight.float())
    assert torch.equal(
        tower.encoder.layers[1].mlp.fc1.weight, whole.vision_model.encoder.layers[1].mlp.fc1.weight.float()
    )


@pytest.mark.parametrize("text", [True, False])
def test_a_saved_classifier_can_be_taken_with_one_modality(
    text: bool, build: Build, batch: dict[str, Tensor], tmp_path: Path
) -> None:
    build().save_pretrained(tmp_path)
    model = load_classifier(tmp_path, text=text, image=not text)
    assert (model.config.text, model.config.image) == (text, not text)
    assert model(**batch).logits.shape == (3, 3)
    saved = load_file(tmp_path / "model.safetensors")
    assert all(torch.equal(weight, saved[name]) for name, weight in model.state_dict().items())
    assert load_classifier(tmp_path).config.labels == ("Nervousness", "Restlessness", "Impending Doom")


def test_what_cannot_be_loaded_is_told_in_one_line(text_folder: Path, tmp_path: Path, build: Build) -> None:
    missing = tmp_path / "nowhere"
    with pytest.raises(ModelError) as told:
        build(text_encoder=missing)
    assert str(told.value) == (
        f"text encoder {missing}: there is no such folder. Run 'symptomeme fetch-weights' or 'dvc pull'."
    )
    pickled = shutil.copytree(text_folder, tmp_path / "pickled")
    torch.save(load_file(pickled / "model.safetensors"), pickled / "pytorch_model.bin")
    (pickled / "model.safetensors").unlink()
    with pytest.raises(ModelError) as told:
        build(text_encoder=pickled)
    assert str(told.value) == (
        f"text encoder {pickled}: no .safetensors file in it; save the model as safetensors there."
    )


def test_an_encoder_of_the_other_kind_is_told_in_one_line(build: Build, text_folder: Path, vision_folder: Path) -> None:
    for kind, folder, model in (("text", vision_folder, "clip_vision_model"), ("vision", text_folder, "bert")):
        with pytest.raises(ModelError) as told:
            build(**{f"{kind}_encoder": folder})
        assert str(told.value) == (
            f"{kind} encoder {folder}: its config is that of {model!r}, which is no {kind} encoder; name another "
            "folder."
        )


def test_missing_weights_are_not_made_up(text_folder: Path, build: Build, tmp_path: Path) -> None:
    partial = shutil.copytree(text_folder, tmp_path / "partial")
    weights = load_file(partial / "model.safetensors")
    del weights["encoder.layer.1.output.dense.weight"]
    save_file({name: value for name, value in weights.items() if "pooler" not in name}, partial / "model.safetensors")
    with pytest.raises(ModelError) as told:
        load_encoder(partial, "text")
    assert str(told.value) == (
        f"text encoder {partial}: 1 weights are missing, encoder.layer.1.output.dense.weight among them. "
        "Take a checkpoint of this encoder."
    )
    build().save_pretrained(tmp_path / "model")
    weights = load_file(tmp_path / "model/model.safetensors")
    del weights["moe_gate.bias"]
    save_file(weights, tmp_path / "model/model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError) as told:
        load_classifier(tmp_path / "model")
    assert str(told.value) == f"model {tmp_path / 'model'}: weights are missing, moe_gate.bias among them."


def test_a_folder_of_another_model_is_told(text_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as told:
        load_classifier(text_folder)
    assert str(told.value) == (f"model {text_folder}: its config says 'bert', not 'symptomeme'; give another folder.")
    with pytest.raises(ModelError, match=f"^model {tmp_path}: no config that transformers can read "):
        load_classifier(tmp_path)


def _without(source: Path, target: Path, part: str) -> Path:
    """A copy of an encoder without the weights of one part."""
    shutil.copytree(source, target)
    weights = load_file(target / "model.safetensors")
    save_file(
        {name: weight for name, weight in weights.items() if not name.startswith(part)}, target / "model.safetensors"
    )
    return target


def test_an_encoder_without_a_pooler_is_saved_with_the_same_bytes_every_time(text_folder: Path, tmp_path: Path) -> None:
    source = _without(text_folder, tmp_path / "source", "pooler.")
    for seed, name in enumerate(("one", "other")):
        torch.manual_seed(seed)
        save_encoder(source, "text", tmp_path / name)
    one, other = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "other"))
    assert one == other
    saved = load_file(tmp_path / "one/model.safetensors")
    assert not saved["pooler.dense.weight"].any()
    kept = load_file(source / "model.safetensors")
    assert kept
    assert all(torch.equal(saved[name], weight) for name, weight in kept.items())


def test_an_encoder_that_is_not_whole_is_not_saved(text_folder: Path, tmp_path: Path) -> None:
    source = _without(text_folder, tmp_path / "source", "encoder.layer.0.")
    with pytest.raises(ModelError) as told:
        save_encoder(source, "text", tmp_path / "saved")
    assert str(told.value) == (
        f"text encoder {source}: 16 weights are missing, encoder.layer.0.attention.output.LayerNorm.bias among them. "
        "Take a checkpoint of this encoder."
    )
    assert not (tmp_path / "saved").exists()
