"""Scheduled runs: which stage when, what is tried again, what is told. What is computed lives in `symptomeme`."""

from flows.environment import settle

settle()  # before any module here imports Prefect, which reads its variables at import
