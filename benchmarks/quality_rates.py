"""Learning rates that fall from the text encoder's top layer down."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from symptomeme.domain.sections.training import Optimisation
from symptomeme.learning import fit as fitting
from symptomeme.models.classifier import SymptomClassifier


@contextmanager
def layer_wise(decay: float) -> Iterator[None]:
    """Within, `fit` trains each layer of the text encoder at its own learning rate."""
    if decay == 1:
        yield
        return
    with mock.patch.object(fitting, "_groups", lambda model, options: layer_groups(model, options, decay)):
        yield


def layer_groups(model: SymptomClassifier, options: Optimisation, decay: float) -> list[dict[str, object]]:
    """A group for each parameter; under BERT's top layer the rate falls by `decay` a layer, embeddings come last."""
    depth = model.text_encoder.config.num_hidden_layers

    def rate(name: str) -> float:
        part, *rest = name.split(".")
        if part != "text_encoder":
            return options.head_learning_rate
        below = depth - 1 - int(rest[2]) if rest[:2] == ["encoder", "layer"] else depth
        return options.text_learning_rate * float(decay**below)

    return [
        {"params": [found], "lr": rate(name), "weight_decay": options.weight_decay if found.ndim > 1 else 0.0}
        for name, found in model.named_parameters()
        if found.requires_grad
    ]
