"""`leadsync find-email`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.commands.shared import Budget, Sandbox, Wait
from pipelines.guard import AsJson, Debug, guarded


def command(
    name: Annotated[str | None, typer.Option(help="The person's first and last name.")] = None,
    domain: Annotated[str | None, typer.Option(help="The employer's domain.")] = None,
    company: Annotated[str | None, typer.Option(help="The employer's name: enough for some vendors only.")] = None,
    linkedin: Annotated[str | None, typer.Option(help="The person's profile: linkedin.com/in/...")] = None,
    person_id: Annotated[str | None, typer.Option(help="The id that the search vendor gave the person.")] = None,
    budget: Budget = None,
    wait: Wait = "2m",
    sandbox: Sandbox = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Find one person's address, asking each provider in turn. What was bought before is told for nothing."""

    def work() -> int:
        from pipelines.commands.running import result_of
        from pipelines.leads.lead import one_lead
        from pipelines.options import Leads, SyncOptions, wait_seconds
        from pipelines.telling import Teller

        given = {
            "full_name": name,
            "company_domain": domain,
            "company_name": company,
            "linkedin_url": linkedin,
            "person_id": person_id,
        }
        teller = Teller()
        options = SyncOptions(
            folder=Path.cwd(),
            enrich="email",
            budget=budget,
            wait=wait_seconds(wait),
            sandbox=sandbox,
            leads=Leads(one=one_lead(given)),
        )
        result = result_of(options, teller)
        if as_json:
            typer.echo(json.dumps(result))
        else:
            for found in result["emails"]:
                typer.echo("\t".join([found["email"], found["status"], found["type"], found["provider"]]))
        if not result["emails"]:
            teller.say(_nothing(result))
        if result["message"]:
            teller.say(result["message"])
        return int(result["exit_code"])

    guarded(work, debug)


def _nothing(result: dict[str, Any]) -> str:
    """What to say where there is no address."""
    if result["lacking"] is None:
        return "No address was found."
    names = " or ".join(result["waterfall"].get("email", ()))
    if not names:
        return "Nobody could be asked for an address: no vendor is left to ask. See enrichment.email_providers."
    options = {"company_domain": "--domain", "linkedin_url": "--linkedin"}
    more = " or ".join(options[name] for name in result["lacking"])
    mend = f"Give {more} as well" if more else "Ask a vendor for whom it is enough (enrichment.email_providers)"
    return f"Nobody could be asked for an address: for {names} this is too little of a person. {mend}."
