"""`python -m symptomeme`, the same as `symptomeme`: for launchers that take a module."""

from symptomeme.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
