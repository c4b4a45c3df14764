"""The model: encoders, cross-attention at several depths, a mixture of experts, a classifier, contrastive heads."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModel
from transformers.modeling_utils import PreTrainedModel

from symptomeme.domain.errors import ModelError
from symptomeme.models.config import SymptomConfig
from symptomeme.models.experts import expert, mix
from symptomeme.models.freezing import run_from
from symptomeme.models.fusion import CoAttention, masked_mean
from symptomeme.models.losses import classification_loss, contrastive_loss
from symptomeme.models.ngrams import NgramClassifier
from symptomeme.models.outputs import SymptomOutput, calibrated


class Modality(NamedTuple):
    """What an encoder saw in B memes; L is 1 where only the first token is used."""

    hidden_states: list[Tensor]  # for each depth, the last first: float (B, L, H)
    mask: Tensor | None  # bool (B, L), True = real token; None: all are real
    feature: Tensor  # float (B, H), pooled


class SymptomClassifier(PreTrainedModel):  # type: ignore[misc]
    """Says which symptoms a meme expresses, from its text, its picture, or both.

    Names of parts are those of the published checkpoints (`published.py` reads them). With one modality off its
    encoder, projections and contrastive heads are not there, and the other attends to itself.

    Departures from the published model, each a switch in the config: attention over all tokens instead of the first
    ones, and self-similarity masked out of the contrastive loss. Parts can be left out, to see what they add: the
    experts, and cross-attention, for which one layer over both modalities then stands.
    """

    config_class = SymptomConfig
    supports_gradient_checkpointing = True
    _supports_sdpa = True

    def __init__(
        self,
        config: SymptomConfig,
        *,
        text_encoder: PreTrainedModel | None = None,
        vision_encoder: PreTrainedModel | None = None,
    ) -> None:
        """Build the model; encoders that are given keep their weights, others are made anew from the config."""
        super().__init__(config)
        size, contrastive_size = config.hidden_size, config.contrastive_size
        if config.text:
            self.text_encoder = AutoModel.from_config(config.text_config) if text_encoder is None else text_encoder
            self.text_projections = self._projections(config.text_config.hidden_size)
        if config.image:
            self.vision_encoder = (
                AutoModel.from_config(config.vision_config) if vision_encoder is None else vision_encoder
            )
            self.vision_projections = self._projections(config.vision_config.hidden_size)
        self.co_attention_layers = nn.ModuleList(
            CoAttention(hidden_size=size, num_heads=config.num_heads, dropout=config.fusion_dropout)
            for _ in range(self._depths_fused)
        )
        widths = [part.hidden_size for part in (config.text_config, config.vision_config) if part is not None]
        self.concatenation = None if self._depths_fused else nn.Linear(sum(widths), size)
        self.expert_nets = nn.ModuleList(
            expert(hidden_size=size, dropout=config.expert_dropout) for _ in range(config.num_experts)
        )
        self.moe_gate = nn.Linear(size, config.num_experts) if config.num_experts else None
        self.classifier = nn.Sequential(
            *_normed(size, size), nn.Dropout(config.classifier_dropout), nn.Linear(size, config.num_labels)
        )
        if contrastive_size is not None:
            inner = config.contrastive_hidden_size
            self.contrastive_projection = nn.Sequential(*_normed(size, inner), nn.Linear(inner, contrastive_size))
        if contrastive_size is not None and config.text and config.image:
            self.text_contrastive_proj = nn.Sequential(*_normed(config.text_config.hidden_size, contrastive_size))
            self.image_contrastive_proj = nn.Sequential(*_normed(config.vision_config.hidden_size, contrastive_size))
        if config.ngrams:
            self.ngram_classifier = NgramClassifier(num_labels=config.num_labels)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        pixel_values: Tensor | None = None,
        labels: Tensor | None = None,
        text_states: Tensor | None = None,
        image_states: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        ngram_ids: Tensor | None = None,
        ngram_counts: Tensor | None = None,
        ngram_logits: Tensor | None = None,
    ) -> SymptomOutput:
        """Classify B memes; inputs of a modality that is off are ignored.

        Args:
            input_ids: int (B, L).
            attention_mask: int or bool (B, L), 1 = real token.
            pixel_values: float (B, 3, S, S).
            labels: single label: int (B,); multi label: 0 or 1 (B, C). With them come the losses.
            text_states: what `frozen_states` gave for these texts, in place of input_ids: float (B, M, L, H).
            image_states: what it gave for these pictures, in place of pixel_values: float (B, M, P, H).
            inputs_embeds: the text encoder's embeddings of tokens, in place of input_ids: float (B, L, H).
            ngram_ids: int (B, G), which n-grams stand in the text, in words as in characters.
            ngram_counts: float (B, G), how often; 0: padding.
            ngram_logits: what `NgramClassifier.contributions` gave for these, in place of both: float (B, G, C).

        Raises:
            ModelError: an input of a modality that is on is missing, or n-grams are.
        """
        text = self._read(input_ids, attention_mask, text_states, inputs_embeds) if self.config.text else None
        image = self._look(pixel_values, image_states) if self.config.image else None
        mixture = mix(self._fuse(text, image), experts=self.expert_nets, gate=self.moe_gate)
        logits = self.classifier(mixture.mixed)
        if self.config.ngrams:
            logits = logits + self._count(ngram_ids, ngram_counts, ngram_logits)
        has_heads = self.config.contrastive_size is not None
        placed = self.contrastive_projection(mixture.mixed) if has_heads else mixture.mixed
        embeddings = {"fused_embedding": _unit(placed)}
        if has_heads and text is not None and image is not None:
            embeddings["text_embedding"], embeddings["image_embedding"] = self._embed(text, image)
        return SymptomOutput(
            **({} if labels is None else self._losses(logits, labels, embeddings)),
            logits=logits,
            fused=mixture.mixed,
            **embeddings,
            router_logits=mixture.router_logits,
        )

    def alignment(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        pixel_values: Tensor | None = None,
        text_states: Tensor | None = None,
        image_states: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Text and image embeddings, each float (B, E) of unit length, without fusing: for contrastive pre-alignment.

        Args: as those of `forward`.

        Raises:
            ModelError: a modality or the contrastive heads are off, or an input is missing.
        """
        if not (self.config.text and self.config.image and self.config.contrastive_size is not None):
            raise ModelError(
                "alignment needs a model with text, image and contrastive heads; this one has not all of them."
            )
        return self._embed(self._read(input_ids, attention_mask, text_states), self._look(pixel_values, image_states))

    def vision_inputs(self, pixel_values: Tensor) -> dict[str, Any]:
        """The vision encoder's arguments for these pictures; it is told when their size is not the one it knows."""
        known = getattr(self.config.vision_config, "image_size", None)
        resized = isinstance(known, int) and pixel_values.shape[-1] != known
        return {"pixel_values": pixel_values, **({"interpolate_pos_encoding": True} if resized else {})}

    def probabilities(self, logits: Tensor) -> Tensor:
        """As `outputs.calibrated` gives them: float32 (B, C) of logits (B, C)."""
        return calibrated(logits, self.config)

    def _read(
        self,
        input_ids: Tensor | None,
        attention_mask: Tensor | None,
        text_states: Tensor | None,
        inputs_embeds: Tensor | None = None,
    ) -> Modality:
        if attention_mask is None or (input_ids is None and text_states is None and inputs_embeds is None):
            raise ModelError(
                "this model reads text: give it input_ids and attention_mask, as its processor makes them."
            )
        if text_states is None:
            tokens = {"input_ids": input_ids} if inputs_embeds is None else {"inputs_embeds": inputs_embeds}
            found = self.text_encoder(**tokens, attention_mask=attention_mask, output_hidden_states=True)
            hidden = found.hidden_states
        else:
            _, hidden = run_from(self.text_encoder, text_states, "inputs_embeds", attention_mask=attention_mask)
        states = self._depths(hidden)
        mask = attention_mask.bool()[:, : states[0].shape[1]]
        return Modality(states, mask, masked_mean(states[0], mask))

    def _count(self, ngram_ids: Tensor | None, ngram_counts: Tensor | None, ngram_logits: Tensor | None) -> Tensor:
        if ngram_logits is not None:
            summed: Tensor = self.ngram_classifier.summed(ngram_logits)
            return summed
        if ngram_ids is None or ngram_counts is None:
            raise ModelError(
                "this model counts n-grams: give it ngram_ids and ngram_counts, as its processor makes them."
            )
        logits: Tensor = self.ngram_classifier(ngram_ids, ngram_counts)
        return logits

    def _look(self, pixel_values: Tensor | None, image_states: Tensor | None) -> Modality:
        if image_states is not None:
            found, hidden = run_from(self.vision_encoder, image_states, "pixel_values")
        elif pixel_values is not None:
            found = self.vision_encoder(**self.vision_inputs(pixel_values), output_hidden_states=True)
            hidden = found.hidden_states
        else:
            raise ModelError("this model looks at pictures: give it pixel_values, as its processor makes them.")
        pooled = getattr(found, "pooler_output", None)
        return Modality(self._depths(hidden), None, found.last_hidden_state[:, 0] if pooled is None else pooled)

    def _depths(self, hidden: Sequence[Tensor]) -> list[Tensor]:
        """The last hidden states, the last first, of the tokens that take part."""
        kept = slice(0, 1) if self.config.attention == "first" else slice(None)
        return [hidden[-1 - depth][:, kept] for depth in range(self.config.num_depths)]

    def _fuse(self, text: Modality | None, image: Modality | None) -> Tensor:
        """Mean over depths of text asking image, or of the only modality asking itself: float (B, D).

        By concatenation: one layer over what each modality's last hidden states are on average.
        """
        if self.concatenation is not None:
            seen = [modality for modality in (text, image) if modality is not None]
            pooled = [masked_mean(modality.hidden_states[0], modality.mask) for modality in seen]
            concatenated: Tensor = self.concatenation(torch.cat(pooled, dim=-1))
            return concatenated
        projected, masks = [], []
        if text is not None:
            projected.append(_project(text.hidden_states, self.text_projections))
            masks.append(text.mask)
        if image is not None:
            projected.append(_project(image.hidden_states, self.vision_projections))
            masks.append(image.mask)
        fused = [
            masked_mean(block(query, context, masks[-1]), masks[0])
            for block, query, context in zip(self.co_attention_layers, projected[0], projected[-1], strict=True)
        ]
        return torch.stack(fused).mean(dim=0)

    def _embed(self, text: Modality, image: Modality) -> tuple[Tensor, Tensor]:
        return _unit(self.text_contrastive_proj(text.feature)), _unit(self.image_contrastive_proj(image.feature))

    def _losses(self, logits: Tensor, labels: Tensor, embeddings: dict[str, Tensor]) -> dict[str, Tensor]:
        config = self.config
        classification = classification_loss(logits, labels, problem_type=config.problem_type)
        if len(embeddings) == 1:
            return {"loss": classification, "classification_loss": classification}
        contrastive = contrastive_loss(
            *embeddings.values(), temperature=config.contrastive_temperature, masking=config.contrastive_masking
        )
        loss = config.classification_weight * classification + config.contrastive_weight * contrastive
        return {"loss": loss, "classification_loss": classification, "contrastive_loss": contrastive}

    def _projections(self, encoder_size: int) -> nn.ModuleList:
        """One projection a depth; index 0 belongs to the last hidden state."""
        return nn.ModuleList(nn.Linear(encoder_size, self.config.hidden_size) for _ in range(self._depths_fused))

    @property
    def _depths_fused(self) -> int:
        """How many depths have projections and a block of cross-attention; 0 by concatenation."""
        return self.config.num_depths if self.config.fusion == "cross_attention" else 0

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """Xavier, which keeps variance: text and image reach the first attention at their encoders' own scale."""
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.LayerNorm):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)


def _normed(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs), nn.LayerNorm(outputs), nn.GELU()]


def _project(hidden_states: list[Tensor], projections: nn.ModuleList) -> list[Tensor]:
    return [project(states) for project, states in zip(projections, hidden_states, strict=True)]


def _unit(vectors: Tensor) -> Tensor:
    """Unit length, in float32 also where the layers ran in less."""
    return functional.normalize(vectors.float(), dim=-1)


AutoModel.register(SymptomConfig, SymptomClassifier)
