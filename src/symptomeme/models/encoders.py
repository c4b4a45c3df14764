"""Pretrained encoders into a classifier, and classifiers out of their folders."""

from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer, CLIPImageProcessorPil
from transformers.configuration_utils import PreTrainedConfig
from transformers.modeling_utils import PreTrainedModel

from symptomeme.domain.errors import ModelError
from symptomeme.domain.writing import replacing
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.config import SymptomConfig
from symptomeme.models.loading import gist, quiet_transformers

Kind = Literal["text", "vision"]
_TOLD_BY = {"text": "vocab_size", "vision": "num_channels"}
"""What configs of encoders of one kind say; some say neither."""
GATED = " If it is gated, ask for access on the hub and log in with 'hf auth login'."


def read_encoder_config(source: str | Path, kind: Kind) -> PreTrainedConfig:
    """The config of an encoder; of a composite model (CLIP, SigLIP) the part for this kind.

    Args:
        source: a folder, or a name on the Hugging Face hub.
        kind: what the encoder reads.

    Raises:
        ModelError: there is no such folder or model, or it reads something else.
    """
    config = _read_config(source, f"{kind} encoder")
    part: PreTrainedConfig = getattr(config, f"{kind}_config", config)
    if not hasattr(part, _TOLD_BY[kind]) and any(hasattr(part, name) for name in _TOLD_BY.values()):
        raise ModelError(
            f"{kind} encoder {source}: its config is that of {config.model_type!r}, which is no {kind} encoder; name "
            "another folder."
        )
    return part


def load_encoder(source: str | Path, kind: Kind) -> PreTrainedModel:
    """A pretrained encoder in float32, from safetensors only (no pickle is ever opened).

    Args and Raises: as `read_encoder_config`, and ModelError if weights are missing or not safetensors.
    """
    config = read_encoder_config(source, kind)
    if Path(source).is_dir() and not any(Path(source).glob("*.safetensors")):
        raise ModelError(f"{kind} encoder {source}: no .safetensors file in it; save the model as safetensors there.")
    model, told = _load(AutoModel, source, f"{kind} encoder", config=config, dtype=torch.float32, use_safetensors=True)
    _check_whole(told, f"{kind} encoder {source}")
    return model


def save_encoder(source: str | Path, kind: Kind, target: Path) -> None:
    """Save an encoder of the hub or a folder, with its tokenizer or image settings, as safetensors under `target`.

    Weights that are only there as a pickle are read without running what is in it, and saved as safetensors.

    Raises:
        ModelError: there is no such model, it is gated, or weights are missing.
    """
    config = read_encoder_config(source, kind)
    model, told = _load(
        AutoModel, source, f"{kind} encoder", config=config, dtype=torch.float32, trust_remote_code=False, hint=GATED
    )
    _check_whole(told, f"{kind} encoder {source}")
    with torch.no_grad():  # of checkpoints without a pooler; what is drawn for it would differ from fetch to fetch
        for name, weight in model.named_parameters():
            if name in told["missing_keys"]:
                weight.zero_()
    companion = AutoTokenizer if kind == "text" else CLIPImageProcessorPil
    with quiet_transformers():
        try:
            settings = companion.from_pretrained(source)
        except Exception as error:  # tokenizers raises no error of its own
            raise ModelError(f"{kind} encoder {source}: cannot be loaded ({gist(error)}).{GATED}") from None
        with replacing(target) as beside:
            model.save_pretrained(beside)
            settings.save_pretrained(beside)


def build_classifier(
    *, text_encoder: str | Path | None, vision_encoder: str | Path | None, **settings: Any
) -> SymptomClassifier:
    """An untrained classifier around pretrained encoders; the other weights are drawn from torch's generator.

    Args:
        text_encoder: a folder or hub name; None: the model reads no text.
        vision_encoder: a folder or hub name; None: the model looks at no picture.
        settings: the other fields of `SymptomConfig`.

    Raises:
        ModelError: an encoder cannot be loaded, or the settings do not fit it.
    """
    text = None if text_encoder is None else load_encoder(text_encoder, "text")
    vision = None if vision_encoder is None else load_encoder(vision_encoder, "vision")
    config = SymptomConfig(
        text_config=None if text is None else text.config,
        vision_config=None if vision is None else vision.config,
        **settings,
    )
    return SymptomClassifier(config, text_encoder=text, vision_encoder=vision)


def read_classifier_config(folder: str | Path) -> SymptomConfig:
    """The config in a model folder.

    Raises:
        ModelError: the folder is missing, or holds another kind of model.
    """
    config = _read_config(folder, "model")
    if not isinstance(config, SymptomConfig):
        raise ModelError(
            f"model {folder}: its config says {config.model_type!r}, not 'symptomeme'; give another folder."
        )
    return config


def load_classifier(folder: str | Path, *, text: bool = True, image: bool = True) -> SymptomClassifier:
    """The classifier of a model folder, without the modalities that are turned off here.

    Raises:
        ModelError: the folder is missing, holds another kind of model, or weights are missing.
    """
    config = read_classifier_config(folder)
    off = [name for name, on in (("text_config", text), ("vision_config", image)) if not on]
    config = SymptomConfig(**{**config.to_dict(), **dict.fromkeys(off)})
    model: SymptomClassifier
    model, told = _load(
        SymptomClassifier,
        folder,
        "model",
        config=config,
        use_safetensors=True,
        hint=" Bring them back, or train it again.",
    )
    if told["missing_keys"]:
        raise ModelError(f"model {folder}: weights are missing, {min(told['missing_keys'])} among them.")
    return model


def _read_config(source: str | Path, what: str) -> PreTrainedConfig:
    check_folder(source, what)
    with quiet_transformers():
        try:
            return AutoConfig.from_pretrained(source, trust_remote_code=False)
        except ModelError as error:
            raise ModelError(f"{what} {source}: {error}") from None
        except Exception as error:  # of a damaged one any
            raise ModelError(
                f"{what} {source}: no config that transformers can read ({gist(error)}). "
                "Bring config.json back, or name another folder."
            ) from None


def _load(kind: Any, source: str | Path, what: str, *, hint: str = "", **options: Any) -> tuple[Any, dict[str, Any]]:
    with quiet_transformers():
        try:
            model, told = kind.from_pretrained(source, output_loading_info=True, **options)
        except ModelError:
            raise
        except Exception as error:  # of safetensors, torch and transformers, with no base of their own
            raise ModelError(f"{what} {source}: its weights cannot be loaded ({gist(error)}).{hint}") from None
    return model, told


def _check_whole(told: dict[str, Any], what: str) -> None:
    # checkpoints of masked language models have no pooler, and nothing here uses it
    missing = sorted(key for key in told["missing_keys"] if not key.startswith("pooler."))
    if missing:
        raise ModelError(
            f"{what}: {len(missing)} weights are missing, {missing[0]} among them. Take a checkpoint of this encoder."
        )


def check_folder(source: str | Path, what: str) -> None:
    """Tell a path that is not there from a name on the hub, which has at most one slash.

    Raises:
        ModelError: it is a path, and not there.
    """
    path = Path(source)
    on_hub = len(path.parts) <= 2 and not path.is_absolute() and not Path(path.parts[0]).is_dir()  # noqa: PLR2004
    if not path.is_dir() and not (isinstance(source, str) and on_hub):
        made_by = "dvc repro" if what == "model" else "symptomeme fetch-weights"
        raise ModelError(f"{what} {source}: there is no such folder. Run '{made_by}' or 'dvc pull'.")
