"""The peer of the serving benchmark: a plain FastAPI handler that does everything for each request anew.

    python benchmarks/serving_peer.py anxiety --port 3001

It serves the model that is live, in the project's root. Words are read by pytesseract, on the views that the model
was trained with and one thread a Tesseract; the forward pass is eager, in fp32. FastAPI runs it on its own threads.
"""

import argparse
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, File, Form

from symptomeme.domain.labels import TASKS
from symptomeme.domain.layout import StatePaths
from symptomeme.domain.pointer import read_live
from symptomeme.predictor import Predictor, Served, examine
from symptomeme.serving.store import stored_folder


def app_of(served: Served) -> FastAPI:
    """The application around one model."""
    app = FastAPI()

    @app.post("/classify")
    def classify(image: Annotated[bytes, File()], text: Annotated[str | None, Form()] = None) -> dict[str, Any]:
        return examine(image, "image", [served], text).answer

    @app.get("/ping")
    def ping() -> str:
        return served.name

    return app


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--port", type=int, default=3001)
    arguments = parser.parse_args()
    live = read_live(StatePaths().live)
    if live is None or arguments.task not in live.models:
        raise SystemExit(f"no model of {arguments.task} is live. Run 'symptomeme package'.")
    model = live.models[arguments.task]
    served = Served(predictor=Predictor(stored_folder(model)), name=model.name, version=model.version)
    uvicorn.run(app_of(served), host="127.0.0.1", port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
