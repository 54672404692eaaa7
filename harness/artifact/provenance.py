"""Where and with what a run was made: recorded, never hashed into the panel."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness import __version__

__all__ = ["provenance"]

PACKAGES = ("mujoco", "torch", "numpy", "robomimic", "gym-aloha", "pyarrow", "pandas", "mink", "gymnasium", "scipy")


def provenance(*, lanes: int, threads: int, command: list[str]) -> dict[str, Any]:
    """Commit, package versions, processor, threads, command and time of a run."""
    return {
        "samepanel": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "processor": _processor(),
        "cores": os.cpu_count(),
        "platform": platform.platform(),
        "lanes": lanes,
        "threads": threads,
        "command": command,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _commit() -> str:
    """The checkout's commit, with `+changes` when files differ from it; `unknown` outside a checkout."""
    root = Path(__file__).resolve().parents[2]

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=10)
        return done.stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")) != root:
            return "unknown"
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _processor() -> str:
    """Model name of the processor, as the kernel tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
