"""What a run's page says beside its figures."""

import pytest

from flows import page


@pytest.mark.parametrize(
    ("tracking", "server", "told"),
    [
        ("", None, "- MLflow: `make server` shows it"),
        ("", {"mlflow": "http://127.0.0.1:5000"}, "- MLflow: http://127.0.0.1:5000"),
        ("postgresql://me:word@host/db", {"mlflow": "http://127.0.0.1:5000"}, "- MLflow: http://127.0.0.1:5000"),
        ("postgresql://me:word@host/db", None, "- MLflow: postgresql://host/db"),
        ("https://models.example", {"mlflow": "http://127.0.0.1:5000"}, "- MLflow: https://models.example"),
    ],
)
def test_the_page_of_mlflow_is_named_rather_than_its_database(
    monkeypatch: pytest.MonkeyPatch, tracking: str, server: dict[str, str] | None, told: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking)
    monkeypatch.setattr(page, "running_server", lambda: server)
    assert page._mlflow() == told
