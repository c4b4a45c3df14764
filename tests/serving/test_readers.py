import asyncio

import psutil
import pytest
from ocr_settings import GREY, fake_tesseract
from PIL import Image

from symptomeme.domain.errors import ToolError
from symptomeme.serving.readers import Readers

OCR = {"source": "tesseract", **GREY, "mask_personal": False}
WHITE = Image.new("RGB", (64, 64), "white")


def programs():
    return [child for child in psutil.Process().children() if child.name() in ("tesseract", "sleep")]


def test_closing_ends_what_is_being_read_and_leaves_no_program(tmp_path, monkeypatch):
    readers = Readers(1)

    async def read_until_closed() -> None:
        assert (await readers.read(WHITE, OCR)).reading.text == ""
        fake_tesseract(tmp_path, "exec sleep 600")
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        readers._programs[0].close()  # the next picture meets the one that hangs
        read, waiting = (asyncio.create_task(readers.read(WHITE, OCR)) for _ in range(2))
        while not [program for program in programs() if program.name() == "sleep"]:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(readers.close)
        with pytest.raises(ToolError, match="status -9"):
            await read
        assert waiting.cancelled()

    asyncio.run(read_until_closed())
    assert programs() == []
    with pytest.raises(RuntimeError, match="after shutdown"):
        asyncio.run(readers.read(WHITE, OCR))


def test_pictures_stand_in_the_line_while_every_reader_has_one():
    readers = Readers(1)

    async def read_two() -> list[bool]:
        first = asyncio.create_task(readers.read(WHITE, OCR))
        await asyncio.sleep(0)
        lone = readers.line.empty.is_set()
        second = asyncio.create_task(readers.read(WHITE, OCR))
        await asyncio.sleep(0)
        behind = readers.line.empty.is_set()
        await asyncio.gather(first, second)
        return [lone, behind, readers.line.empty.is_set()]

    assert asyncio.run(read_two()) == [True, False, True]
    readers.close()


def test_once_warm_every_reader_has_its_program_and_no_more_than_a_few_are_kept(monkeypatch):
    readers = Readers(2)

    async def warm() -> int:
        await readers.warm(OCR)
        return len(programs())

    assert asyncio.run(warm()) == 2
    monkeypatch.setattr("symptomeme.serving.readers.KEPT", 1)
    for upscale in (2.0, 3.0):
        asyncio.run(readers.warm(OCR | {"upscale": upscale}))
        assert len(programs()) == 2
    readers.close()
    assert programs() == []


def test_a_reader_that_does_not_start_is_told_and_keeps_no_other_waiting(monkeypatch):
    readers = Readers(2)
    monkeypatch.setattr("symptomeme.text.engines.engine_of", fails)
    with pytest.raises(ToolError, match="no such program"):
        asyncio.run(readers.warm(OCR))
    readers.close()


def fails(*_, **__):
    raise ToolError("no such program")
