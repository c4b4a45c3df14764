"""Explanations by the service: as the command line gives them, one at a time, and few waiting."""

import asyncio
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest
from echoing import FILE, refusal
from running_service import IMAGE, local_client
from small_models import LABELS
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from symptomeme.data.transforms import read_picture
from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import Live, PackagedModel, write_live
from symptomeme.explaining.explainer import Explainer
from symptomeme.explaining.explanation import explanation
from symptomeme.predictor import Predictor, Served, examine
from symptomeme.serving.door.codes import Code, Refusal
from symptomeme.serving.door.door import Door
from symptomeme.serving.door.passage import current
from symptomeme.serving.explaining import Explaining
from symptomeme.serving.explanation_contract import EXAMPLE_EXPLANATION, Explanation
from symptomeme.serving.service import Memes
from symptomeme.serving.settings import ServingSettings
from symptomeme.serving.store import stored_folder

Package = Callable[..., PackagedModel]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, package: Package) -> Iterator[Any]:
    """A service without a door, with tiny models of both tasks."""
    place = tmp_path_factory.mktemp("explaining")
    with pytest.MonkeyPatch.context() as there:
        there.chdir(place)
        there.delenv("SYMPTOMEME_STATE", raising=False)
        write_live(StatePaths().live, Live(bento="b:1", models={task: package(1, task) for task in LABELS}))
        memes = Memes()
        yield memes
        memes.end()


def test_it_explains_as_the_command_line_does_and_keeps_nothing(service: Any, package: Package) -> None:
    told = asyncio.run(service.explain(image=IMAGE, text="i cannot sleep"))
    models = {
        task: Served(predictor=Predictor(stored_folder(package(1, task))), name=f"served-{task}", version="1")
        for task in LABELS
    }
    found = examine(IMAGE, "image", list(models.values()), "i cannot sleep")
    explainers = {task: Explainer.of(served.predictor) for task, served in models.items()}
    expected = explanation(found, explainers, read_picture(IMAGE), None)
    assert list(told["milliseconds"]) == list(expected["milliseconds"])
    assert {**told, "milliseconds": expected["milliseconds"]} == {
        **expected,
        "request_id": told["request_id"],
        **({"support": told["support"]} if "Self-Harm" in expected["tasks"]["depression"]["labels"] else {}),
    }
    assert not StatePaths().requests.exists()  # the meme was kept when it was classified
    Explanation.model_validate(told)
    Explanation.model_validate(EXAMPLE_EXPLANATION)


def test_tasks_and_labels_are_chosen(service: Any) -> None:
    def explained(**fields: Any) -> dict[str, list[str]]:
        told = asyncio.run(service.explain(image=IMAGE, text="", **fields))
        return {task: [one["label"] for one in said["explained"]] for task, said in told["tasks"].items()}

    assert list(explained(tasks=["depression"])) == ["depression"]
    assert explained(labels=["Self-Harm", "Nervousness"]) == {"anxiety": ["Nervousness"], "depression": ["Self-Harm"]}
    for wrong in ({"labels": ["Joy"]}, {"labels": ["Self-Harm"], "tasks": ["anxiety"]}):
        with pytest.raises(Refusal, match=r"labels: found '(Joy|Self-Harm)', expected some of Nervousness") as refused:
            explained(**wrong)
        assert refused.value.code == Code.BAD_FIELD
    with pytest.raises(Refusal) as refused:
        asyncio.run(service.explain(image=b"no picture"))
    assert refused.value.code == Code.BAD_IMAGE


def test_more_than_may_wait_are_told_to_and_who_goes_away_leaves_the_place_when_the_work_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    explaining, go_on, begun = Explaining(most=2), Event(), Event()

    def slow(*_: object) -> dict[str, Any]:
        begun.set()
        assert go_on.wait(60)
        return {"milliseconds": {"explanation": 1.0}}

    monkeypatch.setattr(explaining, "_explain", slow)
    nothing: Any = None

    async def ask() -> None:
        asked = [asyncio.create_task(explaining.explain(b"", nothing, {}, None)) for _ in range(2)]
        await asyncio.to_thread(begun.wait)
        with pytest.raises(Refusal, match=r"^2 explanations wait already\.$"):
            explaining.check()
        for task in asked:
            task.cancel()
        gone = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(one) for one in gone] == [asyncio.CancelledError] * 2
        explaining.check()  # the one that waited has given its place back
        third = asyncio.create_task(explaining.explain(b"", nothing, {}, None))
        await asyncio.sleep(0)
        with pytest.raises(Refusal) as refused:  # the one that had begun has not
            await explaining.explain(b"", nothing, {}, None)
        assert refused.value.code == Code.BUSY
        go_on.set()
        assert (await third)["milliseconds"] == {"explanation": 1.0}

    asyncio.run(ask())
    explaining.close()
    with pytest.raises(Refusal, match=r"^the service is ending\.$") as refused:
        explaining.check()
    assert refused.value.code == Code.NOT_READY


def test_labels_come_through_the_door_to_explain_alone() -> None:
    async def echo(_: Request) -> JSONResponse:
        form = current().form
        return JSONResponse({"labels": form.labels if form else None})

    paths = ("/explain", "/classify")
    door = Door(Starlette(routes=[Route(path, echo, methods=["POST"]) for path in paths]), ServingSettings())
    client = local_client(door)
    for sent in ("Self-Harm, Feeling Down", '["Self-Harm", "Feeling Down"]'):
        told = client.post("/explain", files=FILE, data={"labels": sent}).json()
        assert told == {"labels": ["Self-Harm", "Feeling Down"]}
    assert client.post("/explain", files=FILE).json() == {"labels": None}
    refused = client.post("/classify", files=FILE, data={"labels": "Self-Harm"})
    assert refusal(refused, 400, "bad_form") == "the form has a field that is none of image, tasks, text."
