"""What the graph still wants, and that every command tells the same next steps."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from readme import commands_under, inline
from small_project import environment, new_project, run

from symptomeme.cli.main import main
from symptomeme.cli.next_steps import follow, missing, next_steps, own_memes
from symptomeme.domain.params import read_params

ROOT = Path(__file__).parents[2]
RUN = ["dvc add data", "dvc repro", "symptomeme results", "dvc push  (where a remote is set: docs/data.md)"]
IMPORTS = {
    "axiom": "symptomeme import-data anxiety ARCHIVE  (without it: delete 'anxiety: axiom' under tasks in params.yaml)",
    "restore": "symptomeme import-data depression ARCHIVE  "
    "(without it: delete 'depression: restore' under tasks in params.yaml)",
}

Place = Callable[..., None]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the profiles, of which `real` is chosen, and nothing in data/."""
    shutil.copytree(ROOT / "profiles", tmp_path / "profiles")
    shutil.copy(ROOT / "profiles/real.yaml", tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def place(*folders: str, kind: str = "published") -> None:
    """Data sets and encoders, as far as it matters here."""
    for folder in folders:
        Path("data", folder).mkdir(parents=True)
        Path("data", folder, "source.json").write_text(json.dumps({"kind": kind}))


ENCODERS = ("weights/text", "weights/vision")


def test_what_is_not_there_is_told_with_what_to_do(root: Path) -> None:
    place("axiom", "weights/text")
    assert missing(read_params()) == [
        "Not there: data/restore, the data of the task depression in params.yaml. Run 'symptomeme import-data "
        "depression ARCHIVE', or delete 'depression: restore' under tasks.",
        "Not there: data/weights/vision, named in params.yaml. Run 'symptomeme fetch-weights sample'.",
        "Then 'dvc add data' and 'dvc repro'.",
    ]
    place("restore", "weights/vision")
    assert missing(read_params()) == []


def test_a_checkpoint_that_is_named_and_not_there_is_told(root: Path) -> None:
    place("axiom", "restore", *ENCODERS)
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["published"]["tasks"] = ["anxiety"]
    Path("params.yaml").write_text(yaml.safe_dump(params))
    assert missing(read_params()) == [
        "Not there: data/weights/mental-roberta-base, named in params.yaml. Run 'symptomeme fetch-weights text "
        "NAME_OR_DIR --name mental-roberta-base'.",
        "Not there: data/weights/published/anxiety.pth, the checkpoint of a task under published in params.yaml. "
        "Put it there, or take the task away.",
        "Then 'dvc add data' and 'dvc repro'.",
    ]
    place("weights/mental-roberta-base", "weights/published")
    Path("data/weights/published/anxiety.pth").touch()
    assert missing(read_params()) == []


@pytest.mark.parametrize(
    ("listed", "told"),
    [("restore/source.json", ["weights/text", "weights/vision"]), ("other/source.json", ["restore", *ENCODERS])],
)
def test_what_dvc_can_bring_is_not_missing(root: Path, listed: str, told: list[str]) -> None:
    place("axiom")
    Path("data.dvc").write_text(yaml.safe_dump({"outs": [{"md5": "abcdef.dir", "path": "data"}]}))
    assert missing(read_params()) == []  # as in a clone, where nobody knows what the hash stands for
    files = Path(".dvc/cache/files/md5/ab/cdef.dir")
    files.parent.mkdir(parents=True)
    files.write_text(json.dumps([{"md5": "0", "relpath": "axiom/source.json"}, {"md5": "1", "relpath": listed}]))
    found = missing(read_params())[:-1]
    assert [line.split(",")[0] for line in found] == [f"Not there: data/{name}" for name in told]


@pytest.mark.parametrize(
    ("profile", "there", "kind", "steps"),
    [
        ("sample", (), "", ["make demo"]),
        ("real", (), "", [*IMPORTS.values(), "symptomeme fetch-weights sample", *RUN]),
        ("real", ("axiom", *ENCODERS), "published", [IMPORTS["restore"], *RUN]),
        ("real", ("axiom", "restore", *ENCODERS), "published", RUN),
        ("sample", ("axiom", "restore", *ENCODERS), "published", ["symptomeme params use real", *RUN]),
        ("sample", ("axiom", "restore", *ENCODERS), "sample", RUN),
        (
            "published",
            ("axiom", "restore", *ENCODERS),
            "published",
            [
                "symptomeme fetch-weights text NAME_OR_DIR --name mental-roberta-base",
                "symptomeme fetch-weights vision NAME_OR_DIR --name clip-vit-base-patch32",
                *RUN,
            ],
        ),
    ],
)
def test_the_next_steps_follow_from_what_is_there(
    root: Path, profile: str, there: tuple[str, ...], kind: str, steps: list[str]
) -> None:
    shutil.copy(root / f"profiles/{profile}.yaml", root / "params.yaml")
    place(*there, kind=kind)
    assert next_steps(read_params()) == steps


def test_params_use_tells_them(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["params", "use", "real"]) == 0
    told = capsys.readouterr().out
    assert told == f"params.yaml is now profiles/real.yaml.\n{follow(next_steps(read_params()))}\n"
    assert "fetch-weights sample" in told


def test_the_demo_and_the_readme_lead_to_a_users_own_memes_in_the_same_steps() -> None:
    readme = [inline("rm -r data/axiom data/restore"), *commands_under("Your own memes")]
    steps = [step.partition("  (")[0] for step in own_memes(read_params(ROOT / "profiles/sample.yaml"))]
    assert [" ".join("ARCHIVE" if word.endswith(".zip") else word for word in line.split()) for line in readme] == steps


@pytest.mark.parametrize(
    ("gone", "tasks", "told"),
    [
        ("data/weights/text", {"depression": "restore"}, "Not there: data/weights/text, named in params.yaml"),
        ("", {"depression": "restore", "anxiety": "axiom"}, "Not there: data/axiom, the data of the task anxiety"),
    ],
)
def test_a_run_of_the_graph_begins_with_what_is_missing(
    tmp_path: Path, text_folder: Path, vision_folder: Path, gone: str, tasks: dict[str, str], told: str
) -> None:
    root = new_project(tmp_path, text_folder, vision_folder)
    params = yaml.safe_load((root / "params.yaml").read_text())
    (root / "params.yaml").write_text(yaml.safe_dump({**params, "tasks": tasks}, sort_keys=False))
    if gone:
        shutil.rmtree(root / gone)
        run("dvc", "add", "--quiet", "data", cwd=root)
    done = subprocess.run(["dvc", "repro"], cwd=root, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"symptomeme ingest: {told}" in done.stderr
    assert "Errno" not in done.stderr
    assert not (root / "artifacts/depression/memes.parquet").exists()
