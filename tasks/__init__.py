"""The tasks of the panel, a folder each, and what lies under them.

MuJoCo chooses its graphics backend once, when it is first imported, and its default needs a display. So the backend is
named here, which runs before any module of a task, unless the user has named one. So is the number of threads that the
software renderer of a machine without a graphics card takes for one picture: pictures are drawn by several processes.
"""

import os
import sys

if sys.platform == "linux":
    os.environ.setdefault("MUJOCO_GL", "egl")
    os.environ.setdefault("LP_NUM_THREADS", "1")
