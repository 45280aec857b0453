"""All tests, and those that failed once more alone: `python -m tests.twice ARGUMENTS_OF_PYTEST`.

Among ten thousand tests beside each other on two cores there is always one that a slow moment can
fail. A fault of the code fails again when the test has the machine to itself, and so does the run.
What failed only the first time is named at the end, because it deserves a look, too.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

MOST = 8  # more than a few are no bad luck


class Failures:
    """A plugin that keeps the ids of the tests that failed, from all workers."""

    def __init__(self) -> None:
        self.ids: dict[str, None] = {}
        self.elsewhere = False  # in a module that cannot be read, or in a worker

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.ids[report.nodeid] = None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.elsewhere |= report.failed

    def pytest_internalerror(self) -> None:
        self.elsewhere = True


def run(arguments: list[str]) -> int:
    failures = Failures()
    first = pytest.main(arguments, plugins=[failures])
    few = 0 < len(failures.ids) <= MOST
    if first != pytest.ExitCode.TESTS_FAILED or failures.elsewhere or not few:
        return int(first)
    print(f"\n{len(failures.ids)} failed beside others: once more, alone", flush=True)
    again = [sys.executable, "-m", "pytest", "-n", "0", "--no-cov", *failures.ids]
    second = subprocess.run(again, check=False).returncode
    if second == 0:
        print("\nPassed alone, so load or other tests disturb them:", *failures.ids, sep="\n  ")
        if any(argument.startswith("--cov") for argument in arguments):
            # pytest-cov ends with the same code when too little is covered.
            report = [sys.executable, "-m", "coverage", "report", "--format=total"]
            second = subprocess.run(report, check=False).returncode
    return second


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
