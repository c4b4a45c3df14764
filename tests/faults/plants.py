"""Every fault of docs/bad-input.md: how it is planted in an archive, in data/ and in a single file."""

from faults.annotations import ANNOTATIONS
from faults.archives import ARCHIVES
from faults.pictures import PICTURES

VERBS = ("import-data", "ingest", "validate", "classify")
FAULTS = {**ARCHIVES, **ANNOTATIONS, **PICTURES}
