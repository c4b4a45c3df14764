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
        "params.yaml: base.seed: missing; ocr.upscal: unknown key (did you mean upscale?); "
        "train.epochs: input should be a valid integer, found 'many'. "
        "Mend them all. 'symptomeme params use NAME' would write a whole profile over params.yaml, edits too."
    )


def test_a_misspelt_key_is_told_with_the_nearest_one_at_every_depth(sample: dict) -> None:
    sample["trian"] = sample.pop("train")
    sample["variants"]["fusion"]["txt"] = sample["variants"]["fusion"].pop("text")
    sample["evaluate"]["zzz"] = 1
    with pytest.raises(ParamsError) as told:
        check_params(sample, where="params.yaml")
    assert str(told.value) == (
        "params.yaml: variants.fusion.txt: unknown key (did you mean text?); "
        "evaluate.zzz: unknown key; trian: unknown key (did you mean train?). "
        "Mend them all. 'symptomeme params use NAME' would write a whole profile over params.yaml, edits too."
    )


@pytest.mark.parametrize(
    ("abstain", "fault"),
    [
        ({}, "train.abstain: dictionary should have at least 1 item"),
        ({"risk": 0.2, "coverage": 0.9}, "train.abstain: dictionary should have at most 1 item"),
        ({"coverage": 1.5}, "train.abstain.coverage: input should be less than or equal to 1, found 1.5"),
        ({"cover": 0.9}, "input should be 'below', 'coverage' or 'risk', found 'cover'"),
    ],
)
def test_a_model_abstains_for_one_reason(sample: dict, abstain: dict, fault: str) -> None:
    sample["train"]["abstain"] = abstain
    with pytest.raises(ParamsError, match=fault):
        check_params(sample, where="params.yaml")


def test_a_number_that_yaml_takes_for_text_is_explained(sample: dict) -> None:
    sample["train"]["head_learning_rate"] = "1e-5"
    with pytest.raises(ParamsError, match=r"found '1e-5' \(YAML takes 1e-5 for text: write 1\.0e-5\)"):
        check_params(sample, where="params.yaml")


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_a_number_is_finite(sample: dict, number: float) -> None:
    sample["train"]["head_learning_rate"] = sample["train"]["linear_strength"] = number
    with pytest.raises(ParamsError) as told:
        check_params(sample, where="params.yaml")
    for key in ("head_learning_rate", "linear_strength"):
        assert f"train.{key}: input should be a finite number, found {number}" in str(told.value)


def test_what_does_not_fit_between_sections_or_keys_is_told_with_the_rest(sample: dict) -> None:
    sample["validate"]["min_sid"] = 1
    sample["tasks"] = {"anxiety": "axiomm"}
    sample["published"] |= {"tasks": ["depression"], "variants": {"fusion": {"train": False}}}
    sample["train"] |= {"frozen_vision_layers": 1, "epochs": 0}
    sample["monitor"] |= {"permutations": 10, "min_rows": 0}
    with pytest.raises(ParamsError) as told:
        check_params(sample, where="params.yaml")
    for part in (
        "validate.min_sid: unknown key (did you mean min_side?)",
        "train.epochs: input should be greater than or equal to 1, found 0",
        "train.augmentation: value error, must be null with frozen_vision_layers over 0, as pictures are then seen ",
        "monitor.permutations: value error, false_alarms 0.02 needs at least 499, found 10",
        "monitor.min_rows: input should be greater than or equal to 2, found 0",
        "tasks.anxiety: found 'axiomm', expected 'axiom'",
        "published.tasks: depression is not under tasks; take it away, or add it there",
        "published.variants: fusion is under variants too; give it another name",
    ):
        assert part in str(told.value)


def test_a_loss_of_nothing_is_told(sample: dict) -> None:
    sample["train"] |= {"classification_weight": 0, "contrastive_weight": 0}
    with pytest.raises(ParamsError, match=r"train\.contrastive_weight: value error, must be over 0 with clas"):
        check_params(sample, where="params.yaml")


@pytest.mark.parametrize(
    ("section", "key", "found", "told"),
    [
        ("base", "threads", 2**31, "base.threads: input should be less than or equal to 1024, found 2147483648"),
        ("model", "text_encoder", "", "model.text_encoder: string should have at least 1 character, found ''"),
        ("model", "vision_encoder", "", "model.vision_encoder: string should have at least 1 character, found ''"),
        ("register", "model_prefix", "it's", "register.model_prefix: string should match pattern "),
        ("register", "model_prefix", "a/b", "register.model_prefix: string should match pattern "),
    ],
)
def test_what_a_library_would_stumble_over_is_told(
    sample: dict, section: str, key: str, found: object, told: str
) -> None:
    sample[section][key] = found
    with pytest.raises(ParamsError) as error:
        check_params(sample, where="params.yaml")
    assert str(error.value).startswith(f"params.yaml: {told}")


def test_a_variant_without_any_modality_is_told(sample: dict) -> None:
    sample["variants"]["blind"] = {"text": False, "image": False, "start": "encoders"}
    with pytest.raises(
        ParamsError, match=r"variants\.blind: neither text nor image; one of them, or both, must be true"
    ):
        check_params(sample, where="params.yaml")


