"""Run `python -m training`, or say in one line which package this Python lacks."""

import sys

from zoo.command_line import FAILED, complain
from zoo.system.installed import missing_dependency

try:
    from training.commands import main
except ModuleNotFoundError as error:
    reason = missing_dependency(error)
    if reason is None:
        raise
    sys.exit(complain("python -m training", reason, FAILED))

if __name__ == "__main__":
    sys.exit(main())
