"""Reasoning never costs a word of the meme, whatever kind of tokenizer cuts them to pieces."""

from random import Random

import pytest
from tokenizers import Tokenizer
from tokenizers.models import BPE, Unigram, WordPiece
from tokenizers.pre_tokenizers import BertPreTokenizer, ByteLevel, Metaspace
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import BpeTrainer, UnigramTrainer, WordPieceTrainer
from transformers import CLIPImageProcessorPil, PreTrainedTokenizerFast

from symptomeme.models.processor import SymptomProcessor

MARKS = ["<pad>", "<unk>", "<s>", "</s>"]
KINDS = {
    "WordPiece, as BERT": (
        lambda: WordPiece(unk_token="<unk>"),
        BertPreTokenizer(),
        WordPieceTrainer,
        {"vocab_size": 60},
    ),
    "byte pairs, as RoBERTa": (
        BPE,
        ByteLevel(add_prefix_space=False),
        BpeTrainer,
        {"vocab_size": 330, "initial_alphabet": ByteLevel.alphabet()},
    ),
    "unigrams, as DeBERTa": (Unigram, Metaspace(), UnigramTrainer, {"vocab_size": 60, "unk_token": "<unk>"}),
}
LETTERS = "cannotsleepagain  becausofexm!,.\N{SLIGHTLY SMILING FACE}\N{LATIN SMALL LETTER E WITH ACUTE}\n"
REASONING = "1. Cause-Effect: because of exams i cannot sleep"


@pytest.fixture(params=KINDS)
def tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerFast:
    model, words, trainer, settings = KINDS[request.param]
    made = Tokenizer(model())
    made.pre_tokenizer = words
    made.train_from_iterator(
        [REASONING, "again and again!"] * 3, trainer(special_tokens=MARKS, show_progress=False, **settings)
    )
    made.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 2), ("</s>", 3)])
    names = {"pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>"}
    return PreTrainedTokenizerFast(tokenizer_object=made, **names)


@pytest.mark.parametrize("separator", [" </s> ", " [SEP] ", " | "], ids=["its own", "published", "other"])
@pytest.mark.parametrize("max_length", [4, 12, 40])
def test_the_words_are_cut_as_if_no_reasoning_stood_behind_them(
    tokenizer: PreTrainedTokenizerFast, separator: str, max_length: int
) -> None:
    processor = SymptomProcessor(CLIPImageProcessorPil(), tokenizer, separator, max_length)
    random = Random(max_length)
    texts = ["".join(random.choices(LETTERS, k=random.randrange(60))) for _ in range(60)]
    alone, behind = processor.encode_texts(texts), processor.encode_texts(texts, [REASONING] * len(texts))
    for words, both in zip(alone, behind, strict=True):
        assert both[: len(words) - 1] == words[:-1]  # all but the mark of the end
        assert len(words) <= len(both) <= max_length
    assert any(len(both) > len(words) for words, both in zip(alone, behind, strict=True))


def test_where_the_words_fill_all_no_reasoning_is_left(tokenizer: PreTrainedTokenizerFast) -> None:
    processor = SymptomProcessor(CLIPImageProcessorPil(), tokenizer, " | ", 40)
    pieces = len(processor.encode_texts(["again " * 5])[0])
    for max_length, room in ((pieces, 0), (pieces + 1, 1), (pieces + 2, 2)):
        cut = SymptomProcessor(CLIPImageProcessorPil(), tokenizer, " | ", max_length)
        words, both = cut.encode_texts(["again " * 5])[0], cut.encode_texts(["again " * 5], [REASONING])[0]
        assert len(both) - len(words) == room
