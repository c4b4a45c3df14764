"""What registered models are called."""

from symptomeme.domain.sections.lifecycle import RegisterParams


def model_name(options: RegisterParams, task: str) -> str:
    """The registered model of a task, whose versions are the trained variants."""
    return f"{options.model_prefix}-{task}"
