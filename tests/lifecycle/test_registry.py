"""Against a real MLflow registry on sqlite."""

from pathlib import Path

import pytest

from symptomeme.domain.errors import RegistryError
from symptomeme.lifecycle.registry import KIND, TASK, VARIANT, Candidate, Registry, choose

NAME = "symptomeme-anxiety"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(tmp_path_factory.mktemp("registry"))
        found = Registry(experiment="test")
        found.add("warm-up", candidate(Path.cwd(), "0"))  # the database is made where it stands
    return found


def candidate(folder: Path, digest: str, kind: str = "published") -> Candidate:
    model = folder / f"model-{digest}"
    model.mkdir()
    (model / "config.json").write_text("{}")
    return Candidate(
        digest=digest,
        tags={TASK: "anxiety", VARIANT: "fusion", KIND: kind},
        params={"base.seed": "42"},
        metrics={"val.published.macro_f1.value": 0.5},
        curves={"val_macro_f1": [(1, 0.4), (2, 0.5)]},
        model=model,
        files={"evaluation": model / "config.json"},
    )


def test_the_same_digest_is_registered_once(registry: Registry, tmp_path: Path) -> None:
    item = candidate(tmp_path, "a")
    first = registry.add(NAME, item)
    assert registry.add(NAME, item).version == first.version
    assert [version.tags["symptomeme.digest"] for version in registry.versions(NAME)] == ["a"]


def test_a_version_holds_the_model_the_curves_and_the_files(registry: Registry, tmp_path: Path) -> None:
    version = registry.add("whole", candidate(tmp_path, "b"))
    folder, fetched = registry.fetch(f"models:/whole/{version.version}")
    assert (folder / "config.json").read_text() == "{}"
    assert fetched.tags[VARIANT] == "fusion"
    history = registry.client.get_metric_history(version.run_id, "curve/val_macro_f1")
    assert [(point.step, point.value) for point in history] == [(1, 0.4), (2, 0.5)]
    assert [item.path for item in registry.client.list_artifacts(version.run_id)] == ["evaluation", "model"]


def test_the_first_is_champion_and_a_later_one_only_challenger(registry: Registry, tmp_path: Path) -> None:
    first, second = (registry.add("later", candidate(tmp_path, digest)) for digest in "cd")
    assert choose(registry, "later", first) == (first.version, True)
    assert choose(registry, "later", second) == (first.version, False)
    champion, challenger = registry.by_alias("later", "champion"), registry.by_alias("later", "challenger")
    assert champion and challenger
    assert (champion.version, challenger.version) == (first.version, second.version)


def test_a_champion_of_the_sample_gives_way_to_real_data_and_never_the_other_way(
    registry: Registry, tmp_path: Path
) -> None:
    sample = registry.add("way", candidate(tmp_path, "e", kind="sample"))
    real = registry.add("way", candidate(tmp_path, "f"))
    newer_sample = registry.add("way", candidate(tmp_path, "g", kind="sample"))
    assert choose(registry, "way", sample) == (sample.version, True)
    assert choose(registry, "way", real) == (real.version, True)
    assert choose(registry, "way", newer_sample) == (real.version, False)


def test_what_is_not_there_is_told_in_one_line(registry: Registry) -> None:
    assert registry.by_alias("nobody", "champion") is None
    with pytest.raises(RegistryError) as told:
        registry.fetch("models:/nobody@champion")
    assert str(told.value).startswith("models:/nobody@champion: ")
    assert str(told.value).endswith("registers again what was trained), or name a model folder with --model.")
    assert "\n" not in str(told.value)
