import asyncio

import psutil
import pytest
from ocr_settings import GREY, fake_tesseract
from PIL import Image

from symptomeme.domain.errors import ToolError
from symptomeme.serving.readers import Readers

OCR = {"source": "tesseract", **GREY, "mask_personal": False}
WHITE = Image.new("RGB", (64, 64), "white")


def test_closing_ends_what_is_being_read_and_leaves_no_program(tmp_path, monkeypatch):
    readers = Readers(1)

    async def read_until_closed() -> None:
        assert (await readers.read(WHITE, OCR)).reading.text == ""
        fake_tesseract(tmp_path, "exec sleep 600")
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        readers._programs[0].close()  # the next picture meets the one that hangs
        read, waiting = (asyncio.create_task(readers.read(WHITE, OCR)) for _ in range(2))
        while not [child for child in psutil.Process().children() if child.name() == "sleep"]:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(readers.close)
        with pytest.raises(ToolError, match="status -9"):
            await read
        assert waiting.cancelled()

    asyncio.run(read_until_closed())
    assert psutil.Process().children() == []
    with pytest.raises(RuntimeError, match="after shutdown"):
        asyncio.run(readers.read(WHITE, OCR))
