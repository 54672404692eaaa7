"""Which registered tasks the contract tests run on: all, but one of a family whose tasks share all their code.

The others of Meta-World's are checked by `tests/unit/tasks/metaworld` on what differs, at a tenth of the time;
`make every-task` asks for all of them.
"""

import os

from harness import registry

__all__ = ["TASKS"]

METAWORLD = "mw-"
STANDS_FOR_ALL = "mw-lever-pull-v1"
EVERY = bool(os.environ.get("SAMEPANEL_EVERY_TASK"))

TASKS = [name for name in registry.ids("tasks") if EVERY or not name.startswith(METAWORLD) or name == STANDS_FOR_ALL]
