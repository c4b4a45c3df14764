import hashlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from symptomeme.domain.errors import ImageError
from symptomeme.learning.batches import small_pictures

PROCESSOR = SimpleNamespace(
    image_processor=SimpleNamespace(to_dict=dict),
    picture_bytes=lambda pictures: np.stack(list(map(np.asarray, pictures))),
)


def test_a_picture_that_has_changed_since_it_was_taken_in_is_not_kept_under_its_old_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    image = tmp_path / "meme.png"
    Image.new("RGB", (64, 64), "red").save(image)
    memes = pd.DataFrame({"image": [str(image)], "sha256": [hashlib.sha256(image.read_bytes()).hexdigest()]})
    other = Image.new("RGB", (64, 64), "blue")
    other.save(image)
    with pytest.raises(ImageError, match=r"meme\.png: its bytes have changed\."):
        small_pictures(memes, PROCESSOR)
    Image.new("RGB", (64, 64), "red").save(image)
    assert (small_pictures(memes, PROCESSOR)[0] == [255, 0, 0]).all()
