"""`python -m flows.score IN OUT --task T`: a table of predictions of many memes by the champion."""

import argparse
from pathlib import Path
from typing import Any

from prefect import flow

from flows import page
from flows.asking import ask, with_name
from flows.here import in_one_line, run_here
from flows.worktree import Place


@flow(name="score")
@in_one_line
def score(source: str, out: str, task: str, shard_size: int = 250, hours: float = 48) -> dict[str, Any]:
    """Score a folder or table of memes; a run that was stopped, or failed, goes on with the shard that is not there.

    Args:
        source: a folder of pictures, or a Parquet table with a column `image`.
        out: the Parquet table to write.
        task: anxiety or depression.
        shard_size: memes a shard; another size begins anew.
        hours: what takes longer is ended.

    Returns:
        How many memes, abstentions, unreadable pictures, shards; and the model.
    """
    words = ("score", source, out, "--task", task, "--shard-size", str(shard_size))
    answer = with_name(ask, f"score {task}")(*words, place=Place(Path.cwd(), {}, is_own=False), hours=hours)
    page.show_answer("score", "Scored", answer)
    return answer


def main(argv: list[str] | None = None) -> int:
    """Run it here and now."""
    parser = argparse.ArgumentParser(prog="python -m flows.score", description="score many memes")
    parser.add_argument("source", metavar="IN", help="a folder of pictures, or a Parquet table")
    parser.add_argument("out", metavar="OUT", help="the Parquet table to write")
    parser.add_argument("--task", required=True)
    parser.add_argument("--shard-size", type=int, default=250)
    given = vars(parser.parse_args(argv))
    return run_here("score", lambda: score(**given, return_state=True))[0]


if __name__ == "__main__":
    raise SystemExit(main())
