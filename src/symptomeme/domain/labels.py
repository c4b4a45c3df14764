"""The two tasks: their data sets, classes in the published model's output order, and label spellings."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from symptomeme.domain.errors import AnnotationError, InputError

_SHOWN = 60  # characters

ProblemType = Literal["single_label_classification", "multi_label_classification"]

SPLITS = ("train", "val", "test", "extra")
"""Where a meme is used. `extra` is a second test set: reported beside test, never fitted on."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One classification task and the data set behind it."""

    name: str
    dataset: str  # folder under data/
    title: str  # the data set's published name
    questionnaire: str
    problem_type: ProblemType
    labels: tuple[str, ...]
    dropped: frozenset[str]  # spelt so in raw copies, not classes of the published task
    label_fields: tuple[str, ...]  # names of the label field in the published layouts

    @property
    def multi_label(self) -> bool:
        """Whether a meme may carry several labels, or none."""
        return self.problem_type == "multi_label_classification"

    def keep(self, found: list[str], *, where: str) -> list[str]:
        """The classes among `found`, in the task's order and without repeats; dropped labels go.

        Raises:
            AnnotationError: a label is neither a class nor a known dropped one; only a misspelt one is shown, as any
                other may be the words of a meme.
        """
        for label in found:
            if label not in self.labels and label not in self.dropped:
                nearest = self.nearest(label)
                told = repr(label[:_SHOWN]) if nearest else f"a label of {len(label)} characters"
                meant = f" (did you mean {nearest!r}?)" if nearest else ""
                raise AnnotationError(
                    f"{where}: {told} is not a class of {self.title}{meant}; expected one of "
                    f"{', '.join(self.labels)} (or, left out: {', '.join(sorted(self.dropped))}). "
                    "Mend the annotation and import again."
                )
        return [label for label in self.labels if label in found]

    def nearest(self, label: str) -> str | None:
        """The known label that `label` may be a misspelling of: another case, other spaces, a few letters."""
        known = {name.casefold(): name for name in (*self.labels, *sorted(self.dropped))}
        close = get_close_matches(" ".join(label.split()).casefold(), known, n=1, cutoff=0.8)
        return known[close[0]] if close else None


ANXIETY = Task(
    name="anxiety",
    dataset="axiom",
    title="AxiOM",
    questionnaire="GAD-7",
    problem_type="single_label_classification",
    labels=(
        "Nervousness",
        "Lack of Worry Control",
        "Excessive Worry",
        "Difficulty Relaxing",
        "Restlessness",
        "Impending Doom",
    ),
    dropped=frozenset({"Irritability", "Irritatbily", "Unknown"}),
    label_fields=("meme_anxiety_category", "meme_anxiety_categories"),
)

DEPRESSION = Task(
    name="depression",
    dataset="restore",
    title="RESTORE",
    questionnaire="PHQ-9",
    problem_type="multi_label_classification",
    labels=(
        "Lack of Interest",
        "Feeling Down",
        "Eating Disorder",
        "Sleeping Disorder",
        "Low Self-Esteem",
        "Concentration Problem",
        "Self-Harm",
    ),
    dropped=frozenset({"Lack of Energy"}),
    label_fields=("meme_depressive_categories",),
)

TASKS = {task.name: task for task in (ANXIETY, DEPRESSION)}


def task_named(name: str) -> Task:
    """The task of that name.

    Raises:
        InputError: there is no such task.
    """
    if name not in TASKS:
        raise InputError(f"task {name!r} is unknown; expected one of {', '.join(TASKS)}.")
    return TASKS[name]
