"""Hold the modules that dvc.yaml and studies/dvc.yaml name as each stage's deps against what it really imports.

python scripts/stage_deps.py            say what differs, exit 1
python scripts/stage_deps.py --write    bring both up to date
"""

import sys
from pathlib import Path

import grimp
from ruamel.yaml import YAML

PACKAGE = "symptomeme"
SOURCE = f"src/{PACKAGE}/"
GRAPHS = (Path("dvc.yaml"), Path("studies/dvc.yaml"))


def closures(stages: list[str]) -> dict[str, list[str]]:
    """Paths of all modules each stage imports, itself included."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    return {
        stage: sorted(
            _path(module)
            for module in {f"{PACKAGE}.stages.{stage}", *graph.find_upstream_modules(f"{PACKAGE}.stages.{stage}")}
            if _path(module)
        )
        for stage in stages
    }


def _path(module: str) -> str:
    """The source file of a module; empty for a package without code of its own."""
    stem = Path("src", *module.split("."))
    if stem.is_dir():
        init = stem / "__init__.py"
        return init.as_posix() if len(module.split(".")) > 1 and init.stat().st_size else ""
    return f"{stem.as_posix()}.py"


def main(arguments: list[str]) -> int:
    """Compare, or write."""
    wrong = [path for path in GRAPHS if not _is_right(path, write="--write" in arguments)]
    return int(bool(wrong) and "--write" not in arguments)


def _is_right(path: Path, *, write: bool) -> bool:
    """Whether a graph names just what is imported; say what differs."""
    yaml = YAML()
    yaml.width = 200
    yaml.indent(mapping=2, sequence=4, offset=2)
    graph = yaml.load(path)
    right = True
    for stage, imported in closures(list(graph["stages"])).items():
        body = graph["stages"][stage]
        deps = body.get("do", body)["deps"]
        named = [dep for dep in deps if str(dep).startswith(SOURCE) and str(dep).endswith(".py")]
        if named != imported:
            right = False
            for module in sorted(set(imported) ^ set(named)):
                print(f"{path}: {stage}: {module} is {'missing' if module in imported else 'not imported'}")
            for dep in named:
                deps.remove(dep)
            deps.extend(imported)
    if write and not right:
        with path.open("w", encoding="utf-8") as stream:
            yaml.dump(graph, stream)
    return right


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
