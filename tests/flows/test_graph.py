"""The steps of a run are DVC's own graph."""

import re
from pathlib import Path

import pytest
from small_project import run

from flows.commands import LastingFault
from flows.graph import steps

ROOT = Path(__file__).parents[2]


def test_steps_are_the_nodes_and_edges_that_dvc_draws() -> None:
    found = steps(ROOT, tasks=None, variants=None)
    drawn = run("dvc", "dag", "--dot", cwd=ROOT)
    edges = set(re.findall(r'"([^"]+)" -> "([^"]+)"', drawn))
    assert {(needed, step.name) for step in found for needed in step.after} == edges
    assert {step.name for step in found} == set(re.findall(r'^\s*"([^"]+)";', drawn, re.MULTILINE))


def test_each_step_stands_behind_those_it_needs() -> None:
    done: set[str] = set()
    for step in steps(ROOT, tasks=None, variants=None):
        assert set(step.after) <= done
        done.add(step.name)
    assert "data.dvc" in done


def test_names_are_those_of_the_root_wherever_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = steps(ROOT, tasks=None, variants=None)
    monkeypatch.chdir(tmp_path)
    assert steps(ROOT, tasks=None, variants=None) == here


def test_one_task_and_one_variant_leave_the_others_out() -> None:
    found = steps(ROOT, tasks=["anxiety"], variants=["fusion"])
    names = [step.name for step in found]
    assert names[0] == "data.dvc"
    assert names[-3:] == ["train@anxiety-fusion", "evaluate@anxiety-fusion", "register@anxiety"]
    assert not any("depression" in name or "text_only" in name for name in names)
    left_out = {step.name: set(step.left_out) for step in found if step.left_out}
    assert list(left_out) == ["register@anxiety"]
    assert "evaluate@anxiety-text_only" in left_out["register@anxiety"]


def test_a_strange_task_is_told_with_those_there_are() -> None:
    with pytest.raises(LastingFault, match=r"^params.yaml has no task grief; it has anxiety, depression.$"):
        steps(ROOT, tasks=["grief"], variants=None)
