"""Which registered tasks the contract tests run on: all, but one of a family whose tasks share all their code.

The others of Meta-World's are checked by `tests/unit/tasks/metaworld` on what differs, at a tenth of the time.
"""

from harness import registry

__all__ = ["TASKS"]

METAWORLD = "mw-"
STANDS_FOR_ALL = "mw-lever-pull-v1"

TASKS = [name for name in registry.ids("tasks") if not name.startswith(METAWORLD) or name == STANDS_FOR_ALL]