def test_a_seed_is_one_that_every_library_takes(sample: dict) -> None:
    sample["base"]["seed"] = 2**32 - 1
    assert check_params(sample, where="params.yaml").base.seed == 2**32 - 1
    sample["base"]["seed"] = 2**32
    with pytest.raises(ParamsError, match=r"base\.seed: input should be less than 4294967296, found 4294967296"):
        check_params(sample, where="params.yaml")


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "a b", "-x", "x\n", "x.y"])
def test_a_variant_has_a_name_that_a_folder_may_have(sample: dict, name: str) -> None:
    sample["variants"][name] = sample["variants"]["fusion"]
    sample["published"]["variants"][name] = {"train": False}
    with pytest.raises(ParamsError) as told:
        check_params(sample, where="params.yaml")
    assert str(told.value).count(": string should match pattern ") == 2
    assert str(told.value).isprintable()
    del sample["variants"][name], sample["published"]["variants"][name]
    sample["variants"]["a-b_2"] = sample["variants"]["fusion"]
    assert "a-b_2" in check_params(sample, where="params.yaml").variants


@pytest.mark.parametrize("section", ["tasks", "variants", "published"])
@pytest.mark.parametrize("found", [None, 3, ["x"], {"tasks": 3, "variants": [[]]}])
def test_sections_of_the_wrong_kind_are_told(sample: dict, section: str, found: object) -> None:
    with pytest.raises(ParamsError, match=rf"{section}[:.]"):
        check_params(sample | {section: found}, where="params.yaml")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("seed: 42", "seed: 2020-13-45", " is no YAML that can be read: ValueError, month must be in 1..12."),
        ("seed: 42", "seed: !!int abc", " is no YAML that can be read: ValueError, invalid literal for int() "),
        ("seed: 42", "seed: !!bool x", " is no YAML that can be read: KeyError, 'x'."),
        ("seed: 42", "seed: !!timestamp x", " is no YAML that can be read: AttributeError, "),
        ("seed: 42", f"seed: {'[' * 3000}", " is no YAML that can be read: it is nested too deeply."),
        (
            "min_side: 32",
            "min_side: 32\n  min_side: 64\n  min_side: 65",
            ": a key stands in it twice: min_side (again in line 23), min_side (again in line 24). Keep one of each.",
        ),
        ("seed: 42", "seed: a: b", "params.yaml, line 13, column 10: no YAML, mapping values are not allowed here."),
        ("seed: 42", "seed: [1,", ": no YAML, while parsing a flow sequence, expected ',' or ']', but got '<scalar>'."),
        ("seed: 42", "seed: \x01", ": special characters are not allowed at position "),
        ("tasks:", '"a\\nb": 1\ntasks:', ": 'a\\nb': unknown key. Mend them all"),
        ("seed: 42", f"seed: [{'1,' * 900}]", ", found [1, 1, 1, 1, 1, 1, ...]. Mend them all"),
    ],
)
def test_what_yaml_cannot_give_is_told_in_one_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    text = (ROOT / "profiles/sample.yaml").read_text()
    assert old in text
    (tmp_path / "params.yaml").write_text(text.replace(old, new, 1))
    with pytest.raises(ParamsError) as told:
        read_params(tmp_path / "params.yaml")
    assert fault in str(told.value)
    assert str(told.value).isprintable()


@pytest.mark.parametrize("content", [b"", b"- 1", b"text", b"\xff\xfe\x00", b"a: ["])
def test_what_is_no_mapping_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "params.yaml").write_bytes(content)
    with pytest.raises(ParamsError, match=r"^[^\n]*params\.yaml[^\n]+$"):
        read_params(tmp_path / "params.yaml")


def test_a_variant_is_described_and_there_is_one(sample: dict) -> None:
    sample["variants"] = {}
    with pytest.raises(ParamsError, match="variants: dictionary should have at least 1 item"):
        check_params(sample, where="params.yaml")
    sample["variants"] = {"fusion": {"text": True, "image": True}}
    with pytest.raises(ParamsError, match=r"variants.fusion.start: missing"):
        check_params(sample, where="params.yaml")


@pytest.mark.parametrize("separator", ["", "|", "[SEP] ", " and"])
def test_a_separator_stands_between_spaces_so_that_no_word_grows_together_with_it(sample: dict, separator: str) -> None:
    sample["model"]["separator"] = separator
    with pytest.raises(ParamsError, match=r"model\.separator: string should match pattern "):
        check_params(sample, where="params.yaml")
    for kept in (" ", " [SEP] ", "\n", None):
        sample["model"]["separator"] = kept
        assert check_params(sample, where="params.yaml").model.separator == kept


def test_a_task_has_its_own_folder(sample: dict) -> None:
    sample["tasks"] = {"anxiety": "restore"}
    with pytest.raises(ParamsError, match=r"tasks.anxiety: found 'restore', expected 'axiom'"):
        check_params(sample, where="params.yaml")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="is missing: run this in the project's root"):
        read_params(tmp_path / "params.yaml")


def test_a_runtime_is_one_that_there_is_and_agreement_a_share(sample: dict) -> None:
    sample["train"] |= {"runtime": "int4", "min_agreement": 1.01}
    with pytest.raises(ParamsError) as told:
        check_params(sample, where="params.yaml")
    assert "train.runtime: input should be 'fp32' or 'int8', found 'int4'; train.min_agreement: " in str(told.value)
    assert "less than or equal to 1, found 1.01" in str(told.value)
