"""The SQL views over the tables: one line a person, what was spent a day, and what each provider is worth.

Which of several answers a lead shows, and why so, is told in docs/adr/0007-which-answer-is-best.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from enrichment.tables import WHOLE
from pipelines.provider_caps import UNITS

#: view -> what it shows
DESCRIPTIONS = {
    "leads": (
        "One line a person. The e-mail is the best one known: former addresses last, then by status (deliverable, "
        "risky, unverified, guessed, undeliverable; a verdict counts as the status), then type (company, personal), "
        "then recency (the UTC day it was revealed on), then the order of `enrichment.email_providers`. The phone "
        "likewise: numbers whose country is known first (they have no other status), then by type (mobile, "
        "fixed_line_or_mobile, fixed_line, others), recency, and the order of `enrichment.phone_providers`. Of an "
        "address that several providers gave, the first of them in that order counts; providers that are not in the "
        "list come last, by name. Where all that is equal, the later one of the day. `email_provider` and "
        "`phone_provider` are `provider` of `emails` and `phones`: the vendor asked. What a lead cost is in whole "
        "units, two columns for each that a vendor charges in: they never add up."
    ),
    "spend_daily": (
        "What was charged, or may have been, by UTC day, provider, operation and unit; in whole units, which never "
        "add up."
    ),
    "provider_hit_rate": (
        "What each provider is worth, out of `provider_results`. `found_by` is null in the line of a vendor: how "
        "many of its calls for a contact have settled (`asked`; void and rejected ones are no answers, and those in "
        "doubt not yet), how many of them found something, what they cost in whole units, and what that comes to for "
        "each that found something (null where none did). The lines with a `found_by` are the providers inside its "
        "answers: in how many of these each was asked, and found something. They have no price: the vendor charges "
        "for the answer. `ORDER BY provider, operation, found_by NULLS FIRST` puts them below their vendor."
    ),
    "job_changes": (
        "Who changed from what job to what, and when a search first showed it: one line a change. What somebody "
        "changed to is the next line of `people_history`, and of the last change what stands in `people` now "
        "(`organizations` has the employer's name). A change of the title, of the seniority or of the employer counts."
    ),
}
NAMES = tuple(DESCRIPTIONS)

_EMAIL_STATUS = """
    former,
    CASE status WHEN 'deliverable' THEN 1 WHEN 'risky' THEN 2 WHEN 'unverified' THEN 3 WHEN 'guessed' THEN 4 ELSE 5 END,
    CASE type WHEN 'company' THEN 1 ELSE 2 END"""
_PHONE_STATUS = """
    CASE WHEN country IS NULL THEN 2 ELSE 1 END,
    CASE type WHEN 'mobile' THEN 1 WHEN 'fixed_line_or_mobile' THEN 2 WHEN 'fixed_line' THEN 3 ELSE 4 END"""


def statements(
    dataset: str, email_providers: Sequence[str] = ("clodura",), phone_providers: Sequence[str] = ("clodura",)
) -> list[str]:
    """What makes the views, anew each time: a newer leadsync may know more columns.

    ``email_providers``, ``phone_providers``: names of vendors, the preferred one first.
    """
    units = dict.fromkeys(UNITS.values())
    return [
        f"""
CREATE OR REPLACE VIEW {dataset}.leads AS
WITH email AS (
    SELECT * FROM (
        SELECT *, row_number() OVER (
            PARTITION BY person_id ORDER BY {_EMAIL_STATUS}, {_recency(email_providers)}, email
        ) AS place FROM {dataset}.emails
    ) AS ranked WHERE place = 1
), phone AS (
    SELECT * FROM (
        SELECT *, row_number() OVER (
            PARTITION BY person_id ORDER BY {_PHONE_STATUS}, {_recency(phone_providers)}, number
        ) AS place FROM {dataset}.phones
    ) AS ranked WHERE place = 1
), cost AS (
    SELECT person_id, {", ".join(map(_spent, units))}
    FROM {dataset}.credit_spend WHERE person_id IS NOT NULL GROUP BY person_id
), seen AS (
    SELECT person_id, max(last_seen_at) AS last_seen_at FROM {dataset}.people_seen GROUP BY person_id
)
SELECT
    p.person_id, p.full_name, p.first_name, p.last_name, p.title, p.seniority, p.function,
    o.name AS organization, o.domain, o.employee_size,
    email.email, email.status AS email_status, email.type AS email_type, email.provider AS email_provider,
    phone.number AS phone, phone.type AS phone_type, phone.country AS phone_country, phone.provider AS phone_provider,
    p.city, p.state, p.country, p.linkedin_url,
    {", ".join(f"coalesce(cost.{unit}_{bound}, 0) AS {unit}_{bound}" for unit in units for bound in ("min", "max"))},
    p.first_seen_at, seen.last_seen_at
