"""What is said of a job: by the answer that starts it, by job-status, by its webhook. Of values alone.

Bodies: AsyncJobStartResponse and /job-status/{job_id} of the published schema; webhooks page, payload of async jobs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sandbox.sixtyfour.findings import Finding
from sandbox.sixtyfour.results import Manner, PersonOf, job_result, number
from sandbox.sixtyfour.signing import stamp
from sandbox.sixtyfour.switches import SixtyfourSwitches
from sandbox.sixtyfour.wanted import Purchase

_ERROR: Final = "The enrichment could not be carried out"


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it stands. ``known``: job-status answers for it; ``findings``: once completed, one for each lead."""

    task_id: str
    run_id: str
    purchase: Purchase
    created: float
    status: str = "running"
    closed: float | None = None
    findings: tuple[Finding, ...] = ()
    known: bool = True

    @property
    def amount(self) -> int:
        """What a completed job cost, in 1/100 cent."""
        return sum(finding.amount for finding in self.findings)


def start_answer(job: Job, switches: SixtyfourSwitches) -> dict[str, Any]:
    """The answer that starts a job."""
    status = switches.sixtyfour_start_status
    return {"task_id": job.task_id} | ({} if status == "absent" else {"status": status})


def status_body(job: Job, person: PersonOf, manner: Manner) -> dict[str, Any]:
    """The body of job-status."""
    switches = manner.switches
    word = switches.sixtyfour_running_word if job.status == "running" else job.status
    names = {"id": ("id",), "task_id": ("task_id",), "both": ("id", "task_id"), "absent": ()}
    body: dict[str, Any] = {"status": word.upper() if switches.sixtyfour_upper_case else word}
    body |= dict.fromkeys(names[switches.sixtyfour_job_id], job.task_id)
    body |= {"run_id": job.run_id, "start_time": stamp(job.created)}
    if job.status == "failed" and switches.sixtyfour_failed_error:
        body["error"] = _ERROR
    if job.status != "completed" or job.closed is None:
        return body
    body |= {"close_time": stamp(job.closed), **job_result(job.findings, job.purchase.wanted.bulk, person, manner)}
    if manner.costs_in_job:
        name = "charge_amount" if manner.units == "cents" else "charge_credits"
        body[name] = number(job.amount, manner.units)
    return body | _task_type(job, switches)


def webhook_body(job: Job, person: PersonOf, manner: Manner) -> dict[str, Any] | None:
    """What the webhook of a job that has ended posts; None where it posts nothing."""
    switches, ends = manner.switches, manner.switches.sixtyfour_webhook_other_ends
    if job.status == "completed":
        result = job_result(job.findings, job.purchase.wanted.bulk, person, manner)
        return {"task_id": job.task_id, "status": "completed", **_task_type(job, switches), **result}
    if job.status != "failed" and ends == "none":
        return None
    status = job.status if ends == "as_is" else "failed"
    return {"task_id": job.task_id, "status": status, **_task_type(job, switches), "error": _ERROR}


def event_type(job: Job) -> str:
    """The routing hint of a webhook, and the task_type that names the operation."""
    wanted = job.purchase.wanted
    return f"{wanted.operation}_bulk" if wanted.bulk else wanted.operation


def _task_type(job: Job, switches: SixtyfourSwitches) -> dict[str, str]:
    match switches.sixtyfour_task_type:
        case "absent":
            return {}
        case "lead_enrichment":
            return {"task_type": "lead_enrichment"}
    return {"task_type": event_type(job)}
