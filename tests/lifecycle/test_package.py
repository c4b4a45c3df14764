"""Champions of a real registry become Bentos in a real store; one is served and asked."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import bentoml
import grimp
import pytest
import yaml
from small_models import write_model

from symptomeme.cli.main import main
from symptomeme.domain.digests import of_folder
from symptomeme.domain.errors import InputError, RegistryError, ToolError
from symptomeme.domain.layout import StatePaths
from symptomeme.domain.params import Params, read_params
from symptomeme.domain.pointer import Live, PackagedModel, read_live
from symptomeme.lifecycle import package
from symptomeme.lifecycle.bentofile import locked, write_context
from symptomeme.lifecycle.bentos import bentos_holding, put_model
from symptomeme.lifecycle.candidate import DATA_KIND, KIND, TASK, VARIANT, Candidate
from symptomeme.lifecycle.lineage import DATASET
from symptomeme.lifecycle.package import Packaged, package_champions
from symptomeme.lifecycle.probe import differences
from symptomeme.lifecycle.registry import Registry
from symptomeme.lifecycle.requirements import NGRAMS, READERS, RUNTIMES, SERVICE, of_model

ROOT = Path(__file__).parents[2]
Champion = Callable[..., str]


@pytest.fixture
def params(registry: Registry, place: Path, bentoml_home: Path) -> Iterator[Params]:
    """A project with a registry and a store, in which nothing is live; a model is registered once for all tests."""
    told = yaml.safe_load((ROOT / "profiles/sample.yaml").read_text())
    told["tasks"] = {"anxiety": "axiom"}
    told["register"]["model_prefix"] = "tiny"
    (place / "params.yaml").write_text(yaml.safe_dump(told, sort_keys=False))
    for name in ("bentofile.yaml", "requirements.lock"):
        shutil.copy(ROOT / name, place)
    yield read_params()
    shutil.rmtree(StatePaths().root, ignore_errors=True)


@pytest.fixture
def champion(params: Params, registry: Registry, tmp_path: Path, text_folder: Path, vision_folder: Path) -> Champion:
    """Register a tiny model of this seed and make it champion of a task; its version."""

    def make(seed: int, task: str = "anxiety") -> str:
        folder = tmp_path / f"{task}-{seed}" / "model"
        if not folder.exists():
            write_model(folder, text_folder, vision_folder, seed=seed, task=task)
        name = f"{params.registration.model_prefix}-{task}"
        card = tmp_path / "MODEL_CARD.md"
        card.write_text("# Tiny\n")
        version = registry.add(
            name,
            Candidate(
                digest=of_folder(folder),
                tags={TASK: task, VARIANT: "fusion", DATA_KIND: "sample", KIND: "variant", DATASET: "abc.dir"},
                params={},
                metrics={},
                curves={},
                model=folder,
                files={"evaluation": [card]},
                description="tiny",
            ),
        )
        registry.point(name, "champion", version.version)
        return str(version.version)

    return make


def packaged(params: Params, *, force: bool = False) -> Packaged:
    """Without the request, which one test sends."""
    return package_champions(params, force=force, try_out=lambda *_: None)


def own_code(bento: str) -> str:
    """Where a worker that serves this Bento has its code, from the store's folder of Bentos."""
    script = """
import sys
from _bentoml_impl.loader import load
load(sys.argv[1], standalone_load=True)
import symptomeme.predictor
print(symptomeme.predictor.__file__)
"""
    command = [sys.executable, "-c", script, bento]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip().partition("/bentos/")[2]


def live() -> Live | None:
    return read_live(StatePaths().live)


