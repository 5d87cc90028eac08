"""Write hostile files into a folder, land them all, and say what became of each beside what must.

    python -m tests.hostile FOLDER [--giants]

`FOLDER/exports` gets one source per file, `FOLDER/expected.json` their fates, `FOLDER/data` what landed. Prints JSON:
the fates that were found, and the memory at its peak. Ends with 1 where one differs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from connectors.landing import LandingReport, land
from connectors.spec import load_connector
from connectors.storage import Storage
from tests.hostile import containers, giants, text
from tests.hostile.cases import CONNECTOR, Case

SMALL: Sequence[Case] = (*text.CASES, *containers.CASES)


def write(cases: Sequence[Case], folder: Path) -> None:
    """Write the files, each into a source of its own, with what must become of them beside."""
    for case in cases:
        source = folder / "exports" / f"crm@{case.name}"
        source.mkdir(parents=True)
        case.write(source)
    fates = {case.name: fate_of(case) for case in cases}
    (folder / "expected.json").write_text(json.dumps(fates, indent=1, ensure_ascii=False))
    (folder / "crm.yaml").write_text(CONNECTOR)


def fate_of(case: Case) -> dict[str, Any]:
    return {"landed": case.landed, "rejected": case.rejected, "refused": case.refused, "waiting": case.waiting}


def found(report: LandingReport, case: Case) -> dict[str, Any]:
    """What the report says of a case; a reason is shortened to what is expected where that is in it."""
    source = f"crm@{case.name}"
    lines = [line for line in report.objects if line.source == source]
    reasons = "; ".join(refusal.reason for refusal in report.refused if refusal.source == source) or None
    return {
        "landed": sum(line.landed for line in lines),
        "rejected": sum(line.rejected for line in lines),
        "refused": case.refused if reasons and case.refused and case.refused in reasons else reasons,
        "waiting": any(waiting.source == source for waiting in report.waiting),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--giants", action="store_true", help="the files of a gigabyte instead of the small ones")
    given = parser.parse_args()
    cases = giants.CASES if given.giants else SMALL
    write(cases, given.folder)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    connector = load_connector(given.folder / "crm.yaml")
    report = land(connector, Storage(given.folder / "exports"), given.folder / "data", dt.date(2026, 1, 5))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    fates = {case.name: found(report, case) for case in cases}
    print(json.dumps({"fates": fates, "peak": peak, "peak_before": before * 1024}, ensure_ascii=False))  # noqa: T201
    sys.exit(any(fates[case.name] != fate_of(case) for case in cases))


if __name__ == "__main__":
    main()
