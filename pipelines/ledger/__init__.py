"""The job ledger: who works on what, under which lease, and how it ended.

A job is one stage on one row, and unique. Its states::

    waiting ──claim──▶ running ──finish──▶ done
       ▲                 │ ├─ Retryable, Wait ──▶ waiting, due later
       └──── requeue ────┤ ├─ Permanent, too many attempts or crashes ──▶ dead (+ dead letter)
                         │ └─ Parked ──▶ parked (+ dead letter)
                         └─ lease ran out ──▶ waiting (sweep)

Every write of a worker includes its fencing token. A worker that was frozen for longer than its
lease finds the token changed, and can write nothing. All times are PostgreSQL's, so the clocks of
the hosts don't matter.
"""

from pipelines.ledger.claims import (
    LEASE_SECONDS,
    RENEW_SECONDS,
    Claim,
    InterruptedByShutdownError,
    LeaseLostError,
    claim,
    claim_more,
    enqueue,
    enqueue_next,
    hold,
    park,
    postpone,
    put_back,
    renew,
    reschedule,
    send_wakeup,
    set_aside,
    wake,
)
from pipelines.ledger.letters import reopen_newest, write_about
from pipelines.ledger.letters import resolve as resolve_dead_letters
from pipelines.ledger.locks import lock_jobs
from pipelines.ledger.operations import (
    LONGEST_WAIT,
    SHOWN_AFTER,
    cancel,
    discard,
    done,
    done_again,
    explain,
    requeue,
    restore,
    take_back_cancel,
    take_back_retry,
)
from pipelines.ledger.sweep import forget_wakeups, free_leases, sweep

__all__ = [
    "LEASE_SECONDS",
    "LONGEST_WAIT",
    "RENEW_SECONDS",
    "SHOWN_AFTER",
    "Claim",
    "InterruptedByShutdownError",
    "LeaseLostError",
    "cancel",
    "claim",
    "claim_more",
    "discard",
    "done",
    "done_again",
    "enqueue",
    "enqueue_next",
    "explain",
    "forget_wakeups",
    "free_leases",
    "hold",
    "lock_jobs",
    "park",
    "postpone",
    "put_back",
    "renew",
    "reopen_newest",
    "requeue",
    "reschedule",
    "resolve_dead_letters",
    "restore",
    "send_wakeup",
    "set_aside",
    "sweep",
    "take_back_cancel",
    "take_back_retry",
    "wake",
    "write_about",
]
