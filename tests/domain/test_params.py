from pathlib import Path

import pytest
import yaml

from symptomeme.domain.errors import ParamsError
from symptomeme.domain.params import check_params, read_params

ROOT = Path(__file__).parents[2]
PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))


@pytest.fixture
def sample() -> dict:
    return yaml.safe_load((ROOT / "profiles" / "sample.yaml").read_text())


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.stem)
def test_every_profile_is_whole(profile: Path) -> None:
    assert read_params(profile).variants.keys() >= {"fusion", "text_only"}


def test_all_faults_are_told_at_once(sample: dict) -> None:
    sample["ocr"]["upscal"] = 2.0
    sample["train"]["epochs"] = "many"
    del sample["base"]["seed"]
    with pytest.raises(ParamsError) as told:
        check_params(sample, where="params.yaml")
    assert str(told.value) == (
        "params.yaml: base.seed: missing; ocr.upscal: unknown key; train.epochs: input should be a valid integer, "
        "found 'many'. Mend them all, or 'symptomeme params use NAME'."
    )


def test_a_variant_is_described_and_there_is_one(sample: dict) -> None:
    sample["variants"] = {}
    with pytest.raises(ParamsError, match="variants: dictionary should have at least 1 item"):
        check_params(sample, where="params.yaml")
    sample["variants"] = {"fusion": {"text": True, "image": True}}
    with pytest.raises(ParamsError, match=r"variants.fusion.start: missing"):
        check_params(sample, where="params.yaml")


def test_a_task_has_its_own_folder(sample: dict) -> None:
    sample["tasks"] = {"anxiety": "restore"}
    with pytest.raises(ParamsError, match=r"tasks.anxiety: found 'restore', expected 'axiom'"):
        check_params(sample, where="params.yaml")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="is missing: run this in the project's root"):
        read_params(tmp_path / "params.yaml")


def test_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("a: [")
    with pytest.raises(ParamsError, match="is no YAML"):
        read_params(tmp_path / "params.yaml")


def test_a_list_is_no_params(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("- 1")
    with pytest.raises(ParamsError, match=r"params\.yaml: "):
        read_params(tmp_path / "params.yaml")
