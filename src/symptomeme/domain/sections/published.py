"""The section `published` of params.yaml."""

from typing import Literal

from symptomeme.domain.section import Count, PathName, Section


class CheckpointParams(Section):
    """Where checkpoints of the published model are, and what they do not tell."""

    folder: str  # with TASK.pth in it
    tokenizer: str  # the folder of the text encoder's
    text_heads: Count  # of attention
    vision_heads: Count
    fusion_heads: Count


class PublishedVariantParams(Section):
    """A variant that starts from a published checkpoint."""

    train: bool  # further, as `train` says; or it stays as it is


class PublishedParams(Section):
    """Variants that start from published checkpoints."""

    tasks: list[Literal["anxiety", "depression"]]  # that there is a checkpoint of
    variants: dict[PathName, PublishedVariantParams]
    checkpoint: CheckpointParams
