"""Against a real MLflow registry on sqlite."""

import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from symptomeme.domain.errors import RegistryError
from symptomeme.domain.ports import free_port
from symptomeme.lifecycle.candidate import KIND, VARIANT, Candidate
from symptomeme.lifecycle.promotion import choose
from symptomeme.lifecycle.registry import Registry

MakeCandidate = Callable[..., Candidate]
NAME = "symptomeme-anxiety"


def test_the_same_digest_is_registered_once(registry: Registry, candidate: MakeCandidate) -> None:
    item = candidate("a")
    first = registry.add(NAME, item)
    assert registry.add(NAME, item).version == first.version
    assert [version.tags["symptomeme.digest"] for version in registry.versions(NAME)] == ["a"]


def test_a_version_holds_the_model_the_curves_and_the_files(registry: Registry, candidate: MakeCandidate) -> None:
    version = registry.add("whole", candidate("b"))
    folder, fetched = registry.fetch(f"models:/whole/{version.version}")
    assert (folder / "config.json").read_text() == '{"made_up": "b"}'
    assert (fetched.tags[VARIANT], fetched.description) == ("fusion", "made up, b")
    run = registry.client.get_run(version.run_id)
    assert (run.info.status, run.data.params) == ("FINISHED", {"base.seed": "42"})
    history = registry.client.get_metric_history(version.run_id, "curve/val_macro_f1")
    assert [(point.step, point.value) for point in history] == [(1, 0.4), (2, 0.5)]
    assert [item.path for item in registry.client.list_artifacts(version.run_id)] == ["evaluation"]
    logged = registry.client.get_logged_model(version.source.removeprefix("models:/"))
    assert {metric.key for metric in logged.metrics} == {"val.published.macro_f1.value", "curve/val_macro_f1"}
    assert [path.name for path in folder.parents[1].rglob("*") if path.suffix in (".pkl", ".pickle")] == []


@pytest.mark.parametrize("file", ["artifacts/model/config.json", "pyfunc_model.py", "code/symptomeme/predictor.py"])
def test_a_model_with_a_changed_file_is_not_loaded(registry: Registry, candidate: MakeCandidate, file: str) -> None:
    name = f"damaged-{Path(file).stem}"
    version = registry.add(name, candidate("c"))
    folder, _ = registry.fetch(f"models:/{name}/{version.version}")
    (folder.parents[1] / file).write_text("other")
    with pytest.raises(RegistryError, match=rf"{file} has changed since it was registered: the model is not loaded\."):
        registry.fetch(f"models:/{name}/{version.version}")


def test_a_model_whose_files_are_gone_is_not_loaded(registry: Registry, candidate: MakeCandidate) -> None:
    version = registry.add("gone", candidate("m"))
    folder, _ = registry.fetch(f"models:/gone/{version.version}")
    shutil.rmtree(folder.parents[1])
    with pytest.raises(RegistryError) as told:
        registry.fetch(f"models:/gone/{version.version}")
    assert "\n" not in str(told.value)


def test_the_first_is_champion_and_a_later_one_only_challenger(registry: Registry, candidate: MakeCandidate) -> None:
    first, second = (registry.add("later", candidate(digest)) for digest in "de")
    assert choose(registry, "later", first) == (first.version, True)
    assert choose(registry, "later", second) == (first.version, False)
    champion, challenger = registry.by_alias("later", "champion"), registry.by_alias("later", "challenger")
    assert champion and challenger
    assert (champion.version, challenger.version) == (first.version, second.version)


def test_a_champion_of_the_sample_gives_way_to_real_data_and_never_the_other_way(
    registry: Registry, candidate: MakeCandidate
) -> None:
    sample = registry.add("way", candidate("f", data="sample"))
    real = registry.add("way", candidate("g"))
    newer_sample = registry.add("way", candidate("h", data="sample"))
    assert choose(registry, "way", sample) == (sample.version, True)
    assert choose(registry, "way", real) == (real.version, True)
    assert choose(registry, "way", newer_sample) == (real.version, False)


def test_a_baseline_gets_no_alias(registry: Registry, candidate: MakeCandidate) -> None:
    baseline = registry.add("peer", candidate("i", kind="baseline"))
    for give in (lambda: choose(registry, "peer", baseline), lambda: registry.point("peer", "champion", "1")):
        with pytest.raises(RegistryError, match="peer 1 is a baseline; only a variant of this model can be "):
            give()
    registry.client.delete_model_version_tag("peer", "1", KIND)
    with pytest.raises(RegistryError, match="peer 1 is of no known kind; only a variant of this model can be "):
        registry.point("peer", "champion", "1")
    assert registry.by_alias("peer", "champion") is None
    assert registry.by_alias("peer", "challenger") is None


