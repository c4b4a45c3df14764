"""Sections of params.yaml about the words of a meme and what stands behind them."""

from typing import Annotated, Literal

from pydantic import Field

from symptomeme.domain.section import Count, Section, Share


class OcrParams(Section):
    """How words are read from pictures."""

    source: Literal["tesseract", "rapidocr", "given"]
    lang: str
    page_segmentation: Annotated[int, Field(ge=3, le=13)]  # Tesseract's --psm
    view: Literal["letters", "grey"]  # what is read: the letters alone, black on white, or the grey picture
    light_threshold: Annotated[int, Field(ge=1, le=254)]  # red, green and blue of light pixels are all over this
    dark_threshold: Annotated[int, Field(ge=1, le=254)]  # red, green and blue of dark pixels are all under this
    upscale: Annotated[float, Field(ge=1, le=4)]
    min_confidence: Annotated[float, Field(ge=0, le=100)]  # percent; words below are left out
    mask_personal: bool  # handles, e-mail and web addresses, phone numbers; in text given as in text read


class ReasonParams(Section):
    """Figurative reasoning behind the words of each meme."""

    source: Literal["none", "given", "generate"]
    model: str  # a folder, of an image-text-to-text model where it generates
    batch_size: Count
    max_new_tokens: Count
    max_failed_share: Share  # of memes that it generates none for
