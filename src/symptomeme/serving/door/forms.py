"""A form's pictures and fields, read within limits and by no other parser: nothing is unpickled, fetched or stored."""

import logging
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive

from symptomeme.serving.door.codes import Code, Refusal
from symptomeme.serving.door.fields import names_in, string_in, words_in
from symptomeme.serving.door.passage import Form
from symptomeme.serving.settings import ServingSettings

KIND = "multipart/form-data"
logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of every broken form
MAX_FIELDS, MAX_FIELD_BYTES = 10, 100_000
BENTOML = "BentoML HTTP Client/"  # writes every field but files as JSON


class Fields(NamedTuple):
    """What a form may hold besides `tasks`."""

    images: str  # the field with the pictures
    several: bool
    text: bool  # whether the words may be told
    labels: bool = False  # whether labels may be


class _InMemory(MultiPartParser):
    """Keeps pictures out of temporary files: a form is no larger than a request may be."""

    spool_max_size = 1 << 40
    ended = False

    def on_end(self) -> None:
        """The last boundary was there."""
        self.ended = True

    def close(self) -> None:
        """Let go of all pictures, also of one that was cut off."""
        for file in self._files_to_close_on_error:
            file.close()


async def read_form(
    headers: Headers, receive: Receive, fields: Fields, settings: ServingSettings, take: Callable[[int], None]
) -> Form:
    """Read the form of a request.

    Args:
        headers: of the request.
        receive: gives its body.
        fields: what the form may hold.
        settings: the limits.
        take: called with the bytes of each part of the body as it comes; it may refuse them.

    Raises:
        Refusal: it is of another type, too large, not whole, or holds what it may not.
    """
    if headers.get("content-type", "").partition(";")[0].strip().lower() != KIND:
        raise Refusal(Code.UNSUPPORTED_TYPE, f"the body is not {KIND}.")
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refusal(Code.UNSUPPORTED_TYPE, "the body is compressed.")
    stream = _within(headers, receive, settings.max_body_bytes, take)
    most = settings.max_batch if fields.several else 1
    parser = _InMemory(headers, stream, max_files=most, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES)  # type: ignore[arg-type]
    try:
        found = await parser.parse()
        if not parser.ended:
            raise Refusal(Code.BAD_FORM, "the form has no end.")
        return await _form_of(found, fields, most, as_json=headers.get("user-agent", "").startswith(BENTOML))
    except Refusal:
        raise
    except MultiPartException as error:
        raise Refusal(Code.BAD_FORM, _one_line(error.message)) from None
    except Exception:  # what a body, or the charset it names, makes the parser stumble over
        raise Refusal(Code.BAD_FORM, "the form cannot be read.") from None
    finally:
        parser.close()


async def _within(headers: Headers, receive: Receive, most: int, take: Callable[[int], None]) -> AsyncIterator[bytes]:
    """The body's chunks, up to this many bytes, whatever the headers announce."""
    refusal = Refusal(Code.TOO_LARGE, f"the request has more than {most} bytes.")
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > most:
        raise refusal
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(Code.BAD_FORM, "the connection was closed before the form had ended.")
        chunk, more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        if size > most:
            raise refusal
        if chunk:
            take(len(chunk))
            yield chunk


async def _form_of(found: FormData, fields: Fields, most: int, *, as_json: bool) -> Form:
    allowed = [fields.images, "tasks", *(["text"] if fields.text else []), *(["labels"] if fields.labels else [])]
    if set(found) - set(allowed):
        raise Refusal(Code.BAD_FORM, f"the form has a field that is none of {', '.join(allowed)}.")
    images = found.getlist(fields.images)
    files = [image for image in images if isinstance(image, UploadFile)]
    if not files or len(files) != len(images):
        expected = f"1 to {most} files" if fields.several else "one file"
        raise Refusal(Code.BAD_FORM, f"{fields.images}: expected {expected}, not text or a URL.")
    texts, tasks, labels = (words_in(found, field) for field in ("text", "tasks", "labels"))
    if as_json:
        texts = [string_in(text) for text in texts if text != "null"]
        tasks, labels = ([told for told in names if told != "null"] for names in (tasks, labels))
    if len(texts) > 1:
        raise Refusal(Code.BAD_FORM, "text: it is there more than once.")
    return Form(
        images=[await file.read() for file in files],
        text=texts[0] if texts else None,
        tasks=[name for told in tasks for name in names_in(told)] if tasks else None,
        labels=[name for told in labels for name in names_in(told)] if labels else None,
    )


def _one_line(message: str) -> str:
    told = " ".join(message.split())
    return told if told.endswith(".") else f"{told}."
