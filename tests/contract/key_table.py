"""Who uses each key of params.yaml: written by hand, so that a stage that declares too much or too little is seen.

A new key goes into one of the two tables: OF_STAGES where the result of a stage depends on it, OF_VERBS where only a
verb of the command line reads it, and no stage's status may change with it.
"""

from symptomeme.cli.stage import OF_A_VARIANT
from symptomeme.domain.labels import TASKS

OPTIMISATION = (
    "epochs batch_size text_learning_rate vision_learning_rate head_learning_rate frozen_text_layers "
    "frozen_vision_layers augmentation.shift augmentation.scale augmentation.mirror augmentation.light weight_decay "
    "schedule warmup max_grad_norm precision"
)

# section: its keys, the stages whose results depend on them
_OF_STAGES = {
    "variants.fusion": ("text image start", "train@anxiety-fusion train@depression-fusion register"),
    "variants.text_only": ("text image start", "train@anxiety-text_only train@depression-text_only register"),
    "base": ("seed threads", "prealign train evaluate"),
    "ingest": ("phash_distance text_similarity", "ingest"),
    "validate": (
        "max_bad_share min_side max_text_length conflicting_labels max_conflicting_share max_leaked_share "
        "other_languages max_other_language_share min_letters max_english",
        "validate",
    ),
    # train: the model's config says how the words of its memes are read
    "ocr": (
        "source lang page_segmentation view light_threshold dark_threshold upscale min_confidence",
        "ocr train",
    ),
    "reason": ("source model batch_size max_new_tokens max_failed_share", "reason"),
    # prealign builds the whole classifier, of whose parts train takes some or all
    "model": (
        "text_encoder vision_encoder hidden_size num_heads num_depths num_experts contrastive_size fusion_dropout "
        "expert_dropout classifier_dropout fusion attention contrastive_masking contrastive_temperature separator "
        "max_length image_size image_fit",
        "prealign train",
    ),
    "prealign": (OPTIMISATION, "prealign"),
    "train": (
        f"{OPTIMISATION} patience classification_weight contrastive_weight linear_strength calibration thresholds "
        "abstain.below "
        "runtime min_agreement",
        "train",
    ),
    "evaluate": (
        "resamples confidence calibration_bins classwise_bins robustness.memes robustness.misread "
        "robustness.jpeg_quality robustness.scale",
        "evaluate",
    ),
    # its stages are there only with a checkpoint
    "published.checkpoint": ("folder tokenizer text_heads vision_heads fusion_heads", ""),
    "published.variants.published": ("train", "register"),
    "register": ("experiment model_prefix", "register"),
}

# reason masks what came with the annotations
_OF_STAGES_BESIDES = {"ocr": ("mask_personal", "ocr reason train")}

# section: its keys, the verbs that read them
_OF_VERBS: dict[str, tuple[str, str]] = {
    "promote": (
        "resamples confidence min_memes max_class_drop min_self_harm_recall max_calibration_error not_worse.margin "
        "not_worse.smaller not_worse.faster",
        "promote",
    ),
    "monitor": (
        "false_alarms permutations min_rows max_rows request_days min_distance min_embedding_distance",
        "monitor",
    ),
}

DRIVES_THE_MATRIX = ("tasks.anxiety", "tasks.depression", "published.tasks")


def _by_key(table: dict[str, tuple[str, str]]) -> dict[str, list[str]]:
    return {f"{section}.{key}": users.split() for section, (keys, users) in table.items() for key in keys.split()}


def addresses(stage: str) -> list[str]:
    """Every stage of this name, or the one with this address."""
    if "@" in stage:
        return [stage]
    variants = ("-fusion", "-text_only") if stage in OF_A_VARIANT else ("",)
    return [f"{stage}@{task}{variant}" for task in TASKS for variant in variants]


OF_STAGES = {
    key: {address for stage in stages for address in addresses(stage)}
    for key, stages in (_by_key(_OF_STAGES) | _by_key(_OF_STAGES_BESIDES)).items()
}
OF_VERBS = _by_key(_OF_VERBS)
