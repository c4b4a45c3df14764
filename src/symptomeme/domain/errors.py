"""Every error a user can cause, under one base.

SymptomemeError
├── ParamsError       params.yaml or a profile: unknown key, wrong type, out of range
├── ArchiveError      an archive or folder that is missing, corrupt, hostile or of no known layout
├── AnnotationError   a record with a label, id or field that is not allowed
├── ImageError        bytes that are not one whole, reasonably sized picture
├── InputError        a stage, command or option asked for something that is not there
├── DataError         data that failed its checks so badly that going on makes no sense
├── ModelError        a model folder or weights that do not fit what was asked of them
├── RegistryError     the MLflow registry does not hold what was asked for
│   └── UnconfirmedError  a version's files are not those that were registered
└── ToolError         a program this one needs (Tesseract, DVC) is missing or failed

The message is for the person at the terminal: where, what was found, what is allowed, what to do.
It never holds text read from a meme. `cli.main` alone turns it into one line and exit code 1.
"""


class SymptomemeError(Exception):
    """Base of all errors with a message for the user."""


class ParamsError(SymptomemeError):
    """params.yaml or a profile is wrong."""


class ArchiveError(SymptomemeError):
    """An archive cannot be taken in."""


class AnnotationError(SymptomemeError):
    """A record is not what the task allows."""


class ImageError(SymptomemeError):
    """A file is no picture that can be shown whole."""


class InputError(SymptomemeError):
    """Something asked for is not there."""


class DataError(SymptomemeError):
    """Too much of the data failed its checks."""


class ModelError(SymptomemeError):
    """A model folder does not fit."""


class RegistryError(SymptomemeError):
    """The registry does not hold what was asked for."""


class UnconfirmedError(RegistryError):
    """A version's files are not those that were registered."""


class ToolError(SymptomemeError):
    """An outside program is missing or failed."""
