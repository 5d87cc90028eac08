"""`python -m orchestration.cli`: the `concord` command, where it is not on the path."""

from orchestration.cli import app

app()
