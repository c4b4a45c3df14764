"""The package's own Jinja2 templates."""

from jinja2 import Environment, PackageLoader, StrictUndefined

FOLDER = "assets/evaluation"


def environment(*, html: bool) -> Environment:
    """Where templates are found; a name that is missing is an error.

    Args:
        html: whether values are escaped. Always true but for Markdown, which has none that came with a meme.
    """
    return Environment(
        loader=PackageLoader("symptomeme", FOLDER),
        autoescape=html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
