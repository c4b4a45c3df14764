"""What containers are made of agrees with the project. No engine runs here: the files are parsed and compared."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from flows.programs import POOL, worker
from flows.server import PORTS
from symptomeme.cli.main import ENVIRONMENT
from symptomeme.domain.layout import BENTOML, STATE
from symptomeme.domain.postgres import POSTGRES, addresses
from symptomeme.lifecycle.bentofile import _shipped
from symptomeme.serving import support
from symptomeme.serving.door.access import HEALTH
from symptomeme.serving.place import STATE_VARIABLE
from symptomeme.serving.self_test import READY
from symptomeme.serving.settings import PREFIX, ServingSettings

ROOT = Path(__file__).parents[2]
SCHEMA = Path(__file__).with_name("compose-spec.json")  # of github.com/compose-spec/compose-spec, 170098b, Apache-2.0
COMPOSE = (ROOT / "deploy/compose.yaml").read_text()
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()
BENTOFILE = yaml.safe_load((ROOT / "bentofile.yaml").read_text())
QUIET = ("DO_NOT_TRACK", "DVC_NO_ANALYTICS", "MLFLOW_DISABLE_TELEMETRY", "BENTOML_DO_NOT_TRACK",
         "PREFECT_SERVER_ANALYTICS_ENABLED", "HF_HUB_DISABLE_TELEMETRY")  # fmt: skip
ONE_SHOT = {"deploy"}  # it ends, so that nothing asks for its health
REQUIRED = {f"{PREFIX}API_KEY": "k" * 16, f"{PREFIX}POSTGRES_PASSWORD": "p"}
MADE_HERE = {ROOT / STATE, ROOT / BENTOML / "models", ROOT / "mlartifacts"}  # no part of the repository
TOLD = {PREFIX + name.upper() for name in ServingSettings.model_fields} | {STATE_VARIABLE, "BENTOML_HOME"}


def filled_in(text: str, given: dict[str, str]) -> str:
    """A compose file with its variables in place, as Compose does it."""

    def value(found: re.Match[str]) -> str:
        name, how, rest = found.groups()
        if name in given:
            return given[name]
        if how == ":?":
            raise KeyError(name)
        return str(rest or "")

    return re.sub(r"\$\{(\w+)(?:(:[-?])([^}]*))?}", value, text)


SERVICES: dict[str, Any] = yaml.safe_load(filled_in(COMPOSE, REQUIRED))["services"]
ALL = pytest.mark.parametrize("name", SERVICES)


def test_compose_file_keeps_to_the_specification() -> None:
    schema = json.loads(SCHEMA.read_text())
    check = jsonschema.Draft7Validator(schema)
    told = yaml.safe_load(filled_in(COMPOSE, REQUIRED))
    assert [f"{error.json_path}: {error.message}" for error in check.iter_errors(told)] == []
    told["services"]["service"]["read_olny"] = True
    assert not check.is_valid(told)


@pytest.mark.parametrize("missing", REQUIRED)
def test_nothing_starts_without_key_and_password(missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        filled_in(COMPOSE, {name: value for name, value in REQUIRED.items() if name != missing})
    assert SERVICES["service"]["environment"][f"{PREFIX}API_KEY"] == REQUIRED[f"{PREFIX}API_KEY"]


@ALL
def test_every_service_is_careful(name: str) -> None:
    told = SERVICES[name]
    assert told["read_only"] is True
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert told["user"].partition(":")[0] not in ("", "0", "root")
    assert {"privileged", "cap_add", "network_mode", "pid"} & set(told) == set()
    assert any(place == "/tmp" for place in [*told["tmpfs"], *told.get("volumes", [])])


@ALL
def test_ports_are_on_loopback(name: str) -> None:
    assert [port for port in SERVICES[name].get("ports", []) if not port.startswith("127.0.0.1:")] == []


@ALL
def test_every_service_tells_its_health(name: str) -> None:
    assert ("healthcheck" in SERVICES[name]) is (name not in ONE_SHOT)


@ALL
def test_paths_are_in_the_repository(name: str) -> None:
    told = SERVICES[name]
    binds = [one if isinstance(one, dict) else {"source": one.partition(":")[0]} for one in told.get("volumes", [])]
    sources = [one["source"] for one in binds if one["source"].startswith(".")]
    found = {(ROOT / "deploy" / source).resolve() for source in sources}
    assert [path for path in found - MADE_HERE if not path.exists()] == []
    if "build" in told:
        context = (ROOT / "deploy" / told["build"]["context"]).resolve()
        assert context == ROOT
        assert (context / told["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "postgres"])
def test_no_tool_reports_home(name: str) -> None:
    wanted = {variable: ENVIRONMENT[variable] for variable in QUIET}
    assert {variable: SERVICES[name]["environment"].get(variable) for variable in QUIET} == wanted


def test_no_tool_in_a_bento_reports_home() -> None:
    told = {one["name"]: one["value"] for one in BENTOFILE["envs"]}
    assert told and told == {name: ENVIRONMENT[name] for name in told if name in QUIET}


def test_whoever_serves_is_told_what_line_to_wait_for() -> None:
    assert f"answers once '{READY}' stands below" in (ROOT / "Makefile").read_text()
    assert all(f"`{READY}`" in (ROOT / page).read_text() for page in ("README.md", "docs/serving.md"))


def test_compose_runs_what_make_server_runs() -> None:
    assert SERVICES["worker"]["command"] == ["prefect", *worker().arguments, "--with-healthcheck"]
    assert POOL in SERVICES["worker"]["command"]
    for name, (_, port) in PORTS.items():
        assert f"--port={port}" in SERVICES[name]["command"]
        assert SERVICES[name]["ports"] == [f"127.0.0.1:{port}:{port}"]
        assert f"127.0.0.1:{port}" in SERVICES[name]["healthcheck"]["test"][-1]
    address = SERVICES["worker"]["environment"]["MLFLOW_TRACKING_URI"]
    assert address.removeprefix("http://") in SERVICES["mlflow"]["command"][-1]  # its allowed hosts


def test_compose_names_the_databases_that_one_setting_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(POSTGRES, "postgresql://symptomeme:p@postgres")
    made = addresses()
    assert SERVICES["mlflow"]["environment"]["MLFLOW_BACKEND_STORE_URI"] == made["MLFLOW_TRACKING_URI"]
    name = "PREFECT_API_DATABASE_CONNECTION_URL"
    assert SERVICES["prefect"]["environment"][name] == SERVICES["deploy"]["environment"][name] == made[name]


def test_images_hold_tesseract_and_the_lock_and_no_root() -> None:
    packages = {"tesseract-ocr", "tesseract-ocr-eng"}
    assert packages <= set(BENTOFILE["docker"]["system_packages"])
    assert packages <= set(DOCKERFILE.split())
    assert f"python:{BENTOFILE['docker']['python_version']}-slim" in DOCKERFILE
    assert "pip install --no-cache-dir -c requirements.lock" in DOCKERFILE
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["${UID}:${GID}"]
    assert "ARG UID=1000" in DOCKERFILE
    copied = [word for line in re.findall(r"^COPY (.*)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]]
    ignored = (ROOT / "deploy/Dockerfile.dockerignore").read_text().splitlines()
    assert [path for path in copied if not (ROOT / path).exists() or f"!{path}" not in ignored] == []


def test_a_bento_brings_what_the_service_reads() -> None:
    assert support.OWN in _shipped(BENTOFILE["include"], ROOT / "src/symptomeme")


def test_the_service_knows_its_variables() -> None:
    told = set(SERVICES["service"]["environment"]) - set(QUIET)
    assert told and told <= TOLD
    assert "/readyz" in HEALTH and "/readyz" in SERVICES["service"]["healthcheck"]["test"][-1]


def kubernetes() -> dict[str, Any]:
    page = (ROOT / "docs/deploying.md").read_text()
    found = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    return {one["kind"]: one for one in yaml.safe_load_all(found[0])}


def test_kubernetes_example_is_of_this_service() -> None:
    told = kubernetes()
    pod = told["Deployment"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    (port,) = container["ports"]
    assert SERVICES["service"]["ports"][0].endswith(f":{port['containerPort']}")
    assert told["Service"]["spec"]["ports"][0]["targetPort"] == port["name"]
    for probe, path in (("startupProbe", "/readyz"), ("readinessProbe", "/readyz"), ("livenessProbe", "/livez")):
        assert container[probe]["httpGet"] == {"path": path, "port": port["name"]}
        assert path in HEALTH
    variables = {one["name"]: one for one in container["env"]}
    assert set(variables) <= TOLD
    key = variables[f"{PREFIX}API_KEY"]["valueFrom"]["secretKeyRef"]
    assert (key["name"], key["key"]) == (told["Secret"]["metadata"]["name"], *told["Secret"]["stringData"])
    mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
    claims = {one["name"]: one["persistentVolumeClaim"] for one in pod["volumes"] if "persistentVolumeClaim" in one}
    assert mounts["state"] == variables[STATE_VARIABLE]["value"]
    assert claims["state"]["claimName"] == told["PersistentVolumeClaim"]["metadata"]["name"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] > 0
    assert pod["enableServiceLinks"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}
    }  # fmt: skip


def test_every_variable_of_the_compose_file_is_documented() -> None:
    page = (ROOT / "docs/deploying.md").read_text()
    assert [name for name in sorted(set(re.findall(r"\$\{(\w+)", COMPOSE))) if f"`{name}`" not in page] == []
