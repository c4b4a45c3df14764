"""Tiny random encoders (width 32), a word-level tokenizer, and batches small enough to follow."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
import yaml
from small_models import LABELS, turn_to_int8, write_model, write_untrained
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel, CLIPVisionConfig, CLIPVisionModel, PreTrainedTokenizerFast

from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.encoders import build_classifier
from symptomeme.models.loading import quiet_transformers

if TYPE_CHECKING:
    from symptomeme.domain.pointer import PackagedModel

ROOT = Path(__file__).parents[1]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "i", "cannot", "sleep", "again", "because", "of", "exams", "|"]

os.environ.pop("SYMPTOMEME_POSTGRES", None)  # no test writes into the databases of whoever runs it

Build = Callable[..., SymptomClassifier]
Batch = dict[str, torch.Tensor]


LONG = ("end_to_end", "flows", "serving", "lifecycle", "faults", "contract", "stages")
"""Folders of tests that come first, so that no worker is left with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders that take longest first."""
    order = {folder: place for place, folder in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path.relative_to(ROOT / "tests").parts[0], len(LONG)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each folder of tests to one of several workers: what its tests share is made once."""
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - only where there are several

    class ByFolder(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return nodeid.split("/")[1]

    return ByFolder(config, log)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)  # models this small only wait for one another's threads


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with quiet_transformers():
        yield


@pytest.fixture(scope="session")
def text_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("text")
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4}
    BertModel(BertConfig(**sizes, vocab_size=len(WORDS), max_position_embeddings=40)).save_pretrained(folder)
    words = Tokenizer(WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = WhitespaceSplit()
    words.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    # as the tokenizers of sentence-transformers come: told to truncate and pad to a fixed length
    words.enable_truncation(5)
    words.enable_padding(length=5)
    names = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]"}
    PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=40, **names).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def vision_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vision")
    torch.manual_seed(2)
    sizes = {"hidden_size": 48, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    CLIPVisionModel(CLIPVisionConfig(**sizes, image_size=32, patch_size=8)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def build(text_folder: Path, vision_folder: Path) -> Build:
    """Make a seeded classifier in evaluation mode; any setting can be changed, an encoder turned off with None."""

    def make(**changes: Any) -> SymptomClassifier:
        torch.manual_seed(3)
        settings: dict[str, Any] = {
            "text_encoder": text_folder,
            "vision_encoder": vision_folder,
            "task": "anxiety",
            "id2label": LABELS["anxiety"],
            "problem_type": "single_label_classification",
            "contrastive_size": 16,
            "max_length": 12,
        }
        return build_classifier(**{**settings, **changes}).eval()

    return make


@pytest.fixture
def batch() -> Batch:
    """Three memes with texts of 7, 4 and 2 tokens."""
    generator = torch.Generator().manual_seed(4)
    return {
        "input_ids": torch.tensor([[2, 4, 5, 6, 7, 8, 3], [2, 6, 7, 3, 0, 0, 0], [2, 3, 0, 0, 0, 0, 0]]),
        "attention_mask": torch.tensor([[1] * 7, [1] * 4 + [0] * 3, [1] * 2 + [0] * 5]),
        "pixel_values": torch.randn(3, 3, 32, 32, generator=generator),
    }


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: params of the sample, of which half of the rows may be bad."""
    root = tmp_path / "project"
    root.mkdir()
    shutil.copytree(ROOT / "profiles", root / "profiles")
    params = yaml.safe_load((ROOT / "profiles/sample.yaml").read_text())
    params["validate"]["max_bad_share"] = 0.5
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    monkeypatch.chdir(root)
    return root


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path) -> Path:
    """A model folder of tiny untrained encoders, to classify with."""
    return write_untrained(tmp_path_factory.mktemp("model"), text_folder, vision_folder)


@pytest.fixture(scope="session")
def bentoml_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BentoML's stores, one for all tests: BentoML looks where they are once in a process."""
    home = tmp_path_factory.mktemp("bentoml")
    os.environ["BENTOML_HOME"] = str(home)
    os.environ["BENTOML_DO_NOT_TRACK"] = "True"
    return home


@pytest.fixture(scope="session")
def package(
    bentoml_home: Path, tmp_path_factory: pytest.TempPathFactory, text_folder: Path, vision_folder: Path
) -> Callable[..., "PackagedModel"]:
    """Put a tiny model of this seed into the store."""
    from symptomeme.domain.digests import of_folder  # noqa: PLC0415 - with BentoML, which most tests do without
    from symptomeme.domain.pointer import PackagedModel  # noqa: PLC0415
    from symptomeme.lifecycle.bentos import put_model  # noqa: PLC0415

    base = tmp_path_factory.mktemp("models")

    def put(seed: int, task: str = "anxiety", runtime: str = "fp32") -> "PackagedModel":
        folder = base / f"{task}-{seed}-{runtime}"
        if not folder.exists():
            write_model(folder, text_folder, vision_folder, seed=seed, task=task)
            if runtime == "int8":
                turn_to_int8(folder)
        digest, name = of_folder(folder), f"served-{task}"
        model = PackagedModel(
            name=name,
            version=str(seed),
            variant="fusion",
            digest=digest,
            tag=f"{name}:{digest[:12]}",
            data="abc.dir",
            card="# Card",
        )
        put_model(folder, model)
        return model

    return put
