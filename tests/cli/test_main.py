import io
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from PIL import Image
from readme import inline

from symptomeme.cli import demo, sample_guard
from symptomeme.cli.main import main
from symptomeme.cli.output import as_json
from symptomeme.cli.promotion import NONE_YET
from symptomeme.data.importing import Imported
from symptomeme.data.left_out import LeftOut
from symptomeme.domain.instructions import SAME_INSTRUCTIONS, has_avx2
from symptomeme.domain.labels import ANXIETY, TASKS
from symptomeme.sample.archive import Drawn

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "profiles", tmp_path / "profiles")
    shutil.copy(ROOT / "profiles/sample.yaml", tmp_path / "params.yaml")
    Image.new("RGB", (8, 8), "teal").save(tmp_path / "meme.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_profile_becomes_params(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["params", "use", "real"]) == 0
    assert (project / "params.yaml").read_bytes() == (project / "profiles/real.yaml").read_bytes()
    assert capsys.readouterr().out.startswith("params.yaml is now profiles/real.yaml.\nNext:\n")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ["params", "use", "reel"],
            "symptomeme params: profile 'reel' is unknown; expected one of published, real, sample.\n",
        ),
        (
            ["train", "--task", "anxiety", "--variant", "fuson"],
            "symptomeme train: variant 'fuson' is not under `variants` in params.yaml; "
            "expected one of fusion, text_only.\n",
        ),
        (
            ["validate", "--task", "anxiety"],
            "symptomeme validate: artifacts/anxiety/memes.parquet is missing: the stage that writes it has not run. "
            "Run 'dvc repro' (or 'dvc pull').\n",
        ),
        (["classify", "no.jpg"], "symptomeme classify: no such file: no.jpg. Name existing pictures.\n"),
        (
            ["classify", "params.yaml", "profiles"],
            "symptomeme classify: profiles: a folder; expected pictures. "
            "For a folder: symptomeme score profiles OUT.parquet --task TASK.\n",
        ),
        (
            ["classify", "meme.png", "--model", "nowhere"],
            "symptomeme classify: nowhere: no model folder (config.json is missing). "
            "Name one, or models:/NAME@ALIAS.\n",
        ),
        (["results"], "symptomeme results: no variant has been evaluated and registered yet. Run 'dvc repro'.\n"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_users_error_is_one_line(
    project: Path, capsys: pytest.CaptureFixture[str], command: list[str], message: str
) -> None:
    assert main(command) == 1
    assert capsys.readouterr().err == message


@pytest.mark.parametrize("verb", ["classify meme.png", "rollback --task anxiety", "trace 1 --task anxiety", "models"])
def test_whoever_reads_the_registry_makes_none(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    before = set(project.iterdir())
    assert main(verb.split()) == (verb != "models")
    told = capsys.readouterr()
    assert told.err.count("\n") == (verb != "models")
    assert told.out == (f"{NONE_YET}\n" if verb == "models" else "")
    assert set(project.iterdir()) - before <= {project / ".cache"}


def test_an_interrupt_while_it_starts_is_one_line() -> None:
    code = """
import sys
class Interrupted:
    def find_spec(self, name, *_):
        if name == "symptomeme.cli.weights":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
import symptomeme.cli.main
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "symptomeme: interrupted; run it again to go on.\n")


def test_a_terminal_that_lacks_a_character_is_told_its_code(project: Path) -> None:
    code = (
        "import sys; from symptomeme.cli import main; main.parser = lambda: sys.exit(print('caf\u00e9')); main.main()"
    )
    there = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=there)
    assert (done.returncode, done.stdout, done.stderr) == (0, "caf\\xe9\n", "")


@pytest.mark.parametrize(("encoding", "plain"), [("ascii", True), ("latin-1", True), ("utf-8", False), ("UTF8", False)])
def test_json_is_whole_in_every_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str, plain: bool) -> None:
    value = {"text": "caf\u00e9 \U0001f600"}
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding))
    told = as_json(value)
    assert json.loads(told.encode(encoding).decode(encoding)) == value
    assert told.isascii() == plain


def test_too_little_memory_is_told(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("symptomeme.cli.params.read_params", too_much)
    assert main(["params", "check"]) == 1
    told = "there is not enough memory for this. Close other programs and run it again."
    assert capsys.readouterr().err == f"symptomeme params: {told}\n"


def test_what_is_no_picture_is_refused_before_a_model_is_loaded(project: Path) -> None:
    typed = ["classify", "meme.png", "params.yaml"]
    code = f"import sys; from symptomeme.cli.main import main; print(main({typed}), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1 False\n"
    assert done.stderr == (
        "symptomeme classify: params.yaml: of no known format, or its header is damaged. "
        "Give a whole picture (JPEG, PNG, GIF, WEBP, BMP, TIFF).\n"
    )


@pytest.mark.parametrize("verb", [["classify", "a.jpg"], ["params", "use", "real"], ["train", "--task", "anxiety"]])
def test_an_unknown_option_is_told_with_the_usage_of_its_verb(
    capsys: pytest.CaptureFixture[str], verb: list[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*verb, *(["--variant", "fusion"] if verb[0] == "train" else []), "--wrong"])
    usage, *_, last = capsys.readouterr().err.splitlines()
    words = " ".join(verb[: 2 if verb[0] == "params" else 1])
    assert usage.startswith(f"usage: symptomeme {words} ")
    assert last == f"symptomeme {words}: error: unrecognized arguments: --wrong"


@pytest.mark.parametrize("kind", ["published", "drawn", None])
def test_the_demo_leaves_other_data_alone(project: Path, capsys: pytest.CaptureFixture[str], kind: str | None) -> None:
    folder = project / "data/axiom"
    folder.mkdir(parents=True)
    (folder / "mine.txt").touch()
    if kind:
        (folder / "source.json").write_text(json.dumps({"kind": kind}))
    assert main(["demo"]) == 1
    assert f"data/axiom holds {kind or 'unknown'} data, not the sample; the demo leaves it alone." in (
        capsys.readouterr().err
    )
    assert (folder / "mine.txt").exists()


@pytest.mark.parametrize("there", [(), ("data/weights/text",), ("data/axiom",)])
@pytest.mark.parametrize("pointer", ["outs:\n- md5: 0123456789abcdef.dir\n  path: data\n", "outs: []\n", "\0"])
def test_the_demo_leaves_the_pointer_to_other_data_alone(
    project: Path, capsys: pytest.CaptureFixture[str], pointer: str, there: tuple[str, ...]
) -> None:
    (project / "data.dvc").write_text(pointer)
    for folder in there:
        (project / folder).mkdir(parents=True)
        (project / folder / "source.json").write_text('{"kind": "sample"}')
    before = sorted(project.rglob("*"))
    assert main(["demo"]) == 1
    told = capsys.readouterr().err
    assert "data.dvc stands for other data than the sample" in told
    assert "Run 'dvc pull' or 'dvc checkout data' for it, delete data.dvc for the sample" in told
    assert (project / "data.dvc").read_text() == pointer
    assert sorted(project.rglob("*")) == before


@pytest.fixture
def sample_encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoders of the sample that are a few bytes."""

    def write(root: Path) -> None:
        for name in ("text", "vision"):
            (root / name).mkdir(parents=True)
            (root / name / "model.safetensors").write_text(f"the sample's {name}")

    monkeypatch.setattr("symptomeme.sample.encoders.write_sample_encoders", write)


@pytest.mark.usefixtures("sample_encoders")
@pytest.mark.parametrize("other", ["text", "vision"])
def test_the_demo_leaves_other_encoders_alone(project: Path, capsys: pytest.CaptureFixture[str], other: str) -> None:
    weights = project / "data/weights"
    (weights / other).mkdir(parents=True)
    (weights / other / "model.safetensors").write_text("another model")
    before = sorted(project.rglob("*"))
    assert main(["demo"]) == 1
    assert capsys.readouterr().err == (
        f"symptomeme demo: data/weights/{other} is not the sample's encoder as this version writes it; the demo leaves "
        "it alone. Give it another name, delete it for the sample's, or run the demo in another clone.\n"
    )
    assert sorted(project.rglob("*")) == before
    assert (weights / other / "model.safetensors").read_text() == "another model"


@pytest.mark.usefixtures("sample_encoders")
def test_the_demo_keeps_the_samples_encoders_and_writes_those_that_are_missing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sample.make.make_sample", "data.importing.import_archives", "lifecycle.reproduce.dvc"):
        monkeypatch.setattr(f"symptomeme.{module}", lambda *_, **__: dict.fromkeys(TASKS))
    monkeypatch.setattr(demo, "imported", lambda *_: "")
    own = project / "data/weights/text/model.safetensors"
    own.parent.mkdir(parents=True)
    own.write_text("the sample's text")
    before = own.stat().st_mtime_ns
    demo.make_sample()
    assert own.stat().st_mtime_ns == before
    assert (project / "data/weights/vision/model.safetensors").read_text() == "the sample's vision"
    assert not list(project.glob(".sample-*"))


def test_the_tracked_pointer_is_the_samples(project: Path) -> None:
    done = subprocess.run(["git", "show", "HEAD:data.dvc"], cwd=ROOT, capture_output=True, text=True, check=False)
    tracked = done.stdout or (ROOT / "data.dvc").read_text()  # no git in an unpacked source archive
    source = ROOT / "data/axiom/source.json"
    if source.is_file() and json.loads(source.read_text())["kind"] != "sample":
        pytest.skip("this clone has data of its own")
    assert yaml.safe_load(tracked)["outs"][0]["md5"] == sample_guard.SAMPLE
    (project / "data.dvc").write_text(tracked)
    sample_guard.refuse_other_pointer()


@pytest.mark.skipif(not has_avx2(), reason="there is no AVX2")
def test_no_library_uses_instructions_that_other_processors_have_not() -> None:
    asked = """
from symptomeme.cli.main import main
try:
    main(["--version"])
finally:
    import numpy, torch
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
    print(torch.backends.cpu.get_cpu_capability(), [name for name in __cpu_dispatch__ if __cpu_features__[name]])
"""
    own = {name: value for name, value in os.environ.items() if name not in SAME_INSTRUCTIONS}
    done = subprocess.run([sys.executable, "-c", asked], env=own, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "AVX2 ['X86_V3']", done.stdout + done.stderr


def test_the_demo_tells_why_fewer_memes_are_imported_than_drawn() -> None:
    left_out = LeftOut()
    left_out.add("label that is no class, meme left out", "train/TR-9")
    taken = Imported(kind="sample", taken={}, sizes=Counter(train=3, test=2), touching=0, left_out=left_out)
    assert demo.imported(ANXIETY, Drawn(splits={"train": 4, "test": 2}), taken) == (
        "anxiety: 6 memes drawn, 5 imported; label that is no class, meme left out: 1"
    )


def test_params_that_are_right_are_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "profiles/real.yaml", "params.yaml")
    command = inline("symptomeme params check").split()[1:]
    assert main(command) == 0
    assert capsys.readouterr().out == "params.yaml is right.\n"
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("epochs:", "epoch:"))
    assert main(command) == 1
    assert "epoch" in capsys.readouterr().err
