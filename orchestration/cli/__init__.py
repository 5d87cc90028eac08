"""The `concord` command: the same job and the same answers as in the UI, without a browser.

What is said on the screen, and how, is `orchestration.console`; what is done, the floors below.
"""

import typer

from orchestration.cli import customers, publications, runs, sources

app = typer.Typer(
    help="One consistent customer table out of the exports of many CRM and HR systems.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(runs.app)
app.add_typer(sources.app)
app.add_typer(customers.app)
app.add_typer(publications.app, name="publications")
