"""The life of a paid call, drawn; which step may follow which. Pure.

    planned -> reserved -> sent -> accepted -> settled (found | not_found | incomplete | failed | unreadable)
       ^          |         |         |
       +----------+         |         +--> in_doubt   nothing final within give_up_after
       |  provably refused  |
       +--------------------+--> rejected             400, 422: not asked again with the same parameters
                            +--> in_doubt             timeout, reset, 408, 5xx, or the process died here
    in_doubt -> settled | void   by webhook, by poll, or by hand
    planned, reserved -> void    not needed any more: an earlier purchase of the same thing was answered after all

Genuine evidence (a webhook on a good capability, a poll's answer) settles from ANY state. Void says that nothing was
bought: by an operator, or because it never left.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a call stands."""

    PLANNED = "planned"
    RESERVED = "reserved"
    SENT = "sent"
    ACCEPTED = "accepted"
    SETTLED = "settled"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"
    VOID = "void"


#: states in which a call's worst case counts against the caps: it may be charged, or will be
COMMITTED = (State.RESERVED, State.SENT, State.ACCEPTED, State.IN_DOUBT)
#: states a call may be charged in although nothing says so yet
MAYBE_CHARGED = (State.SENT, State.ACCEPTED, State.IN_DOUBT)
#: states before the last step: provably nothing was bought, or it still may turn out so
UNANSWERED = (State.PLANNED, State.RESERVED, State.SENT)

#: what may follow a state without evidence; evidence leads to `settled` from everywhere
FOLLOWS: dict[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.RESERVED, State.VOID}),
    State.RESERVED: frozenset({State.PLANNED, State.SENT, State.VOID}),
    State.SENT: frozenset({State.PLANNED, State.ACCEPTED, State.SETTLED, State.REJECTED, State.IN_DOUBT}),
    State.ACCEPTED: frozenset({State.IN_DOUBT}),
    State.IN_DOUBT: frozenset({State.SETTLED, State.VOID}),
    State.SETTLED: frozenset(),
    State.REJECTED: frozenset(),
    State.VOID: frozenset(),
}


def may_follow(before: State, after: State, *, evidence: bool = False) -> bool:
    """Whether a call may go from one state to another."""
    if evidence and after is State.SETTLED:
        return True
    return after in FOLLOWS[before]
