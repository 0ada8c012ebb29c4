"""What the server says when it is quit: which trainings go on without it, and how to end them."""

import contextlib
import sys
from collections.abc import AsyncIterator

from core.runs import control, store


@contextlib.asynccontextmanager
async def say_what_goes_on(app: object) -> AsyncIterator[None]:
    """Do nothing while the server runs, and at its end name each run that is trained or waits.

    As the application's lifespan and not `atexit`, whose functions a server that is ended by SIGTERM never calls.
    """
    yield
    for run in store.list_runs():
        if control.status(run) in control.ACTIVE:
            print(f"  {run.name} goes on without the app. To end it: python -m core stop {run.name}", file=sys.stderr)
