"""An image-text-to-text model of transformers that answers questions about pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils.memory import clear_device_cache, should_reduce_batch_size
from PIL.Image import Image
from transformers import AutoModelForImageTextToText, AutoProcessor
from transformers.feature_extraction_utils import BatchFeature

from symptomeme.domain.errors import ModelError
from symptomeme.domain.writing import replacing
from symptomeme.models.loading import gist, quiet_transformers

_FETCH = "Run 'symptomeme fetch-weights reason NAME_OR_DIR'"


class PretrainedReasoner:
    """Any image-text-to-text model, on the GPU where there is one; it always takes the likeliest next token."""

    def __init__(self, folder: Path, *, max_new_tokens: int) -> None:
        """Load a model folder, from safetensors only.

        Raises:
            ModelError: the folder is missing, holds another kind of model, or weights are missing.
        """
        if not folder.is_dir():
            raise ModelError(f"reasoning model {folder}: there is no such folder. {_FETCH} or 'dvc pull'.")
        self.model, self.processor = _loaded(folder, mend=f"{_FETCH}.", use_safetensors=True, local_files_only=True)
        self.model.to(PartialState().device).eval()
        self.max_new_tokens = max_new_tokens
        tokenizer = self.processor.tokenizer
        tokenizer.padding_side = "left"  # answers begin where questions end
        if tokenizer.pad_token is None:
            tokenizer.pad_token = tokenizer.eos_token
        added = tokenizer.added_tokens_decoder.values()
        self.control_tokens = [token.content for token in added if token.special]

    def answer(self, pictures: Sequence[Image], questions: Sequence[str]) -> list[str]:
        """One answer a picture (RGB), in order.

        Raises:
            MemoryError: so many do not fit into memory.
            ModelError: the model fails on one of them.
        """
        try:
            with quiet_transformers(), torch.inference_mode():
                inputs = self._inputs(pictures, [self._plain(text) for text in questions]).to(
                    self.model.device, dtype=self.model.dtype
                )
                tokens = self.model.generate(
                    **inputs,
                    max_new_tokens=self.max_new_tokens,
                    do_sample=False,
                    num_beams=1,
                    pad_token_id=self.processor.tokenizer.pad_token_id,
                )
        except MemoryError:
            raise
        except Exception as error:  # of a chat template or a model any
            if should_reduce_batch_size(error):
                clear_device_cache(garbage_collection=True)
                raise MemoryError from None
            raise ModelError(f"the model failed ({type(error).__name__}: {gist(error)})") from None
        asked = inputs["input_ids"]
        length = asked.shape[1]
        if torch.equal(tokens[:, :length], asked):  # as decoders give it
            tokens = tokens[:, length:]
        answers: list[str] = self.processor.batch_decode(tokens, skip_special_tokens=True)
        return answers

    def _plain(self, question: str) -> str:
        """The question without what the model takes for more than words: a meme may hold `<image>` too."""
        for token in self.control_tokens:
            question = question.replace(token, " ")
        return question

    def _inputs(self, pictures: Sequence[Image], questions: Sequence[str]) -> BatchFeature:
        """Questions as the model's chats, or, where it has none, each behind its picture."""
        if self.processor.chat_template is None:
            token = getattr(self.processor, "image_token", None)
            before = f"{token}\n" if isinstance(token, str) else ""  # others put it there themselves
            texts = [before + question for question in questions]
            return self.processor(images=list(pictures), text=texts, padding=True, return_tensors="pt")
        chats = [
            [{"role": "user", "content": [{"type": "image", "image": picture}, {"type": "text", "text": question}]}]
            for picture, question in zip(pictures, questions, strict=True)
        ]
        return self.processor.apply_chat_template(
            chats,
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            processor_kwargs={"padding": True},
        )


def save_reasoner(source: str | Path, target: Path) -> None:
    """Save an image-text-to-text model of the hub or a folder, with its processor, as safetensors under `target`.

    Raises:
        ModelError: there is no such model, or it is gated.
    """
    gated = "If it is gated, ask for access on the hub and log in with 'hf auth login'."
    model, processor = _loaded(source, mend=gated)
    with quiet_transformers(), replacing(target) as beside:
        model.save_pretrained(beside)
        processor.save_pretrained(beside)


def _loaded(source: str | Path, *, mend: str, **options: Any) -> tuple[Any, Any]:
    """The model, in the precision in which it was saved, and its processor; no code of the model's own runs."""
    with quiet_transformers():
        try:
            processor = AutoProcessor.from_pretrained(source, trust_remote_code=False)
            model, found = AutoModelForImageTextToText.from_pretrained(
                source, dtype="auto", output_loading_info=True, trust_remote_code=False, **options
            )
        except Exception as error:  # of safetensors, tokenizers and transformers, with no base of their own
            raise ModelError(
                f"reasoning model {source}: no image-text-to-text model that transformers can load ({gist(error)}). "
                f"{mend}"
            ) from None
    if missing := sorted(found["missing_keys"]):
        raise ModelError(f"reasoning model {source}: {len(missing)} weights are missing, {missing[0]} among them.")
    return model, processor
