# SPDX-License-Identifier: ISC
"""Python loads a module of this name before any program, when its directory is in PYTHONPATH: so the tests
are watched without a line in them. Only record.py puts it there, and only test scripts are watched."""
import os
import sys

if os.environ.get("RECORD"):
    for _word in sys.orig_argv[1:2]:
        _name = os.path.basename(_word)
        if _name.startswith(("test_", "samples")) and _name.endswith(".py"):
            import hooks
            hooks.install(os.path.join(os.environ["RECORD"], _name[:-3] + ".json"))
