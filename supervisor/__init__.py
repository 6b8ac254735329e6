"""Runs a Procfile's processes on one host and keeps them running.

Unlike honcho's own manager, which ends all when one ends, a dead process is started again, after
growing pauses, for as long as it takes; one that does not stay up is told of. Nothing is left
behind: what a dead process leaves is ended before it starts again, and a guard ends everything when
the supervisor itself is killed.
"""

from supervisor.keeper import ProcessStatus
from supervisor.procfile import read_procfile
from supervisor.supervisor import Supervisor

__all__ = ["ProcessStatus", "Supervisor", "read_procfile"]
