"""Where everything lives, relative to the project's root: each path is spelt here once.

data/      raw, versioned by data.dvc, written by import-data and fetch-weights only
artifacts/ written by stages, versioned by dvc.lock
reports/   for people (Data Docs, error pages), not versioned
.cache/    outlives DVC's deletion of outputs; every entry is a pure function of its key
state/     what has happened here and what is live: promotion log, requests; not versioned, never deleted by a command
"""

from dataclasses import dataclass
from pathlib import Path

DATA = Path("data")
ARTIFACTS = Path("artifacts")
REPORTS = Path("reports")
CACHE = Path(".cache")
STATE = Path("state")
PROMOTIONS = STATE / "promotions.jsonl"
BENTOML = Path(".bentoml")
"""BentoML's stores of models and Bentos, where BENTOML_HOME does not say otherwise."""
WEIGHTS = DATA / "weights"
PARAMS = Path("params.yaml")
PROFILES = Path("profiles")
BENTOFILE = Path("bentofile.yaml")
LOCK = Path("requirements.lock")
STUDIES = Path("studies")
STUDY_GRAPH = STUDIES / "dvc.yaml"
STUDY_LOCK = STUDIES / "dvc.lock"
STUDY_PARAMS = STUDIES / "params.yaml"
STUDY_ASKED = STUDIES / "asked.yaml"
"""For which tasks and seeds the study's graph has cells; written by `study`."""
TRAINING_PARAMS = "training_params.json"
"""In a model folder: the sections of params.yaml that it was trained with."""
INT8_MODEL = "model.int8.onnx"
"""In a model folder whose config says so: what answers, in place of the safetensors weights beside it."""


@dataclass(frozen=True)
class DatasetPaths:
    """One data set as import-data leaves it (`root` = data/axiom or data/restore).

    `<origin>/metadata.jsonl` and `<origin>/images/` form a Hugging Face ImageFolder; `origin` is the published split.
    """

    root: Path

    @property
    def splits(self) -> Path:
        """Where each meme is used: a Parquet table of `records.SPLIT_ROWS`."""
        return self.root / "splits.parquet"

    @property
    def source(self) -> Path:
        """What kind of data this is: JSON, `{"kind": "sample" | "drawn" | "published"}`."""
        return self.root / "source.json"

    def metadata(self, origin: str) -> Path:
        """Annotations of one published split, a JSON object a line."""
        return self.root / origin / "metadata.jsonl"

    def boxes(self, origin: str) -> Path:
        """Where words and symbols stand in drawn memes, a JSON object a line; absent for real pictures."""
        return self.root / origin / "boxes.jsonl"

    def images(self, origin: str) -> Path:
        """The folder of pictures of one published split."""
        return self.root / origin / "images"


@dataclass(frozen=True)
class VariantPaths:
    """What train and evaluate leave for one variant of one task."""

    root: Path

    @property
    def model(self) -> Path:
        """The model folder: safetensors, JSON, processor."""
        return self.root / "model"

    @property
    def curves(self) -> Path:
        """Learning curves, a CSV row an epoch."""
        return self.root / "curves.csv"

    @property
    def training_memes(self) -> Path:
        """Hashes of the memes the model has seen: a Parquet table of `records.TRAINING_ROWS`."""
        return self.root / "training_memes.parquet"

    @property
    def reference(self) -> Path:
        """Features and scores of the validation memes: a Parquet table of `records.REFERENCE_ROWS`."""
        return self.root / "reference.parquet"

    @property
    def metrics(self) -> Path:
        """Figures over all classes with intervals, JSON: split, view, figure."""
        return self.root / "metrics.json"

    @property
    def per_class(self) -> Path:
        """Figures of each class with intervals, JSON: split, view, class, figure."""
        return self.root / "per_class.json"

    @property
    def model_card(self) -> Path:
        """The model card: Markdown with YAML front matter."""
        return self.root / "MODEL_CARD.md"

    @property
    def predictions(self) -> Path:
        """One row a meme: a Parquet table of `records.PREDICTION_ROWS`."""
        return self.root / "predictions.parquet"

    @property
    def robustness(self) -> Path:
        """Figures of test memes that were made harder, a CSV row a perturbation; none where it was not measured."""
        return self.root / "robustness.csv"

    @property
    def slices(self) -> Path:
        """Figures of parts of the test memes, a CSV row a part."""
        return self.root / "slices.csv"

    @property
    def plots(self) -> Path:
        """The folder of CSV files that DVC plots, and of the same plots as PNG."""
        return self.root / "plots"


