"""What each row of the study takes in and consists of, in words."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from symptomeme.domain.params import Params
from symptomeme.domain.study_params import StudyParams, model_of, train_of

NOTHING = "—"


class Description(NamedTuple):
    """A row in words."""

    inputs: str
    parts: str


BASELINES = {
    "commonest": Description(NOTHING, "commonest class of train"),
    "every_label": Description(NOTHING, "all classes"),
    "tfidf": Description("text", "TF-IDF, logistic regression"),
    "frozen_encoder": Description("text", "text encoder as it came, logistic regression"),
}


def describe(
    name: str, study: StudyParams, params: Params, *, reasoning: str | None, ngrams: Sequence[bool]
) -> Description:
    """A row of the study in words.

    Args:
        name: of the row.
        study: what the rows are.
        params: what they change.
        reasoning: whose stood behind the words of its memes.
        ngrams: of each seed of an ablation, whether n-grams stand beside its model.
    """
    if name not in study.ablations:
        return BASELINES[name]
    described = study.ablations[name]
    model, train = model_of(params, described), train_of(params, described)
    both = described.text and described.image
    inputs = {
        "text": described.text,
        "reasoning": reasoning is not None,
        "picture": described.image,
    }
    parts = {
        "concatenation": both and model.fusion == "concatenation",
        "one layer": not both and model.fusion == "concatenation",
        "cross-attention": both and model.fusion == "cross_attention",
        "self-attention": not both and model.fusion == "cross_attention",
        "all tokens": model.attention == "all",
        "first tokens": model.attention == "first",
        f"{model.num_experts} experts": model.num_experts > 0,
        "contrastive loss": both and train.contrastive_weight > 0,
        "n-grams": all(ngrams),
        f"n-grams with {sum(ngrams)} of {len(ngrams)} seeds": any(ngrams) and not all(ngrams),
        "pre-aligned": described.start == "aligned" and params.prealign.epochs > 0,
        f"reasoning: {reasoning}": reasoning is not None,
    }
    return Description(_those(inputs, " + "), _those(parts, ", "))


def _those(found: Mapping[str, bool], between: str) -> str:
    """The names of what there is."""
    return between.join(name for name, is_there in found.items() if is_there)
