"""The neural ideas, by name; each is a change of profile `real`, text only."""

from quality_cells import Idea

IDEAS = {
    "baseline": Idea(),
}
