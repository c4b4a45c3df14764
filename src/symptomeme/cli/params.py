"""`symptomeme params use NAME`: a whole profile becomes params.yaml."""

import argparse

from symptomeme.cli.next_steps import follow, next_steps
from symptomeme.domain.errors import ParamsError
from symptomeme.domain.layout import PARAMS, PROFILES
from symptomeme.domain.params import read_params
from symptomeme.domain.writing import write_text


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register `params`."""
    verb = verbs.add_parser("params", help="switch params.yaml to a profile, or check it")
    what = verb.add_subparsers(dest="what", required=True, metavar="WHAT")
    use = what.add_parser("use", help="write profiles/NAME.yaml to params.yaml")
    use.add_argument("name", metavar="NAME")
    use.set_defaults(run=use_profile)
    what.add_parser("check", help="check params.yaml").set_defaults(run=check)


def use_profile(arguments: argparse.Namespace) -> int:
    """Check a profile and write it to params.yaml.

    Raises:
        ParamsError: there is no such profile, or it is wrong.
    """
    profile = PROFILES / f"{arguments.name}.yaml"
    known = sorted(path.stem for path in PROFILES.glob("*.yaml"))
    if arguments.name not in known:
        raise ParamsError(f"profile {arguments.name!r} is unknown; expected one of {', '.join(known)}.")
    params = read_params(profile)
    write_text(PARAMS, profile.read_text(encoding="utf-8"))
    print(f"{PARAMS} is now {profile}.", follow(next_steps(params)), sep="\n")
    return 0


def check(_: argparse.Namespace) -> int:
    """Check params.yaml."""
    read_params()
    print(f"{PARAMS} is right.")
    return 0
