"""The tasks of the panel, a folder each, and what lies under them.

MuJoCo chooses its graphics backend once, when it is first imported, and its default needs a display. So the backend is
named here, which runs before any module of a task, unless the user has named one.
"""

import os
import sys

if sys.platform == "linux":
    os.environ.setdefault("MUJOCO_GL", "egl")
