-- Run once, where Postgres has no data yet; Prefect's database is made by POSTGRES_DB.
CREATE DATABASE mlflow;
