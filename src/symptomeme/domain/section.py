"""What every section of params.yaml is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]  # as numpy takes it
PathName = Annotated[str, Field(pattern=r"^\w[\w-]*$")]  # part of a path, and of the name of a stage


class Section(BaseModel):
    """A part of params.yaml: frozen, no unknown key, no type silently changed, no number that is none or has no end."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