@dataclass(frozen=True)
class CellPaths:
    """What a cell of the study leaves."""

    root: Path

    @property
    def predictions(self) -> Path:
        """One row a meme of every split but train: a Parquet table of `records.PREDICTION_ROWS`."""
        return self.root / "predictions.parquet"

    @property
    def figures(self) -> Path:
        """Parameters and figures, or why there are none, JSON."""
        return self.root / "figures.json"


@dataclass(frozen=True)
class TaskPaths:
    """What the stages leave for one task."""

    root: Path

    @property
    def memes(self) -> Path:
        """Ingest: every meme."""
        return self.root / "memes.parquet"

    @property
    def valid(self) -> Path:
        """Validate: the memes that passed."""
        return self.root / "valid.parquet"

    @property
    def quarantine(self) -> Path:
        """Validate: key and reason of the others."""
        return self.root / "quarantine.parquet"

    @property
    def doubtful(self) -> Path:
        """Validate: key and reason of memes that passed though something was found."""
        return self.root / "doubtful.parquet"

    @property
    def validation(self) -> Path:
        """Validate: how many memes each check found, JSON."""
        return self.root / "validation.json"

    @property
    def texts(self) -> Path:
        """Ocr: the words in each picture."""
        return self.root / "texts.parquet"

    @property
    def reasoning(self) -> Path:
        """Reason: figurative reasoning on each meme."""
        return self.root / "reasoning.parquet"

    @property
    def reasoning_counts(self) -> Path:
        """Reason: how many memes have some, and how many a model failed on, JSON."""
        return self.root / "reasoning.json"

    @property
    def aligned(self) -> Path:
        """Prealign: a model folder with aligned encoders and an untrained classifier."""
        return self.root / "aligned" / "model"

    @property
    def retrieval(self) -> Path:
        """Prealign: recall before and after, JSON."""
        return self.root / "aligned" / "retrieval.json"

    @property
    def alignment_curves(self) -> Path:
        """Prealign: the contrastive loss, a CSV row an epoch."""
        return self.root / "aligned" / "curves.csv"

    @property
    def receipt(self) -> Path:
        """Register: digests of what the registry holds, JSON; git-ignored."""
        return self.root / "registered.json"

    @property
    def variants(self) -> Path:
        """The folder with a folder for each variant, and nothing else."""
        return self.root / "variants"

    def variant(self, name: str) -> VariantPaths:
        """Paths of one variant."""
        return VariantPaths(self.variants / name)

    def cell(self, name: str, seed: int | None) -> CellPaths:
        """Paths of one cell of the study; None: it knows no seed."""
        root = self.root / "study" / name
        return CellPaths(root if seed is None else root / str(seed))


@dataclass(frozen=True)
class StatePaths:
    """What the running system knows; a service may be told of another folder."""

    root: Path = STATE

    @property
    def live(self) -> Path:
        """The pointer to what is served: JSON, `pointer.Live`."""
        return self.root / "live.json"

    @property
    def requests(self) -> Path:
        """The folder with a file a day (UTC) of answered requests, `<date>.jsonl` of `requests.RequestRow`."""
        return self.root / "requests"

    def monitor(self, task: str) -> Path:
        """What `monitor` found last, JSON."""
        return self.root / "monitor" / f"{task}.json"

    def took(self, task: str, cell: str) -> Path:
        """How long the last run of a cell of the study took, JSON."""
        return self.root / "study" / task / f"{cell}.json"


def dataset_paths(dataset: str) -> DatasetPaths:
    """Paths of `data/<dataset>`."""
    return DatasetPaths(DATA / dataset)


def task_paths(task: str) -> TaskPaths:
    """Paths of `artifacts/<task>`."""
    return TaskPaths(ARTIFACTS / task)


def published_checkpoint(folder: str, task: str) -> Path:
    """The published checkpoint of a task."""
    return Path(folder) / f"{task}.pth"


def data_docs(task: str) -> Path:
    """The folder of a task's Data Docs page."""
    return REPORTS / "data_docs" / task


def error_page(task: str, variant: str) -> Path:
    """The page that shows what a variant got wrong."""
    return REPORTS / task / variant / "errors.html"


def study_report(task: str) -> Path:
    """The folder with a task's study as a table, for people and for programs, and as a plot."""
    return REPORTS / task / "study"


def monitor_report(task: str) -> Path:
    """The folder of pages that show what `monitor` compared."""
    return REPORTS / "monitor" / task


def cache(stage: str, digest: str) -> Path:
    """The folder for what `stage` may reuse when everything in `digest` is the same."""
    return CACHE / stage / digest


def lock(name: str) -> Path:
    """The file that the one process which runs this stage holds locked."""
    return CACHE / "locks" / name
