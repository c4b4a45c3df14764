"""N-grams of texts as a part of the classifier: padded, saved and loaded, and asked for where they are missing."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from small_models import small_processor
from torch.testing import assert_close

from symptomeme.domain.errors import ModelError
from symptomeme.models.classifier import SymptomClassifier
from symptomeme.models.encoders import load_classifier
from symptomeme.models.ngrams import BUCKETS, NgramClassifier, count_ngrams, padded_ngrams
from symptomeme.models.processor import SymptomProcessor

TEXTS = ["i cannot sleep", "i cannot cannot sleep again because of exams", ""]

Build = Callable[..., SymptomClassifier]


def weighed() -> NgramClassifier:
    made, generator = NgramClassifier(num_labels=3), torch.Generator().manual_seed(5)
    made.idf = 1 + torch.rand(made.idf.shape, generator=generator)
    made.weight = torch.randn(made.weight.shape, generator=generator)
    made.bias = torch.tensor([0.1, -0.2, 0.3])
    return made


def processor(text_folder: Path, vision_folder: Path, *, ngrams: bool) -> SymptomProcessor:
    made = small_processor(text_folder, vision_folder)
    made.ngrams = ngrams
    return made


def test_words_and_characters_are_counted_each_in_their_own_half() -> None:
    counts = count_ngrams(["a bb bb"])
    words, characters = counts[:, :BUCKETS], counts[:, BUCKETS:]
    assert sorted(words.data) == [1, 2]  # "bb", "bb bb"; single letters are no words
    assert characters.sum() == 3 + 2 * 6  # of " a " and of " bb ": 2 + 1, 3 + 2 + 1


def test_padding_and_company_change_nothing() -> None:
    model = weighed()
    together = model(**padded_ngrams(count_ngrams(TEXTS)))
    assert_close(together, torch.cat([model(**padded_ngrams(count_ngrams([text]))) for text in TEXTS]))
    assert_close(together[2], model.bias)  # no n-gram at all


def test_its_logits_are_added_and_saved_with_the_model(
    build: Build, text_folder: Path, vision_folder: Path, tmp_path: Path
) -> None:
    model, made = build(vision_encoder=None, ngrams=True), processor(text_folder, vision_folder, ngrams=True)
    inputs = made(text=TEXTS)
    neural = model(**inputs).logits
    model.ngram_classifier = weighed()
    ngrams = {name: inputs[name] for name in ("ngram_ids", "ngram_counts")}
    assert_close(model(**inputs).logits, neural + weighed()(**ngrams))
    model.save_pretrained(tmp_path)
    made.save_pretrained(tmp_path)
    loaded = load_classifier(tmp_path).eval()
    assert torch.equal(loaded(**SymptomProcessor.from_pretrained(tmp_path)(text=TEXTS)).logits, model(**inputs).logits)


def test_ngrams_that_are_missing_are_told(build: Build, text_folder: Path, vision_folder: Path) -> None:
    inputs = processor(text_folder, vision_folder, ngrams=False)(text=TEXTS)
    with pytest.raises(ModelError, match="counts n-grams: give it ngram_ids and ngram_counts, as its processor makes"):
        build(vision_encoder=None, ngrams=True)(**inputs)
