"""``python -m pipelines``: the same as the console script `leadsync`."""

from pipelines.cli import main

main()
