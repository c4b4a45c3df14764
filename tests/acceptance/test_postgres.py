"""`make server` with all its state in a real Postgres, by one variable, and what is told when that cannot be used."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from living_project import living_project
from living_server import Server, finished, run_now, serving
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from running import words_of
from small_project import ROOT, environment
from throwaway_postgres import CORE, OWNER, Postgres, throwaway_postgres, why_not

from symptomeme.domain.postgres import POSTGRES

pytestmark = pytest.mark.acceptance

VERSIONS = "SELECT name, version, run_id, creation_time FROM model_versions ORDER BY name, version"
DEPLOYMENTS = "SELECT id, name, created FROM deployment ORDER BY name"


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    pytest.importorskip("psycopg2", reason="MLflow's driver is not installed: pip install -e '.[postgres]'")
    if reason := why_not():
        pytest.skip(reason)
    with throwaway_postgres() as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As much of a project as is looked at before a database is."""
    (tmp_path / "prefect.yaml").touch()
    (tmp_path / "params.yaml").write_bytes((ROOT / "profiles/sample.yaml").read_bytes())
    return tmp_path


def test_a_server_runs_on_postgres_stops_and_finds_all_as_it_was(
    postgres: Postgres, tmp_path: Path, text_folder: Path, vision_folder: Path
) -> None:
    for database in ("prefect", "mlflow"):
        postgres.rows(f"CREATE DATABASE {database} OWNER {OWNER}")
    root = living_project(tmp_path, text_folder, vision_folder)
    for server in serving(root, **only(postgres)):
        with get_client(sync_client=True) as client:
            run_to_its_end(client, server)
            weekly = client.read_deployment_by_name("retrain/weekly")
            client.update_deployment_schedule(weekly.id, weekly.schedules[0].id, active=False)
        told = command(root, "symptomeme", "models", "--json", **only(postgres))
        assert told.returncode == 0, told.stderr
        assert shown_by_mlflow(server) == {name for name, *_ in postgres.rows(VERSIONS, database="mlflow")} != set()
    deployments, models = postgres.rows(DEPLOYMENTS, database="prefect"), postgres.dump("mlflow")
    assert {name for _, name, _ in deployments} == {"weekly", "daily", "quarter-hourly", "on-demand"}
    assert {Path(name) for name in ("mlruns.db", ".prefect/prefect.db") if (root / name).exists()} == set()

    for server in serving(root, **only(postgres)):
        with get_client(sync_client=True) as client:
            assert not client.read_deployment_by_name("retrain/weekly").schedules[0].active
            assert postgres.rows(DEPLOYMENTS, database="prefect") == deployments
            assert postgres.dump("mlflow") == models
            run_to_its_end(client, server)
    assert postgres.dump("mlflow").count("symptomeme.digest") == models.count("symptomeme.digest")
    assert holders_of_the_password(root, postgres) == []


def test_a_run_without_a_server_uses_the_same_databases(postgres: Postgres, folder: Path) -> None:
    for database in ("prefect", "mlflow"):
        postgres.rows(f"CREATE DATABASE {database} OWNER {OWNER}")
    told = command(folder, "flows.score", "nothing-there", "out.parquet", "--task", "depression", **only(postgres))
    assert told.returncode == 1
    assert "registers again what was trained" in told.stderr  # MLflow's database answered that it is empty
    ((runs,),) = postgres.rows("SELECT count(*) FROM flow_run WHERE state_type = 'FAILED'", database="prefect")
    assert runs == 1
    assert holders_of_the_password(folder, postgres) == []


def test_databases_that_are_not_ready_are_told_in_one_line(postgres: Postgres, folder: Path) -> None:
    at = f"at 127.0.0.1:{postgres.port}"
    refused = postgres.setting(f"not {CORE}")
    assert_line(
        command(folder, "flows.server", **{POSTGRES: refused}),
        f"server: {POSTGRES}: the server {at} refuses: password authentication failed",
    )
    assert_line(server_on(postgres, folder), f"the server {at} has no database prefect. Make it there: CREATE DATABASE")
    postgres.rows("CREATE DATABASE prefect")
    assert_line(server_on(postgres, folder), f'may not make tables in database prefect {at}. .* OWNER TO "{OWNER}"')
    postgres.rows(f"ALTER DATABASE prefect OWNER TO {OWNER}")
    assert_line(server_on(postgres, folder), f"the server {at} has no database mlflow. Make it there: CREATE DATABASE")
    models = command(folder, "symptomeme", "models", **only(postgres))
    assert_line(models, f'symptomeme models: MLflow: .*database "mlflow" does not exist.* Check {POSTGRES} or MLFLOW')
    assert holders_of_the_password(folder, postgres, "prefect") == []


def only(postgres: Postgres) -> dict[str, str]:
    return {POSTGRES: postgres.setting()}


def server_on(postgres: Postgres, folder: Path) -> "subprocess.CompletedProcess[str]":
    return command(folder, "flows.server", **only(postgres))


def command(folder: Path, module: str, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """`python -m MODULE` in a terminal of its own, or `symptomeme`."""
    found = {**environment(), "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', ROOT / 'src')}"}
    for name in ("PREFECT_HOME", "PREFECT_API_URL"):
        found.pop(name, None)
    program = ["symptomeme"] if module == "symptomeme" else [sys.executable, "-m", module]
    return subprocess.run(
        [*program, *words], cwd=folder, env={**found, **variables}, capture_output=True, text=True, check=False
    )


def assert_line(told: "subprocess.CompletedProcess[str]", expected: str) -> None:
    assert (told.returncode, told.stderr.count("\n")) == (1, 1), told.stderr
    assert re.search(expected, told.stderr), told.stderr
    assert CORE not in told.stderr + told.stdout


def run_to_its_end(client: SyncPrefectClient, server: Server) -> None:
    """A run of retrain, in which no command line of all that runs holds the password."""
    run_id = run_now(client, "retrain/weekly")
    seen: set[str] = set()
    while not client.read_flow_run(run_id).state.is_final():
        seen |= {" ".join(words_of(process)) for process in server.processes()}
    ended = finished(client, run_id)
    assert ended.state_type == StateType.COMPLETED, ended.state.message
    assert any("symptomeme" in line for line in seen)
    assert [line for line in seen if CORE in line] == []


def shown_by_mlflow(server: Server) -> set[str]:
    """Names of registered models that MLflow's server tells of."""
    port = server.variables["SYMPTOMEME_MLFLOW_PORT"]
    told: Any = httpx.get(f"http://127.0.0.1:{port}/api/2.0/mlflow/registered-models/search").json()
    return {model["name"] for model in told["registered_models"]}


def holders_of_the_password(root: Path, postgres: Postgres, *databases: str) -> list[str]:
    """Files and databases that hold it."""
    files = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink()]
    found = [str(path) for path in files if CORE.encode() in path.read_bytes()]
    return found + [name for name in databases or ("prefect", "mlflow") if CORE in postgres.dump(name)]
