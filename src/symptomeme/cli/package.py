"""`symptomeme package`: the champions become a Bento and go live."""

import argparse
import json


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `package`."""
    told = "put the champions into a Bento, try it out, make it live"
    verb = verbs.add_parser("package", help=told, description=told)
    verb.add_argument("--force", action="store_true", help="build and try out even what is live already")
    verb.add_argument("--json", action="store_true", help="print a JSON object")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Package the champions of the tasks in params.yaml."""
    from symptomeme.domain.params import read_params
    from symptomeme.lifecycle.package import package_champions

    done = package_champions(read_params(), force=arguments.force)
    if arguments.json:
        print(json.dumps(done.told(), indent=2))
        return 0
    for task, model in done.live.models.items():
        print(f"{task}: {model.name} {model.version} {model.variant} ({model.tag})")
    how = "built" if done.built else "was there already, nothing was built"
    print(f"{done.live.bento} {how}; it {'went' if done.moved else 'is'} live.")
    print("A running service takes it over; make serve starts one.")
    return 0
