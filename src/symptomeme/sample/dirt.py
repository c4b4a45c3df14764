"""Faults planted in the sample on top of its clean memes, as real archives have them. For each task:

exact duplicates    a training picture, byte for byte, under another id in test, with the same text and labels
near duplicates     the same, but the picture was saved again: smaller and of lower quality
conflicting labels  a training text stands once more in training, over another picture, with another class of its group
unreadable image    a file in training that is cut off in the middle
dropped label       a training meme whose label was taken out of the published classes
empty text          a training meme without words, scene and symbol only

They take the last ids of their split.
"""

from dataclasses import replace
from random import Random

from symptomeme.domain.labels import Task
from symptomeme.sample.annotations import Annotated
from symptomeme.sample.draw import Order
from symptomeme.sample.memes import SampleMeme

DIRT = {
    "exact duplicates": 6,
    "near duplicates": 6,
    "conflicting labels": 4,
    "unreadable image": 1,
    "dropped label": 1,
    "empty text": 1,
}
"""How many of each, in each task."""

DROPPED = {"anxiety": "Irritability", "depression": "Lack of Energy"}
"""The label of raw copies that is no class."""


def planted(task: Task, memes: list[SampleMeme], rng: Random) -> list[SampleMeme]:
    """The memes to add to the clean ones."""
    # outlined memes are always JPEG files, which can be saved again and cut off
    originals = [meme for meme in memes if meme.row.split == "train" and meme.order.style == "outlined"]
    chosen = iter(rng.sample(originals, sum(DIRT.values())))
    picked = {kind: [next(chosen) for _ in range(count)] for kind, count in DIRT.items()}
    test, train = _Ids(memes, "test"), _Ids(memes, "train")
    added = [test.copy(meme, meme.order) for meme in picked["exact duplicates"]]
    added += [test.copy(meme, replace(meme.order, damage="resaved")) for meme in picked["near duplicates"]]
    for meme in picked["conflicting labels"]:
        other = rng.choice([symptom for symptom in meme.group if symptom not in meme.row.labels] or meme.group[:1])
        added.append(train.redrawn(task, meme, meme.row.text, [other]))
    for meme in picked["unreadable image"]:
        cut_off = train.redrawn(task, meme, f"also: {meme.row.text}", list(meme.row.labels))
        added.append(replace(cut_off, order=replace(cut_off.order, damage="truncated")))
    for meme in picked["dropped label"]:
        added.append(train.redrawn(task, meme, f"and then: {meme.row.text}", [DROPPED[task.name]]))
    for meme in picked["empty text"]:
        added.append(train.redrawn(task, meme, "", list(meme.row.labels)))
    return added


class _Ids:
    """Hands out the next ids of a split."""

    def __init__(self, memes: list[SampleMeme], split: str) -> None:
        found = [meme.row.id for meme in memes if meme.row.split == split]
        self.split = split
        self.prefix = found[0].split("-")[0]
        self.last = len(found)

    def copy(self, meme: SampleMeme, order: Order) -> SampleMeme:
        """The meme under a new id; its picture follows `order`."""
        self.last += 1
        sample_id = f"{self.prefix}-{self.last}"
        row = meme.row
        record = {**row.record, "sample_id": sample_id}
        return SampleMeme(meme.group, Annotated(self.split, sample_id, row.text, row.labels, record), order)

    def redrawn(self, task: Task, meme: SampleMeme, text: str, labels: list[str]) -> SampleMeme:
        """The meme's setting and group with a text, labels and a picture of its own."""
        new = self.copy(meme, meme.order)
        symbols = tuple(label for label in labels if label in task.labels) or meme.order.symbols
        order = replace(meme.order, key=new.row.key, text=text, symbols=symbols)
        value = labels if task.multi_label else labels[0]
        record = {**new.row.record, "ocr_text": text, task.label_fields[0]: value}
        return replace(new, row=replace(new.row, text=text, labels=tuple(labels), record=record), order=order)
