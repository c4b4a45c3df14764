"""What a service may be told by its environment."""

import os
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from symptomeme.data.transforms import MAX_PIXELS
from symptomeme.domain.errors import InputError

LONGEST = 300  # seconds that a request may be given at most
PREFIX = "SYMPTOMEME_"
_WITHIN = (("max_body_bytes", "max_held_bytes", "bytes are held"), ("max_batch", "queue", "images can wait"))
"""What one request may have, what all may have together, and how that is told."""


class ServingSettings(BaseSettings):
    """Limits of the service; each is set by the variable of its name with SYMPTOMEME_ before it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    api_key: SecretStr | None = Field(default=None, min_length=16)  # what a caller must show; None: loopback alone
    max_body_bytes: int = Field(default=20_000_000, ge=1_000, le=1_000_000_000)  # of one request, all pictures in it
    max_held_bytes: int = Field(default=200_000_000, ge=1_000)  # of all requests that are being read or answered
    max_pixels: int = Field(default=MAX_PIXELS, ge=100_000, le=MAX_PIXELS)  # of one picture
    request_seconds: float = Field(default=60, gt=0, le=LONGEST)  # from a request's headers to its answer
    requests_per_minute: int = Field(default=600, ge=1)  # of one key, or of one address without a key
    max_batch: int = Field(default=16, ge=1, le=1_000)  # images in one request
    queue: int = Field(default=64, ge=1)  # images that wait for an answer
    ocr_workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)  # pictures that are read at a time
    max_forward: int = Field(default=16, ge=1)  # memes in one forward pass
    explanations: int = Field(default=4, ge=1)  # that are made, one at a time, or wait for it
    cache_entries: int = Field(default=2048, ge=0)  # readings, and answers of each model, that are remembered
    keep_text: bool = False  # the words of each meme, beside what is kept of its request
    support: Path | None = None  # a file of support resources; None: the one that comes with the package

    @field_validator("api_key")
    @classmethod
    def a_key_fits_in_a_header(cls, key: SecretStr | None) -> SecretStr | None:
        """Refuse a key that no caller could show."""
        if key is not None and not all("!" <= sign <= "~" for sign in key.get_secret_value()):
            raise ValueError("a key is made of visible ASCII characters, without spaces")
        return key

    @model_validator(mode="after")
    def what_may_be_asked_may_be_held(self) -> Self:
        """Refuse requests that would be told to come again for ever."""
        for one, all_of_them, held in _WITHIN:
            asked, most = getattr(self, one), getattr(self, all_of_them)
            if asked > most:
                raise ValueError(
                    f"{PREFIX}{one.upper()} is {asked}, but only {most} {held} ({PREFIX}{all_of_them.upper()})"
                )
        return self


def read_settings() -> ServingSettings:
    """The settings that the environment tells.

    Raises:
        InputError: a variable has a value that is not allowed; the message names the first, never a key.
    """
    try:
        return ServingSettings()
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        where = f"{PREFIX}{str(fault['loc'][0]).upper()}: " if fault["loc"] else ""
        told = fault["msg"].removeprefix("Value error, ")
        raise InputError(f"{where}{told}. Set another value, or unset it.") from None
