"""The clean memes of the sample: which text in which split, with which labels, under which symbols."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from symptomeme.domain.labels import Task
from symptomeme.sample.annotations import Annotated
from symptomeme.sample.draw import Order
from symptomeme.sample.reasoning import given_reasoning
from symptomeme.sample.texts import Core, Group, framed, read_groups

SPLIT_SHARES = {
    "anxiety": {"train": 0.6875, "test": 0.3125},
    "depression": {"train": 0.6, "val": 0.14, "test": 0.26},
}
"""Share of each group's texts; anxiety has no validation split, as published."""

PREFIXES = {"train": "TR", "val": "VA", "test": "TE"}
"""What ids begin with."""

TEXTS_SHARE = 0.8
"""Share of each group's texts that the sample uses, at least 40 a symptom; the others are kept for more memes later."""

FRAMES_A_TEXT = {"anxiety": (2, 2), "depression": (2, 3, 1)}
"""Memes made of one text, by group; all stay in its split. One of them is outlined."""

AGREEMENT = 0.8
"""Share of memes whose symbols are those of their labels; the others show another class of the same group."""

WIDTHS = (420, 540)
"""Width of the sample's pictures, pixels."""

LABEL_MIX: dict[str, dict[tuple[str, ...], tuple[int, int]]] = {
    "anxiety": {
        ("Nervousness",): (36, 36),
        ("Restlessness",): (40, 40),
        ("Difficulty Relaxing",): (34, 34),
        ("Lack of Worry Control",): (32, 32),
        ("Excessive Worry",): (31, 31),
        ("Impending Doom",): (36, 36),
    },
    "depression": {
        ("Feeling Down",): (112, 24),
        ("Low Self-Esteem",): (44, 12),
        ("Self-Harm",): (52, 12),
        ("Feeling Down", "Low Self-Esteem"): (9, 23),
        ("Feeling Down", "Self-Harm"): (6, 19),
        ("Feeling Down", "Low Self-Esteem", "Self-Harm"): (2, 6),
        ("Eating Disorder",): (70, 20),
        ("Sleeping Disorder",): (60, 19),
        ("Eating Disorder", "Sleeping Disorder"): (1, 14),
        ("Lack of Interest",): (54, 18),
        ("Concentration Problem",): (76, 21),
        ("Lack of Interest", "Concentration Problem"): (1, 14),
    },
}
"""How often each set of labels is drawn within its group: in train, and in val and test.

Skewed as the published data are: in depression Feeling Down is commonest and Lack of Interest rarest, and a meme has
about 1.04 labels in train but 1.4 in val and test.
"""

Card = TypeVar("Card")


@dataclass(frozen=True)
class SampleMeme:
    """One meme of the sample before it is drawn."""

    group: tuple[str, ...]  # the symptoms its words may mean
    row: Annotated
    order: Order


def clean_memes(task: Task, *, seed: int) -> list[SampleMeme]:
    """All memes of one task but the planted dirt, in the order of their ids within each split."""
    rng = Random(f"{task.name} {seed}")
    groups = read_groups(task.name)
    memes: list[SampleMeme] = []
    for split, cores in _split_cores(task, groups, rng).items():
        drafts = [
            draft
            for number, group in enumerate(groups)
            for draft in _drafts(task, group, cores[number], split=split, number=number, rng=rng)
        ]
        rng.shuffle(drafts)
        memes += [_numbered(task, split, number, draft) for number, draft in enumerate(drafts, start=1)]
    return memes


def deck(weights: dict[Card, int], size: int, rng: Random) -> list[Card]:
    """`size` cards in proportion to their weights (largest remainders rounded up), shuffled."""
    total = sum(weights.values())
    counts = {card: weight * size // total for card, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda card: -(weights[card] * size % total))
    for card in by_remainder[: size - sum(counts.values())]:
        counts[card] += 1
    cards = [card for card, count in counts.items() for _ in range(count)]
    rng.shuffle(cards)
    return cards


def other_symbols(labels: Sequence[str], group: Sequence[str], rng: Random) -> tuple[str, ...]:
    """Misleading symbols: one label's gives way to another class of the group; where none is left, it is not drawn."""
    shown = list(labels)
    place = rng.randrange(len(shown))
    others = [symptom for symptom in group if symptom not in labels]
    shown[place : place + 1] = [rng.choice(others)] if others else []
    return tuple(shown)


def _split_cores(task: Task, groups: list[Group], rng: Random) -> dict[str, list[list[Core]]]:
    """Texts of each group (inner list) for each split."""
    found: dict[str, list[list[Core]]] = {split: [] for split in SPLIT_SHARES[task.name]}
    for group in groups:
        cores = rng.sample(group.cores, round(TEXTS_SHARE * len(group.cores)))
        start = 0.0
        for split, share in SPLIT_SHARES[task.name].items():
            end = start + share * len(cores)
            found[split].append(cores[round(start) : round(end)])
            start = end
    return found


@dataclass(frozen=True)
class _Draft:
    """A meme without an id."""

    group: tuple[str, ...]
    setting: str
    text: str
    outlined: bool
    labels: tuple[str, ...]
    symbols: tuple[str, ...]
    reasoning: dict[str, str]


def _drafts(task: Task, group: Group, cores: list[Core], *, split: str, number: int, rng: Random) -> list[_Draft]:
    """Each text in its frames, one of them outlined, with labels and symbols drawn within the group."""
    frames = FRAMES_A_TEXT[task.name][number]
    size = len(cores) * frames
    mix = {
        labels: weights[split != "train"]
        for labels, weights in LABEL_MIX[task.name].items()
        if set(labels) <= set(group.symptoms)
    }
    labels_left = deck(mix, size, rng)
    agreement_left = deck({True: round(AGREEMENT * 100), False: round((1 - AGREEMENT) * 100)}, size, rng)
    drafts = []
    for core in cores:
        hard = rng.randrange(frames)
        for place, text in enumerate(framed(core, rng, count=frames)):
            labels, agrees = labels_left.pop(), agreement_left.pop()
            symbols = labels if agrees else other_symbols(labels, group.symptoms, rng)
            reasoning = given_reasoning(task.name, number, core.setting, rng)
            drafts.append(_Draft(group.symptoms, core.setting, text, place == hard, labels, symbols, reasoning))
    return drafts


def _numbered(task: Task, split: str, number: int, draft: _Draft) -> SampleMeme:
    """The draft under its id."""
    sample_id = f"{PREFIXES[split]}-{number}"
    record = {
        "sample_id": sample_id,
        "ocr_text": draft.text,
        task.label_fields[0]: list(draft.labels) if task.multi_label else draft.labels[0],
        **draft.reasoning,
    }
    row = Annotated(split, sample_id, draft.text, draft.labels, record)
    order = Order(
        key=row.key,
        text=draft.text,
        widths=WIDTHS,
        setting=draft.setting,
        style="outlined" if draft.outlined else ("caption", "blocks")[number % 2],
        symbols=draft.symbols,
    )
    return SampleMeme(draft.group, row, order)
