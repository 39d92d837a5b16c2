"""What holds for every test: dlt is quiet, and no proxy stands before loopback."""

from __future__ import annotations

import os

from pipelines.environment import quiet_dlt

quiet_dlt()
os.environ["NO_PROXY"] = "127.0.0.1,localhost"
