"""Runs a Procfile's processes on one host and keeps them running.

Honcho's own manager ends all processes when one ends. This one restarts a dead process, after
growing pauses and without giving up, and reports a process that does not stay up. It leaves nothing
behind: the children of a dead process are ended before it restarts, and a guard ends everything if
the supervisor itself is killed.
"""

from supervisor.keeper import ProcessStatus
from supervisor.procfile import read_procfile
from supervisor.supervisor import Supervisor

__all__ = ["ProcessStatus", "Supervisor", "read_procfile"]