@contextmanager
def ended_at(registry: Registry, monkeypatch: pytest.MonkeyPatch, *steps: str) -> Iterator[None]:
    """What is done within ends at these steps of MLflow's client."""

    def end(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        for step in steps:
            patch.setattr(registry.client, step, end)
        yield


@pytest.mark.parametrize("step", ["log_batch", "log_artifact", "log_model_artifacts", "create_model_version"])
def test_what_fails_midway_is_left_as_failed_and_registers_cleanly_later(
    registry: Registry, candidate: MakeCandidate, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    name, item = f"cut-{step}", candidate("j")
    with ended_at(registry, monkeypatch, step):
        registry.add(name, item)
    assert registry.versions(name) == []
    assert [int(registry.add(name, item).version) for _ in "ab"] == [1, 1]
    assert run_statuses(registry, name) == ["FAILED", "FINISHED"]


@pytest.mark.parametrize(
    ("step", "statuses"), [("set_terminated", ["FINISHED"]), ("log_batch", ["FAILED", "FINISHED"])]
)
def test_a_run_that_was_killed_is_ended_by_the_next_registration(
    registry: Registry, candidate: MakeCandidate, monkeypatch: pytest.MonkeyPatch, step: str, statuses: list[str]
) -> None:
    name, item = f"killed-{step}", candidate("n")
    with ended_at(registry, monkeypatch, step, "set_terminated"):
        registry.add(name, item)
    assert run_statuses(registry, name) == ["RUNNING"]
    assert int(registry.add(name, item).version) == 1
    assert run_statuses(registry, name) == statuses


def run_statuses(registry: Registry, name: str) -> list[str]:
    experiment = registry.client.get_experiment_by_name("test").experiment_id
    runs = registry.client.search_runs([experiment], f"attributes.run_name = '{name}-fusion'")
    return sorted(run.info.status for run in runs)


def test_whoever_reads_makes_no_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    registry = Registry(experiment="test")
    assert (registry.versions("any"), registry.by_alias("any", "champion")) == ([], None)
    assert registry.standing("any") == (None, {})
    with pytest.raises(RegistryError) as told:
        registry.fetch("models:/any@champion")
    assert str(told.value) == (
        "there is no registry here (mlruns.db is missing). Run 'dvc repro' to train and register, set "
        "MLFLOW_TRACKING_URI to one elsewhere, or name a model folder with --model."
    )
    assert list(tmp_path.iterdir()) == []


def test_two_at_once_make_one_version(registry: Registry, candidate: MakeCandidate) -> None:
    item = candidate("k")
    registries = [registry, Registry(experiment="test")]
    for other in registries:  # neither sees the other's version when it begins
        find, answers = other.find, iter([None])
        other.find = lambda *args, find=find, answers=answers: next(answers, find(*args))  # type: ignore[method-assign]
    with ThreadPoolExecutor() as pool:
        made = list(pool.map(lambda each: each.add("twice", item), registries))
    assert len({version.version for version in made}) == 1
    assert [version.version for version in registry.versions("twice")] == [made[0].version]
    experiment = registry.client.get_experiment_by_name("test").experiment_id
    assert len(registry.client.search_runs([experiment], "attributes.run_name = 'twice-fusion'")) == 1


def test_what_is_not_there_is_told_in_one_line(registry: Registry) -> None:
    assert registry.by_alias("nobody", "champion") is None
    with pytest.raises(RegistryError) as told:
        registry.fetch("models:/nobody@champion")
    assert str(told.value).startswith("models:/nobody@champion: ")
    assert str(told.value).endswith("registers again what was trained), or name a model folder with --model.")
    assert "\n" not in str(told.value)


def test_a_server_that_is_down_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    candidate: MakeCandidate,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://name:secret@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    down = Registry(experiment="test")
    for ask in (lambda: down.add("down", candidate("l")), lambda: down.fetch("models:/down@champion")):
        with pytest.raises(RegistryError) as told:
            ask()
        assert "127.0.0.1" in str(told.value)
        assert "\n" not in str(told.value)
        assert "secret" not in str(told.value)
        assert str(told.value).endswith("Check MLFLOW_TRACKING_URI and the server, then run it again.")
    assert (capfd.readouterr().err, caplog.records) == ("", [])


def test_a_database_without_its_driver_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql+nothing://name:secret@127.0.0.1:9/x")
    with pytest.raises(RegistryError, match=r"^MLflow: .*nothing.* Check MLFLOW_TRACKING_URI") as told:
        Registry(experiment="test").versions("any")
    assert "secret" not in str(told.value)


def test_a_database_whose_driver_is_missing_is_told_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql+psycopg2://name:secret@127.0.0.1:9/x")
    monkeypatch.setitem(sys.modules, "psycopg2", None)  # as where it is not installed
    with pytest.raises(RegistryError, match=r"^the registry is in Postgres, .* psycopg2 .* Type pip install") as told:
        Registry(experiment="test")
    assert [part for part in ("secret", "\n") if part in str(told.value)] == []


def test_a_database_that_is_away_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("psycopg2", reason="the extra postgres is not installed")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"postgresql+psycopg2://name:secret@127.0.0.1:{free_port()}/x")
    waits: list[float] = []
    monkeypatch.setattr("mlflow.store.db.utils.time.sleep", waits.append)
    monkeypatch.setenv("SYMPTOMEME_POSTGRES", "what made it")
    with pytest.raises(RegistryError, match=r"^MLflow: .* Check SYMPTOMEME_POSTGRES or MLFLOW_TRACKING_URI") as told:
        Registry(experiment="test")
    assert waits == []
    assert [part for part in ("secret", "\n") if part in str(told.value)] == []
    assert capfd.readouterr().err == ""
