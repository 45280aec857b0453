"""Follows CONTRIBUTING.md to the letter in a scratch copy, then runs the CI checks there.

    python -m tests.walkthrough [--fast] [FOLDER]

There are three kinds of step, each a sentence before a block of code: "Create `path`:",
"Append to `path`:", and "In `path`, after the line `…`, add:". Blocks of `sh` are run. `--fast`
skips the slow checks: it lints, and runs only the tests that an addition can break.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "CONTRIBUTING.md"
# The maximum number of files to edit by hand, by section heading.
MOST = {"Add an operation": 5, "Add a domain": 10}
_BLOCK = re.compile(
    r"^(?P<said>[^\n]+)\n\n```(?P<kind>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
_CREATE = re.compile(r"Create `([^`]+)`.*:$")
_APPEND = re.compile(r"Append to `([^`]+)`.*:$")
_INSERT = re.compile(r"In `([^`]+)`, after the line `([^`]+)`, add.*:$")


@dataclass(frozen=True)
class Step:
    """`path` is None for commands; `after` is the line after which the code is inserted, None for
    the end of the file."""

    path: str | None
    code: str
    after: str | None = None
    creates: bool = False


def sections() -> dict[str, list[Step]]:
    """The steps of each walk-through. Raises ValueError for a block without an instruction."""
    found: dict[str, list[Step]] = {}
    for part in re.split(r"^## ", GUIDE.read_text(), flags=re.MULTILINE)[1:]:
        heading, _, text = part.partition("\n")
        if heading in MOST:
            found[heading] = [_step(block) for block in _BLOCK.finditer(text)]
    return found


def _step(block: re.Match[str]) -> Step:
    said, code = block["said"].rsplit("\n", 1)[-1], block["code"]
    if block["kind"] == "sh":
        return Step(None, code)
    if found := _CREATE.search(said):
        return Step(found[1], code, creates=True)
    if found := _APPEND.search(said):
        return Step(found[1], code)
    if found := _INSERT.search(said):
        return Step(found[1], code, after=found[2])
    raise ValueError(f"not an instruction: {said}")


def edited(steps: list[Step]) -> set[str]:
    return {step.path for step in steps if step.path}


def copy_to(folder: Path) -> None:
    """Copies all files that git does not ignore, and links the installed dependencies."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    linked = ("functions/venv", "functions/models", "node_modules", ".local/gradio", ".local/setup")
    for installed in linked:
        if (ROOT / installed).exists():
            (folder / installed).parent.mkdir(parents=True, exist_ok=True)
            (folder / installed).symlink_to((ROOT / installed).resolve())
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    exclude = folder / ".git" / "info" / "exclude"
    exclude.write_text("functions/venv\nfunctions/models\nnode_modules\n")


def carry_out(step: Step, folder: Path) -> None:
    """Raises ValueError for a step that does not fit the files."""
    if step.path is None:
        subprocess.run(["bash", "-euc", step.code], cwd=folder, check=True)
        return
    path = folder / step.path
    if step.creates:
        if path.exists():
            raise ValueError(f"{step.path} already exists")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.code)
        return
    text = path.read_text()
    if step.after is None:
        path.write_text(f"{text}{step.code}")
        return
    lines = text.splitlines(keepends=True)
    places = [number for number, line in enumerate(lines) if line.strip() == step.after]
    if len(places) != 1:
        raise ValueError(f"{step.path} has {len(places)} lines `{step.after}`")
    lines.insert(places[0] + 1, step.code)
    path.write_text("".join(lines))


def follow(folder: Path) -> None:
    copy_to(folder)
    for heading, steps in sections().items():
        print(f"{heading}: {len(edited(steps))} files", flush=True)
        for step in steps:
            carry_out(step, folder)


def main(arguments: list[str]) -> int:
    fast = "--fast" in arguments
    named = [each for each in arguments if not each.startswith("--")]
    folder = Path(named[0] if named else tempfile.mkdtemp(prefix="troupe-walkthrough-"))
    folder.mkdir(exist_ok=True)
    follow(folder)
    # It tests that the steps fit: here they have been taken.
    (folder / "tests" / "project" / "test_contributing.py").unlink()
    command = ["make", "lint"] if fast else ["bash", ".ci/run"]
    done = subprocess.run(command, cwd=folder, check=False).returncode
    if fast and not done:
        tests = ["tests/unit/test_container.py", "tests/unit/test_hosting.py", "tests/contract"]
        pytest = ["functions/venv/bin/python", "-m", "pytest", "-q", *tests]
        done = subprocess.run(pytest, cwd=folder, check=False).returncode
    print(f"{folder}: {'green' if not done else 'failed'}")
    return done


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
