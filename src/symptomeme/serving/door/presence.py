"""Whether a caller is still there: nothing is done for one who has gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Receive

from symptomeme.serving.door.outgoing import Outgoing


@asynccontextmanager
async def while_there(receive: Receive, outgoing: Outgoing, deadline: asyncio.Timeout) -> AsyncIterator[None]:
    """Bring the deadline forward to now when the caller closes the connection before there is an answer.

    Args:
        receive: the server's, once it has given the whole body.
        outgoing: the answer; it is told that nobody waits for it.
        deadline: of the work in this block.
    """

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        if outgoing.status is None and not deadline.expired():
            outgoing.gone = True
            deadline.reschedule(asyncio.get_running_loop().time())

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
