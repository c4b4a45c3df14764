"""The score flow: many memes become a table, a shard at a time, by the champion of the small project."""

import json
import re
import shutil
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State

from flows import asking, page
from flows.commands import Ended, fault
from flows.score import main, score
from symptomeme.cli.main import main as symptomeme
from symptomeme.lifecycle import scoring
from symptomeme.lifecycle.moves import CHAMPION
from symptomeme.lifecycle.registry import Registry

pytestmark = pytest.mark.usefixtures("prefect")
Answer = dict[str, Any]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verbs run in this process; their failing means what it does in their own. None waits to be tried again."""

    def verb(*words: str, **_: Any) -> Answer:
        with redirect_stdout(StringIO()) as told, redirect_stderr(StringIO()) as said:
            code = symptomeme([*words, "--json"])
        if code:
            raise fault(Ended(code, said.getvalue().splitlines(), "", late=False))
        return dict(json.loads(told.getvalue()))

    monkeypatch.setattr(asking, "verb", verb)
    monkeypatch.setattr(asking, "BACK_OFF", 0.1)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Answer]:
    """What runs have shown on their pages."""
    shown: list[Answer] = []
    show = page.show_answer

    def look(name: str, title: str, answer: Answer) -> None:
        show(name, title, answer)
        shown.append(answer)

    monkeypatch.setattr(page, "show_answer", look)
    return shown


@pytest.fixture
def memes(place: Path, tmp_path: Path) -> Path:
    """A folder of seven of the project's memes, and of a file that is no picture."""
    folder = tmp_path / "memes"
    folder.mkdir()
    for path in sorted((place / "data/restore").rglob("images/*"))[:7]:
        shutil.copy(path, folder)
    (folder / "none.png").write_bytes(b"no picture")
    return folder


def scored(memes: Path, out: Path) -> State[Any]:
    """How a run in shards of three memes ends."""
    state: State[Any] = score(str(memes), str(out), "depression", shard_size=3, return_state=True)
    return state


def tries(state: State[Any]) -> int:
    """How often the one task of a run was begun."""
    run_id = state.state_details.flow_run_id
    assert run_id is not None
    with get_client(sync_client=True) as client:
        (task,) = client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run_id])))
    return task.run_count


def interrupt_behind_the_first_shard(patch: pytest.MonkeyPatch) -> None:
    write = scoring.write_rows

    def only_the_first(path: Path, *given: Any) -> None:
        if path.stem != "00000":
            raise KeyboardInterrupt
        write(path, *given)

    patch.setattr(scoring, "write_rows", only_the_first)


def test_a_folder_becomes_a_table_and_what_is_no_picture_a_row_that_says_so(
    memes: Path, answers: list[Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    out = memes.with_name("out.parquet")
    code = main([str(memes), str(out), "--task", "depression", "--shard-size", "3"])
    assert code == 0, capsys.readouterr().err
    rows = {row["key"]: row for row in pq.read_table(out).to_pylist()}
    assert list(rows) == sorted(path.name for path in memes.iterdir())
    faulty = rows.pop("none.png")
    assert (faulty["fault"], faulty["probabilities"]) == ("of no known format, or its header is damaged", None)
    assert all(row["fault"] is None and len(row["probabilities"]) == 7 for row in rows.values())
    (told,) = answers
    assert (told["memes"], told["faults"], told["shards"], told["shards_kept"]) == (8, 1, 3, 0)
    assert (told["model"]["name"], told["model"]["version"]) == ("symptomeme-depression", "1")


@pytest.mark.usefixtures("here")
def test_a_run_that_was_ended_behind_its_first_shard_goes_on_there_and_leaves_the_same_bytes(
    memes: Path, answers: list[Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, stopped = memes.with_name("one.parquet"), memes.with_name("two.parquet")
    assert scored(memes, undisturbed).is_completed()
    with monkeypatch.context() as patch:
        interrupt_behind_the_first_shard(patch)
        state = scored(memes, stopped)
    assert (state.is_failed(), state.message) == (True, "symptomeme score: interrupted; run it again to go on.")
    assert tries(state) == 1 + asking.TRIES_AGAIN
    assert not stopped.exists()
    assert scored(memes, stopped).is_completed()
    assert [(told["shards_kept"], told["shards"]) for told in answers] == [(0, 3), (1, 3)]
    assert stopped.read_bytes() == undisturbed.read_bytes()


@pytest.mark.usefixtures("here")
def test_without_a_champion_there_is_one_line_and_no_table(memes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    registry = Registry(experiment="symptomeme")
    registry.client.delete_registered_model_alias("symptomeme-depression", CHAMPION)
    out = memes.with_name("out.parquet")
    assert main([str(memes), str(out), "--task", "depression"]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("score: ")]
    assert re.match(
        r"score: symptomeme score: models:/symptomeme-depression@champion: .* not found \(.*\)\. Run 'dvc", line
    )
    assert not out.exists()
