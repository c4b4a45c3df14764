"""Text and pictures into tensors: the one pre-processing path, for training and for serving, saved beside the model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from PIL.Image import Image
from scipy.sparse import csr_matrix
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoProcessor, AutoTokenizer, CLIPImageProcessorPil
from transformers.feature_extraction_utils import BatchFeature
from transformers.processing_utils import ProcessorMixin

from symptomeme.domain.errors import ModelError
from symptomeme.models.config import SymptomConfig
from symptomeme.models.encoders import check_folder, read_encoder_config
from symptomeme.models.loading import gist, quiet_transformers
from symptomeme.models.ngrams import count_ngrams, padded_ngrams


class SymptomProcessor(ProcessorMixin):  # type: ignore[misc]
    """Makes a classifier's inputs: joins OCR text and reasoning and tokenizes them; resizes and normalises pictures.

    Attributes:
        image_processor: Pillow's resizing, so that no result depends on whether torchvision is installed.
        tokenizer: the text encoder's.
        separator: stands between OCR text and reasoning.
        max_length: tokens, special ones included. What is over is cut from the end: reasoning first.
        ngrams: whether the n-grams of a text are counted too.
    """

    def __init__(
        self, image_processor: Any, tokenizer: Any, separator: str, max_length: int, ngrams: bool = False
    ) -> None:
        """Take the parts; `from_pretrained` and `build_processor` make them."""
        super().__init__(image_processor, tokenizer)
        self.separator = separator
        self.max_length = max_length
        self.ngrams = ngrams
        tokenizer.truncation_side = "right"
        # A tokenizer keeps its last truncation and padding, also in its file. Setting them once makes that file always
        # the same, and tokenizing safe in threads.
        self.encode_texts([""])

    @classmethod
    def from_pretrained(cls, folder: str | Path, **kwargs: Any) -> "SymptomProcessor":
        """Read a processor from a model folder (or hub name).

        Raises:
            ModelError: it is missing or damaged.
        """
        try:
            settings, _ = cls.get_processor_dict(folder, **kwargs)
            kwargs.pop("trust_remote_code", None)
            tokenizer = AutoTokenizer.from_pretrained(folder, **kwargs)
            if tokenizer.pad_token_id is None:
                raise ValueError("no padding token")
            return cls(
                image_processor=CLIPImageProcessorPil.from_pretrained(folder, **kwargs),
                tokenizer=tokenizer,
                separator=settings["separator"],
                max_length=settings["max_length"],
                ngrams=settings.get("ngrams", False),  # models from before have none
            )
        except Exception as error:  # tokenizers raises no error of its own
            told = f"{type(error).__name__}: {gist(error)}"
            raise ModelError(
                f"model {folder}: its processor or tokenizer cannot be loaded ({told}). Bring its files back, or train "
                "it again."
            ) from None

    def __call__(
        self,
        text: Sequence[str] | None = None,
        reasoning: Sequence[str] | None = None,
        images: Sequence[Image] | None = None,
    ) -> BatchFeature:
        """Tensors for `SymptomClassifier`.

        Args:
            text: what stands in each of B pictures, possibly empty; None: no text inputs are made.
            reasoning: an explanation of each meme, possibly empty; None: none.
            images: B pictures; None: no image inputs are made.

        Returns:
            input_ids and attention_mask, int (B, L), L the longest text's; where it counts n-grams, what
            `padded_ngrams` gives; pixel_values, float (B, 3, S, S).

        Raises:
            ValueError: texts, reasonings and images differ in number, or one is a bare string.
        """
        given = [found for found in (text, reasoning, images) if found is not None]
        if any(isinstance(found, str) for found in given) or len({len(found) for found in given}) > 1:
            raise ValueError("text, reasoning and images must be lists of the same length, one entry a meme.")
        inputs: dict[str, Tensor] = {}
        if text is not None:
            inputs |= self.pad(self.encode_texts(text, reasoning))
        if text is not None and self.ngrams:
            inputs |= padded_ngrams(self.count_ngrams(text, reasoning))
        if images is not None:
            inputs["pixel_values"] = self.pixel_values(self.picture_bytes(images))
        return BatchFeature(inputs)

    def encode_texts(self, texts: Sequence[str], reasonings: Sequence[str] | None = None) -> list[list[int]]:
        """Token ids of each meme, special ones included, at most `max_length`; not padded."""
        ids: list[list[int]] = self._tokenized(self._joined(texts, reasonings))["input_ids"]
        return ids

    def encode_with_spans(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Token ids of one meme without reasoning, and start and end of each in the text; of special ones (0, 0).

        Raises:
            ModelError: the tokenizer does not tell.
        """
        if not self.tokenizer.is_fast:
            raise ModelError(f"{type(self.tokenizer).__name__} does not tell where in a text its tokens stand.")
        found = self._tokenized([text], return_offsets_mapping=True)
        return found["input_ids"][0], found["offset_mapping"][0]

    def _tokenized(self, texts: list[str], **more: bool) -> Any:
        return self.tokenizer(
            texts,
            truncation=True,
            max_length=self.max_length,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            **more,
        )

    def count_ngrams(self, texts: Sequence[str], reasonings: Sequence[str] | None = None) -> csr_matrix:
        """How often each n-gram stands in what is read of each meme, nothing cut: as `ngrams.count_ngrams`."""
        return count_ngrams(self._joined(texts, reasonings))

    def pad(self, ids: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        """input_ids and attention_mask (1 = real token), int64 (B, L), padded on the right to the longest."""
        rows = [torch.tensor(row) for row in ids]
        return {
            "input_ids": pad_sequence(rows, batch_first=True, padding_value=self.tokenizer.pad_token_id),
            "attention_mask": pad_sequence([torch.ones_like(row) for row in rows], batch_first=True),
        }

    def picture_bytes(self, images: Sequence[Image]) -> npt.NDArray[np.uint8]:
        """Pictures brought to the model's size, uint8 (B, 3, S, S): the slow half, worth keeping."""
        found = self.image_processor(list(images), do_rescale=False, do_normalize=False)["pixel_values"]
        return np.stack(found)

    def pixel_values(self, pictures: npt.NDArray[np.uint8] | Tensor) -> Tensor:
        """What the vision encoder takes, float32 (B, 3, S, S), of `picture_bytes`."""
        settings = self.image_processor
        pixels: Tensor = torch.as_tensor(pictures).float() * settings.rescale_factor
        mean, std = (
            torch.tensor(values, device=pixels.device).view(-1, 1, 1)
            for values in (settings.image_mean, settings.image_std)
        )
        return (pixels - mean) / std

    def _joined(self, texts: Sequence[str], reasonings: Sequence[str] | None) -> list[str]:
        return [
            f"{text}{self.separator}{reasoning}" if reasoning.strip() else text
            for text, reasoning in zip(texts, reasonings or [""] * len(texts), strict=True)
        ]


def build_processor(
    *,
    tokenizer: str | Path,
    vision_encoder: str | Path | None,
    image_size: int | None,
    image_fit: Literal["squash", "crop"],
    separator: str | None,
    max_length: int,
) -> SymptomProcessor:
    """A processor for a new model.

    Args:
        tokenizer: folder or hub name of the text encoder.
        vision_encoder: folder or hub name; its colour statistics are taken where it tells them, else CLIP's.
        image_size: pixels a side; None: the vision encoder's.
        image_fit: "squash": the whole picture, out of proportion; "crop": in proportion, its middle square.
        separator: stands between OCR text and reasoning; None: the tokenizer's own separator, between spaces.
        max_length: tokens, special ones included.

    Raises:
        ModelError: the tokenizer cannot be loaded, has no padding token or separator, or takes fewer tokens; or the
            vision encoder is none, or its patches are larger than a picture.
    """
    check_folder(tokenizer, "text encoder")
    with quiet_transformers():
        try:
            found = AutoTokenizer.from_pretrained(tokenizer, trust_remote_code=False)
        except Exception as error:  # tokenizers raises no error of its own
            raise ModelError(
                f"text encoder {tokenizer}: its tokenizer cannot be loaded ({type(error).__name__})."
            ) from None
    if found.pad_token_id is None or (separator is None and found.sep_token is None):
        raise ModelError(f"text encoder {tokenizer}: its tokenizer has no padding token or no separator; use another.")
    if max_length > found.model_max_length:
        raise ModelError(f"max_length {max_length}: {tokenizer} takes at most {found.model_max_length} tokens.")
    return SymptomProcessor(
        image_processor=_image_processor(vision_encoder, image_size, image_fit),
        tokenizer=found,
        separator=f" {found.sep_token} " if separator is None else separator,
        max_length=max_length,
    )


def _image_processor(vision_encoder: str | Path | None, image_size: int | None, image_fit: str) -> Any:
    colours: dict[str, Any] = {}
    if vision_encoder is not None:
        config = read_encoder_config(vision_encoder, "vision")
        image_size = getattr(config, "image_size", None) if image_size is None else image_size
        _check_patches(vision_encoder, image_size, config)
        with quiet_transformers():
            try:
                told, _ = CLIPImageProcessorPil.get_image_processor_dict(vision_encoder)
            except OSError:
                told = {}
        colours = {key: told[key] for key in ("image_mean", "image_std", "rescale_factor") if key in told}
    square = {"height": image_size, "width": image_size} if image_size is not None else CLIPImageProcessorPil.crop_size
    crop = image_fit == "crop"
    return CLIPImageProcessorPil(
        size={"shortest_edge": square["height"]} if crop else square, crop_size=square, do_center_crop=crop, **colours
    )


def _check_patches(vision_encoder: str | Path, image_size: Any, config: Any) -> None:
    patch = getattr(config, "patch_size", 1)
    if isinstance(patch, int) and isinstance(image_size, int) and image_size < patch:
        raise ModelError(
            f"image_size {image_size} is less than the {patch} pixels a side of a patch of {vision_encoder}; choose at "
            "least that many."
        )


AutoProcessor.register(SymptomConfig, SymptomProcessor)
