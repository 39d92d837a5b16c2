"""Every error leadsync raises on purpose, drawn as a tree. Lowest floor, so that all floors can raise them.

    LeadsyncError                     exit 1   base: says what happened, what it did to data and money, what to do
    ├── ConfigurationError            exit 2   a setting or argument is wrong: names field, value and the mend
    ├── AlreadyRunning                exit 3   another sync works in this folder
    ├── CapReached                    exit 3   a cap that the user set leaves no room for the next call
    ├── DestinationError              exit 1   the destination cannot be opened or written
    ├── LedgerError                   exit 1   the ledger cannot be opened, read or written
    ├── SourceError                   exit 1   a list of the user's own cannot be read, or not to its end
    └── VendorError                   exit 1   a vendor answered, or did not, in a way that stops the work
        ├── KeyRefused                exit 1   401: the key is missing or wrong
        ├── OutOfCredits              exit 3   402: nothing more can be bought for now
        ├── NotEntitled               exit 1   403: the plan does not hold this operation
        ├── RequestRefused            exit 1   any other 3xx or 4xx: this request is not answered
        ├── NotProven                 exit 1   404 from a host or key that has never answered anything else
        ├── Unavailable               exit 1   no usable answer within the budget of time for retries
        └── QuotaExhausted            exit 3   our own rate limits leave no call for now

Messages carry no key, no address of a person and no number: they may be logged. Whoever words one puts none in; what
slips in all the same is masked here.
"""

from __future__ import annotations

from sources.redaction import redact


class LeadsyncError(Exception):
    """Base of every error a user may see without a traceback."""

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(redact(message))


class ConfigurationError(LeadsyncError):
    """A setting or argument is wrong. Raised before anything is sent or spent."""

    exit_code = 2


class AlreadyRunning(LeadsyncError):
    """Another process works on the same folder; nothing was done."""

    exit_code = 3


class CapReached(LeadsyncError):
    """A cap that the user set leaves no room: what it forbids was not sent."""

    exit_code = 3


class DestinationError(LeadsyncError):
    """The destination cannot be opened or written. Paid answers stay in the ledger and are loaded by the next run.

    Says the ``problem``, its ``effect`` on data and money, and how to ``mend`` it.
    """

    def __init__(
        self,
        problem: str,
        mend: str = "",
        effect: str = "Nothing was bought by this attempt; what was bought before is in the ledger.",
    ) -> None:
        super().__init__(" ".join(part for part in (problem, effect, mend) if part))
        self.problem = problem
        self.mend = mend


class LedgerError(LeadsyncError):
    """The ledger cannot be opened, read or written. Nothing is bought without it."""


class SourceError(LeadsyncError):
    """A list of people that the user named cannot be read, or not to its end.

    Says the ``problem``, how to ``mend`` it, and its ``effect`` on data and money.
    """

    def __init__(self, problem: str, mend: str = "", effect: str = "Nothing was sent or bought.") -> None:
        super().__init__(" ".join(part for part in (problem, effect, mend) if part))
        self.problem = problem
        self.mend = mend


class VendorError(LeadsyncError):
    """A vendor's answer, or its absence, that stops an operation. ``status`` is the HTTP status where there was one."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class KeyRefused(VendorError):
    """401: the key is missing, wrong or revoked."""


class OutOfCredits(VendorError):
    """402: the account has no credits left."""

    exit_code = 3


class NotEntitled(VendorError):
    """403: the plan does not hold this operation, or the front door refused us."""


class RequestRefused(VendorError):
    """Another 3xx or 4xx: this very request will not be answered, others may be."""


class NotProven(VendorError):
    """404 although host and key have never answered anything else: a wrong host looks just the same."""


class Unavailable(VendorError):
    """No usable answer within the budget of time: connection errors, 429 or 5xx throughout."""


class QuotaExhausted(VendorError):
    """Our own rate limits leave no call before ``until`` (epoch seconds)."""

    exit_code = 3

    def __init__(self, message: str, *, until: float) -> None:
        super().__init__(message)
        self.until = until
