"""Models are exchanged while others answer with them."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from symptomeme.domain.errors import ModelError
from symptomeme.domain.pointer import OWN_MODELS, Live, PackagedModel, write_live
from symptomeme.serving.following import Followed
from symptomeme.serving.place import find_place
from symptomeme.serving.store import stored_folder

Package = Callable[..., PackagedModel]


def test_models_are_exchanged_together_and_what_is_not_changed_stays_loaded(tmp_path: Path, package: Package) -> None:
    pointer = tmp_path / "live.json"
    one, two, other = package(1), package(2), package(1, "depression")
    write_live(pointer, Live(bento="b:1", models={"anxiety": one, "depression": other}))
    followed = Followed(pointer=pointer, own=None, find=stored_folder)
    before = followed.now()
    write_live(pointer, Live(bento="b:2", models={"anxiety": two, "depression": other}))
    assert followed.look()
    after = followed.now()
    assert [before["anxiety"].version, after["anxiety"].version] == ["1", "2"]
    assert after["depression"].predictor is before["depression"].predictor
    assert before["anxiety"].predictor is not after["anxiety"].predictor


def test_what_cannot_be_loaded_leaves_the_old_models(tmp_path: Path, package: Package, bentoml_home: Path) -> None:
    pointer = tmp_path / "live.json"
    one, two = package(1), package(3)
    write_live(pointer, Live(bento="b:1", models={"anxiety": one}))
    followed = Followed(pointer=pointer, own=None, find=stored_folder)
    weights = bentoml_home / "models" / two.tag.replace(":", "/") / "model/model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(b"half")
    write_live(pointer, Live(bento="b:2", models={"anxiety": two}))
    assert not followed.look()
    assert followed.now()["anxiety"].version == "1"
    weights.write_bytes(whole)
    assert followed.look()
    assert followed.now()["anxiety"].version == "3"
    pointer.write_text("{}")
    assert not followed.look()
    pointer.unlink()
    assert followed.look()
    assert followed.now()["anxiety"].version == "3"


def test_a_bento_answers_with_its_own_models_where_nothing_is_live(tmp_path: Path, package: Package) -> None:
    own = tmp_path / OWN_MODELS
    write_live(own, Live(bento=None, models={"anxiety": package(1)}))
    followed = Followed(pointer=None, own=own, find=stored_folder)
    assert list(followed.now()) == ["anxiety"]


def test_a_store_in_the_project_is_found_without_being_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: Package, bentoml_home: Path
) -> None:
    model = package(4)
    place = tmp_path / ".bentoml/models" / model.tag.replace(":", "/")
    shutil.move(bentoml_home / "models" / model.tag.replace(":", "/"), place)
    monkeypatch.chdir(tmp_path)
    assert stored_folder(model).resolve() == place / "model"
    (place / "model/config.json").write_text("{}")
    with pytest.raises(ModelError, match="has changed since it was packaged: it is not loaded"):
        stored_folder(model)
    shutil.rmtree(place)
    with pytest.raises(ModelError, match=r"is not in BentoML's model store\. Run 'symptomeme package'"):
        stored_folder(model)


def test_state_is_the_repositorys_and_a_bentos_only_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SYMPTOMEME_STATE", raising=False)
    state, own = find_place(tmp_path)
    assert (state and state.live, own) == (tmp_path / "state/live.json", None)
    (tmp_path / OWN_MODELS).touch()
    assert find_place(tmp_path) == (None, tmp_path / OWN_MODELS)
    monkeypatch.setenv("SYMPTOMEME_STATE", str(tmp_path / "elsewhere"))
    state, own = find_place(tmp_path)
    assert (state and state.live, own) == (tmp_path / "elsewhere/live.json", tmp_path / OWN_MODELS)
