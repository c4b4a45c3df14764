"""Everything a model folder says about its model: sizes, switches, labels, and what was fitted on validation."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from transformers import AutoConfig
from transformers.configuration_utils import PreTrainedConfig, SubConfigSpec

from symptomeme.domain.errors import ModelError
from symptomeme.domain.faults import faults
from symptomeme.domain.section import Count, Positive, Section, Share
from symptomeme.models.decision import Calibration

PROBLEM_TYPES = ("single_label_classification", "multi_label_classification")


class _Values(Section):
    thresholds: dict[str, float]
    temperature: Positive
    class_calibration: dict[str, Annotated[Sequence[float], Field(min_length=2, max_length=2)]] | None
    abstain_below: Share
    min_confidence: float
    ocr: dict[str, Any] | None
    num_depths: Count


class SymptomConfig(PreTrainedConfig):  # type: ignore[misc]
    """Configuration of `SymptomClassifier`; the defaults are the published model's values.

    A modality is off when its encoder's config is None. Either may be any config that `AutoModel` knows, as an object
    or as the dict of its JSON; of a composite one (CLIP, SigLIP) the part for the modality is taken.

    Attributes:
        problem_type: one of PROBLEM_TYPES; required, for it decides the loss and how scores become labels.
        id2label: classes in the order of the logits; required.
        task: name of the task the labels belong to.
        variant: name of the variant, as in params.yaml.
        reasoning: whether the text was followed by reasoning in training.
        ocr: how the words of its memes were read, as in params.yaml.
        hidden_size: width of fusion, experts and classifier; None: that of the text (else vision) encoder.
        num_depths: how many last hidden states are fused; by "concatenation" only the last is.
        num_experts: of the mixture; 0: there is none.
        fusion: "cross_attention": of the modalities, as published; "concatenation": of their pooled features, through
            one layer.
        attention: "first": first text token over first image token, as published; "all": every token.
        contrastive_size: width of the contrastive embeddings; None: the model has no contrastive heads.
        contrastive_hidden_size: inner width of the fused head; None: twice `contrastive_size`.
        contrastive_masking: what the contrastive loss does with a vector's similarity to itself, see `losses.nt_xent`.
        separator: stands between OCR text and reasoning in what the tokenizer gets.
        max_length: tokens, the special ones included.
        temperature: logits are divided by it before they become probabilities.
        class_calibration: scale and bias of each class, by which its logits are multiplied and moved after that; None:
            they are not.
        thresholds: the probability over which a class is claimed; None: for each class 0.5, or `abstain_below` where
            every meme has one label.
        abstain_below: single label: the model abstains unless its top probability is over this.
        min_confidence: the model abstains unless its confidence in its claim is over this, see `decision.confidence`.
        ngrams: whether a linear model of n-grams stands beside the neural one, and their logits are summed.
        runtime: what `load_runtime` answers with: "fp32", the weights; "int8", ONNX Runtime's file beside them.
        int8_agreement: share of the validation memes that int8 gives the same labels as fp32; None: not tried.

    Raises:
        ModelError: values are missing or do not fit each other.
    """

    model_type = "symptomeme"
    sub_configs_defaults = {  # noqa: RUF012 (the base class reads it so)
        "text_config": SubConfigSpec(AutoConfig, model_type="roberta", optional=True),
        "vision_config": SubConfigSpec(AutoConfig, model_type="clip_vision_model", optional=True),
    }

    text_config: Any = None
    vision_config: Any = None
    task: str | None = None
    variant: str | None = None
    reasoning: bool = False
    ocr: dict[str, Any] | None = None
    hidden_size: int = None  # type: ignore[assignment]  # None only until __post_init__
    num_heads: int = 8
    num_depths: int = 3
    num_experts: int = 4
    contrastive_size: int | None = 256
    contrastive_hidden_size: int = None  # type: ignore[assignment]
    fusion_dropout: float = 0.1
    expert_dropout: float = 0.2
    classifier_dropout: float = 0.1
    fusion: Literal["cross_attention", "concatenation"] = "cross_attention"
    attention: Literal["first", "all"] = "first"
    contrastive_masking: Literal["published", "standard"] = "published"
    contrastive_temperature: float = 0.07
    classification_weight: float = 0.7
    contrastive_weight: float = 0.3
    separator: str = " [SEP] "
    max_length: int = 512
    thresholds: dict[str, float] | None = None
    temperature: float = 1.0
    class_calibration: dict[str, list[float]] | None = None
    abstain_below: float = 0.0
    min_confidence: float = 0.0
    ngrams: bool = False
    runtime: Literal["fp32", "int8"] = "fp32"
    int8_agreement: float | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        """Build the encoders' configs, fill in what follows from other values, and check."""
        if self.id2label is None or self.problem_type not in PROBLEM_TYPES:
            raise ModelError(
                f"config of a symptomeme model: problem_type is {self.problem_type!r} and id2label is "
                f"{'missing' if self.id2label is None else 'there'}; both are needed, problem_type as one of "
                f"{', '.join(PROBLEM_TYPES)}."
            )
        self.text_config = _part(self.text_config, "text_config")
        self.vision_config = _part(self.vision_config, "vision_config")
        super().__post_init__(**kwargs)
        self.label2id = {label: index for index, label in self.id2label.items()}
        usual = 0.5 if self.problem_type == "multi_label_classification" else self.abstain_below
        given = self.thresholds or {}
        self.thresholds = {label: given.get(label, usual) for label in self.labels}
        if self.contrastive_hidden_size is None and self.contrastive_size is not None:
            self.contrastive_hidden_size = 2 * self.contrastive_size
        encoders = [part for part in (self.text_config, self.vision_config) if part is not None]
        if self.hidden_size is None and encoders:
            self.hidden_size = encoders[0].hidden_size
        self._check_values()
        self._check(encoders)

    @property
    def text(self) -> bool:
        """Whether the model reads text."""
        return self.text_config is not None

    @property
    def image(self) -> bool:
        """Whether the model looks at the picture."""
        return self.vision_config is not None

    @property
    def labels(self) -> tuple[str, ...]:
        """Classes in the order of the logits."""
        return tuple(self.id2label[index] for index in range(len(self.id2label)))

    @property
    def calibration(self) -> Calibration:
        """What was fitted to make logits honest."""
        found = self.class_calibration
        by_class = None if found is None else tuple((found[label][0], found[label][1]) for label in self.labels)
        return Calibration(self.temperature, by_class)

    def _check_values(self) -> None:
        """Check what a file can hold otherwise than it was written, and nothing else looks at before it counts."""
        found = {name: getattr(self, name) for name in _Values.model_fields}
        try:
            _Values.model_validate(found)
        except ValidationError as error:
            raise ModelError(f"config of a symptomeme model: {'; '.join(faults(error, _Values))}.") from None
        lacking = set(self.labels).difference(self.labels if self.class_calibration is None else self.class_calibration)
        if lacking:
            raise ModelError(f"config of a symptomeme model: class_calibration has nothing for {min(lacking)!r}.")

    def _check(self, encoders: list[Any]) -> None:
        if not encoders:
            raise ModelError("a symptomeme model needs a text encoder, a vision encoder or both; found neither.")
        if self.hidden_size % self.num_heads:
            raise ModelError(
                f"hidden_size {self.hidden_size} cannot be divided among num_heads {self.num_heads}; "
                "choose a number of heads that divides it."
            )
        for part in encoders:
            if self.num_depths > part.num_hidden_layers + 1:
                raise ModelError(
                    f"num_depths {self.num_depths} is more than the {part.num_hidden_layers + 1} hidden states of the "
                    f"{part.model_type} encoder; choose at most that many."
                )
        positions = getattr(self.text_config, "max_position_embeddings", self.max_length)
        if self.max_length > positions:
            raise ModelError(
                f"max_length {self.max_length} is more than the {positions} positions of the "
                f"{self.text_config.model_type} encoder; choose at most that many tokens."
            )


def _part(config: Any, name: str) -> Any:
    """The encoder's own config, as a dict free of the path it was read from.

    A dict, because the base class writes into the objects it gets, and these may belong to a living encoder.
    """
    if isinstance(config, PreTrainedConfig):
        config = config.to_dict()
    if config is None:
        return None
    part = config.get(name, config)
    return {key: value for key, value in part.items() if key != "_name_or_path"}


AutoConfig.register(SymptomConfig.model_type, SymptomConfig)
