"""Sections of params.yaml about which memes are taken."""

from typing import Annotated, Literal

from pydantic import Field

from symptomeme.domain.section import Count, Natural, Section, Share


class IngestParams(Section):
    """When two memes count as duplicates."""

    phash_distance: Annotated[int, Field(ge=0, le=64)]  # bits that may differ between near pictures
    text_similarity: Share  # 1 = same letters and digits


class ValidateParams(Section):
    """What a good row is, and when too many are bad to go on."""

    max_bad_share: Share
    min_side: Count  # pixels
    max_text_length: Count  # characters
    conflicting_labels: Literal["keep", "quarantine"]
    max_conflicting_share: Share  # of kept ones; more are warned of
    max_leaked_share: Share
    other_languages: Literal["keep", "quarantine"]
    max_other_language_share: Share
    min_letters: Natural  # in a text whose language is judged
    max_english: Share  # probability; a text with more may be English
