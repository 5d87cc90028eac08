"""Dagster's webserver with one page more: the report of a publication, at `/report/12`, or `/report/held/13`.

A browser follows no link from a page of a server to a file, so the report is served from where the link stands. What a
report says does not belong here (`transforms.report`).
"""

from __future__ import annotations

import sys
from typing import Any

from dagster._cli import dev
from dagster_webserver import app
from dagster_webserver.cli import cli as webserver
from dagster_webserver.webserver import DagsterWebserver
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from connectors.publication import version
from orchestration.metadata import report_url
from orchestration.settings import Settings
from transforms.report import NAME as REPORT

NOTHING_LOADED = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:"}
"""The report brings all it needs with it."""


class Webserver(DagsterWebserver):
    def build_routes(self) -> list[Any]:
        held, published = report_url("{number:int}", held=True), report_url("{number:int}", held=False)
        pages = [Route(held, _held), Route(published, _published)]
        return [*pages, *super().build_routes()]


def _published(request: Request) -> Response:
    return _page(request.path_params["number"])


def _held(request: Request) -> Response:
    return _page(request.path_params["number"], "held")


def _page(number: int, *within: str) -> Response:
    folder = (Settings().data / "published").joinpath(*within) / version(number)
    if not (folder / REPORT).is_file():
        return PlainTextResponse(f"{folder.name} has no report, or was removed for its age: {folder}", 404)
    return FileResponse(folder / REPORT, media_type="text/html", headers=NOTHING_LOADED)


def main() -> None:
    """`dagster dev`, or with `serve` first the webserver alone, as Dagster's own commands and with their options.

    Both have the class of the webserver, and the module of its process, as a name and not as an option.
    """
    if sys.argv[1:2] == ["serve"]:
        app.DagsterWebserver = Webserver  # type: ignore[misc]
        webserver(sys.argv[2:], auto_envvar_prefix="DAGSTER_WEBSERVER")
    else:
        started = dev.open_ipc_subprocess
        ours = {"dagster_webserver": (__spec__.name, "serve")}
        dev.open_ipc_subprocess = lambda parts, **more: started(
            [one for part in parts for one in ours.get(part, (part,))], **more
        )
        dev.dev_command(sys.argv[1:])


if __name__ == "__main__":
    main()
