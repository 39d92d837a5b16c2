"""`leadsync init`: a folder to start from."""

from __future__ import annotations

from pathlib import Path

from sources.errors import ConfigurationError

CONFIG = """\
# leadsync's settings. Each may also come from the environment, as SECTION__KEY (SOURCES__CLODURA__PLAN=standard).
# Times are seconds, or texts such as "10m".

[sources.clodura]
# base_url = "https://api.clodura.ai"          # or https://app.clodura.ai, where your account lives there
plan = "multi_provider"                        # Free Forever, Max, PAYG; "standard" for Prospect and Prospect Pro
# rate_limits = ["10/second", "100/minute", "2000/day"]

# One table a search; its name is what `leadsync sync NAME` takes. Filters are the vendor's, in snake_case.
[sources.clodura.searches.leaders_in_india]
seniority = ["Founder", "CEO", "CXO", "Vice President", "Director", "Head"]
person_country = ["India"]
# new_only = true                              # between full readings only who was not viewed before: spares credits
# full_scan_every = "30d"                      # for the others, and keeps them less up to date; a full one this often
# resume_within = "7d"                         # an interrupted reading goes on where it stopped for so long

[enrichment]
channels = ["email", "phone"]                  # what is bought for each person found
max_credits_per_run = 200                      # never passed, nor are these:
max_credits_per_day = 500
max_credits_per_month = 5000
# email_providers = ["clodura", "sixtyfour"]   # who is asked, in this order: the next one where those before it have
# phone_providers = ["clodura", "sixtyfour"]   # nothing. A second vendor needs its own key and caps, as below
# stop_when = "any"                            # or "risky", "deliverable": which address is enough
# refresh_after = "180d"                       # buys answers older than that anew, at the full price

# [enrichment.caps.sixtyfour]                  # it charges cents, which no cap in credits counts
# cents_per_run = 500                          # an e-mail costs 5 cents, a phone 30
# cents_per_day = 1000
# cents_per_answer = 5                         # who may cost more than that for one answer is not asked for it

[webhook]
# Answers to e-mail reveals are posted to a URL that you name; the vendor takes none without.
# Either this machine can be reached from outside, and leadsync listens while it runs ("leadsync serve": always):
# public_url = "https://hooks.example.com"
# port = 8080
# or it cannot: then name any https URL that you own, and answers are fetched by polling.
# mode = "poll"
# public_url = "https://example.com/nothing-here"

[pipelines]
destination = "duckdb"
dataset = "crm"
duckdb_path = "leads.duckdb"

[runtime]
dlthub_telemetry = false
"""

SECRETS = """\
# Keep this file to yourself: it is read by you alone, and is no part of any repository.

[sources.clodura]
api_key = ""                                   # from Clodura: Settings > Developer/API

# [sources.sixtyfour]
# api_key = ""                                 # from Sixtyfour's dashboard; needed where it is named as a provider
# webhook_secret = ""                          # sk_whsec_...: then only webhooks signed with it are taken
"""

IGNORED = """\
.dlt/secrets.toml
.leadsync/
*.duckdb
*.duckdb.wal
"""


def init(folder: Path) -> list[Path]:
    """Write what is not there yet; returns what was written. Nothing that exists is touched.

    ConfigurationError where the folder cannot be written.
    """
    written = []
    for name, text, mode in (
        (".dlt/config.toml", CONFIG, 0o644),
        (".dlt/secrets.toml", SECRETS, 0o600),
        (".gitignore", IGNORED, 0o644),
    ):
        path = folder / name
        if not path.exists():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch(mode=mode)
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise ConfigurationError(
                    f"{path} cannot be written ({error.strerror}). Nothing that was there was changed. Choose another "
                    f"folder, or make this one writable."
                ) from None
            written.append(path)
    return written
