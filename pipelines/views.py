"""The SQL views over the tables: one line a person, and what was spent a day."""

from __future__ import annotations

#: an address is chosen by status, then type, then recency, then provider; the same order everywhere
_EMAIL_ORDER = """
    former,
    CASE status WHEN 'deliverable' THEN 1 WHEN 'risky' THEN 2 WHEN 'unverified' THEN 3 WHEN 'guessed' THEN 4 ELSE 5 END,
    CASE type WHEN 'company' THEN 1 ELSE 2 END,
    revealed_at DESC, provider, email"""
_PHONE_ORDER = """
    CASE WHEN country IS NULL THEN 2 ELSE 1 END,
    CASE type WHEN 'mobile' THEN 1 WHEN 'fixed_line_or_mobile' THEN 2 WHEN 'fixed_line' THEN 3 ELSE 4 END,
    revealed_at DESC, provider, number"""


def statements(dataset: str) -> list[str]:
    """What makes the views, anew each time: a newer leadsync may know more columns."""
    return [
        f"""
CREATE OR REPLACE VIEW {dataset}.leads AS
WITH email AS (
    SELECT * FROM (
        SELECT *, row_number() OVER (PARTITION BY person_id ORDER BY {_EMAIL_ORDER}) AS place FROM {dataset}.emails
    ) AS ranked WHERE place = 1
), phone AS (
    SELECT * FROM (
        SELECT *, row_number() OVER (PARTITION BY person_id ORDER BY {_PHONE_ORDER}) AS place FROM {dataset}.phones
    ) AS ranked WHERE place = 1
), cost AS (
    SELECT
        person_id,
        CAST(sum(amount_min) / 100.0 AS DECIMAL(18, 2)) AS credits_min,
        CAST(sum(amount_max) / 100.0 AS DECIMAL(18, 2)) AS credits_max
    FROM {dataset}.credit_spend WHERE unit = 'credits' AND person_id IS NOT NULL GROUP BY person_id
), seen AS (
    SELECT person_id, max(last_seen_at) AS last_seen_at FROM {dataset}.people_seen GROUP BY person_id
)
SELECT
    p.person_id, p.full_name, p.first_name, p.last_name, p.title, p.seniority, p.function,
    o.name AS organization, o.domain, o.employee_size,
    email.email, email.status AS email_status, email.type AS email_type,
    phone.number AS phone, phone.type AS phone_type, phone.country AS phone_country,
    p.city, p.state, p.country, p.linkedin_url,
    coalesce(cost.credits_min, 0) AS credits_min, coalesce(cost.credits_max, 0) AS credits_max,
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
    ]


NAMES = ("leads", "spend_daily")
