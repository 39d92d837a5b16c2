"""A project that buys from both of the vendors that the sandbox imitates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.project import Project

BOTH = ["clodura", "sixtyfour"]
KEYS = '[sources.clodura]\napi_key = "{}"\n[sources.sixtyfour]\napi_key = "{}"\n'


def with_sixtyfour(
    project: Project,
    *,
    enrichment: Mapping[str, Any] | None = None,
    sixtyfour: Mapping[str, Any] | None = None,
    caps: Mapping[str, float] | None = None,
    key: str | None = None,
    searches: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write settings for both vendors, in this order unless ``enrichment`` says otherwise.

    ``sixtyfour``, ``caps`` and ``key`` are the second one's.
    """
    server = project.server
    second = {"base_url": server.sixtyfour_url, "rate_limits": ["5000/second"], **(sixtyfour or {})}
    project.configure(
        searches=searches,
        enrichment={"email_providers": BOTH, "phone_providers": BOTH, "batch_wait": 0.2, **(enrichment or {})},
        secrets=KEYS.format(server.api_key, server.sixtyfour_api_key if key is None else key),
        **{"sources.sixtyfour": second, "enrichment.caps.sixtyfour": caps or {}},
    )
