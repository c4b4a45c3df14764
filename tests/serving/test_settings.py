from pathlib import Path

import pytest

from symptomeme.domain.errors import InputError
from symptomeme.serving.settings import read_settings
from symptomeme.serving.support import read_support


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_BATCH", "many"),
        ("API_KEY", "short"),
        ("API_KEY", "sixteen signs and a space "),
        ("API_KEY", "sechzehn-Zeichen-und-ein-Ä"),
        ("REQUEST_SECONDS", "0"),
        ("OCR_WORKERS", "0"),
        ("MAX_PIXELS", "1e99"),
        ("KEEP_TEXT", "perhaps"),
    ],
)
def test_a_setting_that_is_not_allowed_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SYMPTOMEME_{name}", value)
    with pytest.raises(InputError) as told:
        read_settings()
    assert str(told.value).startswith(f"SYMPTOMEME_{name}: ")
    assert "\n" not in str(told.value)
    assert name != "API_KEY" or value not in str(told.value)


def test_a_batch_is_no_larger_than_what_can_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPTOMEME_QUEUE", "15")
    with pytest.raises(InputError, match=r"^SYMPTOMEME_MAX_BATCH is 16, but only 15 images can wait"):
        read_settings()


def test_a_request_is_no_larger_than_what_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMPTOMEME_MAX_HELD_BYTES", "5000")
    with pytest.raises(InputError, match=r"^SYMPTOMEME_MAX_BODY_BYTES is 20000000, but only 5000 bytes are held"):
        read_settings()


def test_support_resources_are_the_packages_or_those_of_a_file(tmp_path: Path) -> None:
    assert read_support(None).resources[0].contact == "https://findahelpline.com"
    own = tmp_path / "support.yaml"
    own.write_text("message: Ask\nresources: [{name: Us, contact: '123'}]\n")
    assert read_support(own).message == "Ask"
    for wrong in ("[]", "message: [", "message: Ask", "\x00"):
        own.write_text(wrong)
        with pytest.raises(InputError, match="does not hold a message and a list of resources"):
            read_support(own)
    with pytest.raises(InputError, match="cannot be read"):
        read_support(tmp_path / "nothing")