def test_a_champion_is_built_asked_and_live_and_nothing_is_built_twice(
    champion: Champion, capsys: pytest.CaptureFixture[str]
) -> None:
    version = champion(10)
    assert main(["package", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["built"], told["moved"], told["live"]) == (True, True, "state/live.json")
    model = told["models"]["anxiety"]
    assert (model["version"], model["variant"]) == (version, "fusion")
    assert model["tag"] == f"{model['name']}:{model['digest'][:12]}"
    assert model["data"] == "abc.dir"
    assert live() == Live(bento=told["bento"], models={"anxiety": PackagedModel(**model, card="# Tiny\n")})
    assert bentos_holding(model["digest"]) == [told["bento"]]
    assert own_code(told["bento"]) == f"{told['bento'].replace(':', '/')}/src/symptomeme/predictor.py"
    own = Path(bentoml.bentos.get(told["bento"]).path) / "src/symptomeme/assets/page"
    assert {"index.html", "page.js", "samples/cursor.jpg"} < {
        path.relative_to(own).as_posix() for path in own.rglob("*")
    }
    before = StatePaths().live.stat()
    assert main(["package", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {**told, "built": False, "moved": False}
    assert StatePaths().live.stat() == before
    assert main(["package"]) == 0
    assert f"{told['bento']} was there already, nothing was built; it is live." in capsys.readouterr().out


def test_a_bento_that_answers_otherwise_does_not_go_live(params: Params, champion: Champion) -> None:
    def refuse(tag: str, _: object) -> None:
        raise ToolError(f"{tag} answers otherwise")

    champion(1)
    first = packaged(params)
    champion(11)
    with pytest.raises(ToolError, match="answers otherwise"):
        package_champions(params, try_out=refuse)
    assert live() == first.live
    assert packaged(params).built


def test_going_back_moves_the_pointer_and_builds_nothing(params: Params, champion: Champion) -> None:
    champion(1)
    first = packaged(params)
    champion(12)
    second = packaged(params)
    assert (second.built, second.moved, second.live.bento != first.live.bento) == (True, True, True)
    champion(1)
    again = packaged(params)
    assert (again.built, again.moved, again.live) == (False, True, first.live)
    assert packaged(params, force=True).built


@pytest.mark.parametrize("how", ["file", "digest", "kind"])
def test_what_the_registry_does_not_confirm_is_refused(
    params: Params, champion: Champion, registry: Registry, how: str
) -> None:
    name = f"{params.registration.model_prefix}-anxiety"
    version = champion({"file": 4, "digest": 5, "kind": 6}[how])
    if how == "file":
        folder, _ = registry.fetch(f"models:/{name}/{version}")
        (folder / "config.json").write_text("{}")
        told = "config.json has changed since it was registered"
    elif how == "digest":
        registry.client.set_model_version_tag(name, version, "symptomeme.digest", "0" * 64)
        told = "has another digest than its model folder: it is not packaged"
    else:
        registry.client.set_model_version_tag(name, version, KIND, "baseline")
        told = "is no variant of this model: it is not packaged"
    with pytest.raises(RegistryError, match=told):
        packaged(params)
    assert live() is None


def test_a_task_without_a_champion_is_told(params: Params) -> None:
    params = params.model_copy(
        update={"registration": params.registration.model_copy(update={"model_prefix": "unknown"})}
    )
    with pytest.raises(RegistryError, match=r"^unknown-anxiety has no champion: .*'dvc repro' trains and registers\.$"):
        packaged(params)


def test_what_a_killed_run_left_is_made_again(params: Params, champion: Champion, bentoml_home: Path) -> None:
    champion(1)
    first = packaged(params).live
    name, _, digest = first.models["anxiety"].tag.partition(":")
    stored = bentoml_home / "models" / name / digest
    (stored / "model/model.safetensors").write_bytes(b"half")
    bento = bentoml_home / "bentos" / str(first.bento).replace(":", "/")
    (bento / "src/symptomeme/predictor.py").unlink()
    again = packaged(params)
    assert (again.built, again.live) == (True, first)
    assert of_folder(stored / "model") == first.models["anxiety"].digest
    assert (bento / "src/symptomeme/predictor.py").is_file()


@pytest.mark.parametrize("step", ["model", "bento", "pointer"])
def test_a_full_disk_leaves_what_is_live(
    params: Params, champion: Champion, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], step: str
) -> None:
    champion(1)
    first = packaged(params).live
    champion({"model": 7, "bento": 8, "pointer": 9}[step])
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "there")

    def no_room(*_: object, **__: object) -> None:
        raise shutil.Error([("from", "to", str(full))]) if step == "model" else full  # copytree gathers its errors

    with monkeypatch.context() as broken:
        if step == "model":
            broken.setattr(shutil, "copytree", no_room)
        elif step == "bento":
            broken.setattr(bentoml.bentos, "build_bentofile", no_room)
        else:
            broken.setattr(package, "write_live", no_room)
        broken.setattr(package.package_champions, "__kwdefaults__", {"force": False, "try_out": lambda *_: None})
        assert main(["package"]) == 1
    assert capsys.readouterr().err.endswith("No space left on device. Make room and run it again.\n")
    assert live() == first
    assert packaged(params).moved


def test_the_bento_holds_what_the_service_imports_and_its_pins(
    params: Params, champion: Champion, bentoml_home: Path
) -> None:
    champion(1)
    before = Path("bentofile.yaml").read_bytes()
    done = packaged(params)
    assert Path("bentofile.yaml").read_bytes() == before
    place = bentoml_home / "bentos" / str(done.live.bento).replace(":", "/")
    graph = grimp.build_graph("symptomeme", include_external_packages=True, cache_dir=None)
    imported = graph.find_upstream_modules("symptomeme.serving.service")
    shipped = {path.relative_to(place / "src").as_posix() for path in (place / "src/symptomeme").rglob("*.py")}
    ours = {module.replace(".", "/") for module in imported if module.startswith("symptomeme.")}
    assert {f"{name}.py" for name in ours} <= shipped
    assert not [name for name in shipped if name.split("/")[1] in ("lifecycle", "learning", "stages", "cli")]
    assert read_live(place / "src/models.json") == Live(bento=None, models=done.live.models)
    pins = (place / "env/python/requirements.txt").read_text().splitlines()
    assert {"torch==2.13.0", "transformers==5.23.0", "safetensors==0.8.0"} <= set(pins)
    assert not [pin for pin in pins if pin.startswith(("mlflow", "dvc", "prefect", "great"))]
    assert "tesseract-ocr" in (place / "env/docker/Dockerfile").read_text().rpartition("\nUSER bentoml\n")[0]


def test_requirements_name_all_that_the_service_imports() -> None:
    graph = grimp.build_graph("symptomeme", include_external_packages=True, cache_dir=None)
    imported = graph.find_upstream_modules("symptomeme.serving.service")
    names = {"PIL": "pillow", "sklearn": "scikit-learn", "yaml": "pyyaml"} | {
        name.replace("-", "_"): name for name in SERVICE
    }
    external = {names.get(name, name) for name in imported if "symptomeme" not in name}
    assert external - set(sys.stdlib_module_names) == {*SERVICE, *READERS["rapidocr"], *RUNTIMES["int8"], *NGRAMS}


def test_a_model_brings_what_it_runs_in_and_what_reads_its_words(params: Params, tmp_path: Path) -> None:
    told = {
        "fp32": ("tesseract", set()),
        "int8": ("tesseract", {"onnxruntime"}),
        "both": ("rapidocr", {*READERS["rapidocr"]}),
        "ngrams": ("tesseract", {"scikit-learn"}),
    }
    for name, (source, needed) in told.items():
        (tmp_path / name).mkdir()
        config = {"ocr": {"source": source}, "runtime": name.replace("both", "int8"), "ngrams": name == "ngrams"}
        (tmp_path / name / "config.json").write_text(json.dumps(config))
        assert of_model(tmp_path / name) == needed
    write_context(tmp_path / "context", Live(bento=None, models={}), folders=[tmp_path / "fp32", tmp_path / "int8"])
    pins = (tmp_path / "context/requirements.txt").read_text().splitlines()
    assert [pin.partition("==")[0] for pin in pins if pin.startswith("onnx")] == ["onnxruntime"]


def test_a_lock_is_cut_down_to_what_is_needed() -> None:
    lock = "# comment\nJinja2==3.1.6\nMarkupSafe==3.0.4\nmlflow==3.17.2\n"
    assert locked(lock, ["jinja2", "not-installed-here"]) == ["Jinja2==3.1.6", "MarkupSafe==3.0.4"]


def test_differences_are_named() -> None:
    model = {"name": "a", "version": "1", "variant": "fusion"}
    told = {"anxiety": {"model": model, "probabilities": {"x": 0.5}}}
    near = {"anxiety": {"model": model, "probabilities": {"x": 0.500009}}}
    far = {"anxiety": {"model": model, "probabilities": {"x": 0.50002}}}
    other = {"anxiety": {"model": {**model, "version": "2"}, "probabilities": {"x": 0.5}}}
    assert differences(told, near) == []
    assert differences(told, far) == ["anxiety: x 0.50002 in place of 0.5"]
    assert "'version': '2'" in differences(told, other)[0]
    assert differences(told, {}) == ["anxiety is answered by one alone"]


def test_a_name_that_bentoml_does_not_take_is_told(params: Params, tmp_path: Path, bentoml_home: Path) -> None:
    model = PackagedModel(name="a b", version="1", variant="fusion", digest="0", tag="a b:0")
    with pytest.raises(ToolError, match=r"BentoML does not take a b:0 into its store: .*register\.model_prefix\.$"):
        put_model(tmp_path, model)


def test_outside_a_project_it_says_what_is_missing(params: Params, champion: Champion) -> None:
    champion(1)
    Path("bentofile.yaml").unlink()
    with pytest.raises(InputError, match=r"bentofile\.yaml is missing: run this in the project's root"):
        packaged(params)
