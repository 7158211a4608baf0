# SPDX-License-Identifier: ISC
"""Makes a script that hangs say where: shortly before the runner (run.py) ends it, Python writes what
each thread is doing to standard error, which the runner shows.

    import hang     in what the processes of a test import: world.py, sandbox.py

The runner names the time in the environment; without it nothing is watched. A forked process is not
watched: Python's watchdog is a thread, which is not forked, and to set it again would wait for that one.
"""
import faulthandler
import os
import time

END = "GATEPOST_TEST_END"  # of the clock that all processes of a machine share, in seconds
BEFORE_S = 20              # what is left for writing it down


def environment(limit_s):
    """For a script that will be ended after so many seconds."""
    return {END: "%.0f" % (time.monotonic() + limit_s - min(BEFORE_S, limit_s / 2))}


if END in os.environ:
    faulthandler.dump_traceback_later(max(1, float(os.environ[END]) - time.monotonic()))
