import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from symptomeme.domain.errors import ParamsError
from symptomeme.domain.layout import STUDY_ASKED, STUDY_PARAMS
from symptomeme.domain.params import Params, read_params
from symptomeme.domain.study_params import Cell, ask, model_of, read_study, train_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """Those of the sample, and the study's own files to work on."""
    shutil.copytree(ROOT / "studies", tmp_path / "studies")
    monkeypatch.chdir(tmp_path)
    return read_params(ROOT / "profiles/sample.yaml")


def write(study: dict[str, Any]) -> None:
    STUDY_PARAMS.write_text(yaml.safe_dump({"study": study}, sort_keys=False))


def shipped() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(STUDY_PARAMS.read_text())["study"]
    return found


@pytest.mark.parametrize("profile", sorted((ROOT / "profiles").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_profile_can_be_studied(params: Params, profile: Path) -> None:
    study = read_study(read_params(profile))
    assert study.names == [
        *("commonest", "every_label", "tfidf", "frozen_encoder", "text_encoder", "text_encoder_reasoning"),
        *("image_only", "text_only", "concatenation", "no_contrastive", "no_prealign", "no_experts", "no_ngrams"),
        *("first_token", "full"),
    ]


def test_of_a_profile_with_ngrams_the_rows_that_are_told_to_be_without_them_are(params: Params) -> None:
    real = read_params(ROOT / "profiles/real.yaml")
    without = [name for name, row in read_study(real).ablations.items() if train_of(real, row).linear_strength is None]
    assert without == ["text_encoder", "text_encoder_reasoning", "no_ngrams"]


def test_an_ablation_changes_what_it_names_alone(params: Params) -> None:
    study = read_study(params)
    model, train = (of(params, study.ablations["text_encoder"]) for of in (model_of, train_of))
    assert model == params.model.model_copy(update={"fusion": "concatenation", "num_experts": 0})
    assert train == params.train.model_copy(update={"frozen_text_layers": 0, "linear_strength": None})
    assert model_of(params, study.ablations["full"]) == params.model


def test_all_faults_of_the_study_are_told_at_once(params: Params) -> None:
    study = shipped()
    study["ablations"]["full"] = {"text": True, "image": True, "start": "aligned", "modle": {}}
    study["baselines"].append("bert")
    write(study)
    with pytest.raises(ParamsError) as told:
        read_study(params)
    assert str(told.value).startswith(f"{STUDY_PARAMS}: study.baselines.4: input should be 'commonest'")
    assert str(told.value).endswith("study.ablations.full.modle: unknown key (did you mean model?). Mend them all.")


def test_what_an_ablation_changes_is_checked_as_the_section_itself(params: Params) -> None:
    study = shipped()
    study["ablations"]["full"] |= {"model": {"fusoin": "x", "contrastive_size": 8}, "train": {"epochs": 0}}
    study["ablations"]["text_only"]["model"] = {"text_encoder": "data/weights/other"}
    write(study)
    with pytest.raises(ParamsError) as told:
        read_study(params)
    assert str(told.value) == (
        f"{STUDY_PARAMS}: study.ablations.text_only.model.text_encoder: all ablations have the encoders of the section "
        "model, which the graph watches; study.ablations.full.model.fusoin: unknown key (did you mean fusion?); "
        "study.ablations.full.train.epochs: input should be greater than or equal to 1, found 0; "
        "study.ablations.full.model.contrastive_size: pre-alignment has trained heads of the size in the section "
        "model; start: encoders. Mend them all."
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reference": "fulll"}, "reference fulll is no row; expected one of commonest,"),
        ({"baselines": ["tfidf", "tfidf"]}, "tfidf names more than one row"),
    ],
)
def test_a_name_means_one_row(params: Params, change: dict[str, Any], told: str) -> None:
    write(shipped() | change)
    with pytest.raises(ParamsError, match=told):
        read_study(params)


def test_cells_are_rows_and_for_ablations_seeds(params: Params) -> None:
    cells = read_study(params).cells("anxiety", [1, 2], ["full", "tfidf"])
    assert cells == [Cell("anxiety", "tfidf", None), Cell("anxiety", "full", 1), Cell("anxiety", "full", 2)]
    assert [cell.address for cell in cells[:2]] == [
        "studies/dvc.yaml:baseline@anxiety-tfidf",
        "studies/dvc.yaml:ablation@anxiety-full-1",
    ]


def test_outside_a_project_that_is_told(params: Params) -> None:
    shutil.rmtree("studies")
    with pytest.raises(ParamsError, match=r"^studies/asked.yaml is missing: run this in the project's root.$"):
        ask(["anxiety"], [1])


def test_what_is_asked_for_is_added_to_what_was_once(params: Params) -> None:
    ask(["depression"], [43])
    ask(["anxiety"], [42])
    before = STUDY_ASKED.read_bytes()
    assert yaml.safe_load(before) == {"asked": {"tasks": ["anxiety", "depression"], "seeds": [42, 43]}}
    assert before.startswith(b"# ")
    ask(["anxiety"], [43])
    assert STUDY_ASKED.read_bytes() == before