FROM {dataset}.people AS p
LEFT JOIN {dataset}.organizations AS o ON o.organization_id = p.organization_id
LEFT JOIN email ON email.person_id = p.person_id
LEFT JOIN phone ON phone.person_id = p.person_id
LEFT JOIN cost ON cost.person_id = p.person_id
LEFT JOIN seen ON seen.person_id = p.person_id
""",
        f"""
CREATE OR REPLACE VIEW {dataset}.spend_daily AS
SELECT
    CAST(occurred_at AT TIME ZONE 'UTC' AS DATE) AS day, provider, operation, unit,
    count(DISTINCT call_id) AS calls,
    CAST(sum(amount_min) / 100.0 AS DECIMAL(18, 2)) AS spent_min,
    CAST(sum(amount_max) / 100.0 AS DECIMAL(18, 2)) AS spent_max
FROM {dataset}.credit_spend
GROUP BY ALL
""",
        f"""
CREATE OR REPLACE VIEW {dataset}.provider_hit_rate AS
WITH whole AS (
    SELECT * FROM {dataset}.provider_results WHERE value = '{WHOLE}'
), inside AS (
    SELECT call_id, provider, asked, operation, bool_or(hit) AS hit
    FROM {dataset}.provider_results
    WHERE value <> '{WHOLE}' AND call_id IN (SELECT call_id FROM whole)
    GROUP BY ALL
), counted AS (
    SELECT
        provider, CAST(NULL AS VARCHAR) AS found_by, operation, count(*) AS asked, count(*) FILTER (hit) AS found,
        unit, sum(amount_min) AS least, sum(amount_max) AS most
    FROM whole GROUP BY ALL
    UNION ALL
    SELECT asked, provider, operation, count(*), count(*) FILTER (hit), NULL, NULL, NULL FROM inside GROUP BY ALL
)
SELECT
    provider, found_by, operation, asked, found, CAST(100.0 * found / asked AS DECIMAL(4, 1)) AS hit_percent, unit,
    CAST(least / 100.0 AS DECIMAL(18, 2)) AS spent_min,
    CAST(most / 100.0 AS DECIMAL(18, 2)) AS spent_max,
    CAST(least / 100.0 / nullif(found, 0) AS DECIMAL(18, 2)) AS per_found_min,
    CAST(most / 100.0 / nullif(found, 0) AS DECIMAL(18, 2)) AS per_found_max
FROM counted
""",
        f"""
CREATE OR REPLACE VIEW {dataset}.job_changes AS
WITH job AS (
    SELECT person_id, valid_from, title, seniority, organization_id, organization FROM {dataset}.people_history
    UNION ALL
    SELECT p.person_id, NULL, p.title, p.seniority, p.organization_id, o.name
    FROM {dataset}.people AS p
    LEFT JOIN {dataset}.organizations AS o ON o.organization_id = p.organization_id
    WHERE p.person_id IN (SELECT person_id FROM {dataset}.people_history)
), changed AS (
    SELECT h.*, job.title AS to_title, job.seniority AS to_seniority, job.organization_id AS to_organization_id,
        job.organization AS to_organization,
        row_number() OVER (PARTITION BY h.person_id, h.valid_from ORDER BY job.valid_from NULLS LAST) AS place
    FROM {dataset}.people_history AS h
    LEFT JOIN job ON job.person_id = h.person_id AND (job.valid_from > h.valid_from OR job.valid_from IS NULL)
)
SELECT
    c.person_id, p.full_name, c.valid_to AS changed_at,
    c.title AS from_title, c.seniority AS from_seniority, c.organization_id AS from_organization_id,
    c.organization AS from_organization, c.to_title, c.to_seniority, c.to_organization_id, c.to_organization
FROM changed AS c
LEFT JOIN {dataset}.people AS p ON p.person_id = c.person_id
WHERE c.place = 1
""",
    ]


def _recency(providers: Sequence[str]) -> str:
    """The later day, then the preferred provider.

    Days, because no two answers come at the same microsecond: with such a recency the order of providers would decide
    nothing. Providers asked within a day, one after the other or so that their answers cross, are equally recent.
    """
    names = ["'" + name.replace("'", "''") + "'" for name in providers]
    places = " ".join(
        # a row loaded before there were providers has its own only
        f"WHEN provider = {name} OR coalesce(json_contains(providers, to_json({name})), false) THEN {place}"
        for place, name in enumerate(names)
    )
    place = f"CASE {places} ELSE {len(names)} END, " if names else ""
    return f"CAST(revealed_at AT TIME ZONE 'UTC' AS DATE) DESC, {place}provider, revealed_at DESC"


def _spent(unit: str) -> str:
    amounts = (
        f"CAST(sum(amount_{bound}) FILTER (unit = '{unit}') / 100.0 AS DECIMAL(18, 2)) AS {unit}_{bound}"
        for bound in ("min", "max")
    )
    return ", ".join(amounts)
