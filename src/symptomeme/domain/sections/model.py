"""The section `model` of params.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from symptomeme.domain.section import Count, Natural, Positive, Section, Share


class ModelParams(Section):
    """Sizes and switches of the model."""

    text_encoder: Annotated[str, Field(min_length=1)]  # a folder, as fetch-weights writes it
    vision_encoder: Annotated[str, Field(min_length=1)]
    hidden_size: Count | None  # null: the text encoder's width
    num_heads: Count
    num_depths: Annotated[int, Field(ge=1)]  # how many last hidden states are fused
    num_experts: Natural  # 0: none
    contrastive_size: Count
    fusion_dropout: Share
    expert_dropout: Share
    classifier_dropout: Share
    fusion: Literal["cross_attention", "concatenation"]
    attention: Literal["first", "all"]
    contrastive_masking: Literal["published", "standard"]
    contrastive_temperature: Positive
    separator: Annotated[str, Field(pattern=r"^\s(.*\s)?$")] | None  # between text and reasoning; null: the tokenizer's
    max_length: Annotated[int, Field(ge=4)]  # tokens
    image_size: Count | None  # null: the vision encoder's
    image_fit: Literal["squash", "crop"]  # the whole picture out of proportion, or its middle
