"""Sample calls compile with TypeScript types generated from the OpenAPI document."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tools.clients import DOCUMENT, TYPESCRIPT
from tools.locks import ROOT

HERE = Path(__file__).with_name("typescript")
STRICT = (
    *("--strict", "--noEmit", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes"),
    *("--target", "es2022", "--lib", "es2022,dom,dom.iterable"),
    *("--module", "esnext", "--moduleResolution", "bundler", "--skipLibCheck"),
)

CLIENTS = ("live.mjs", "call.mjs", "peer.mjs", "captions.mjs")


def compiled(folder: Path, document: Path) -> subprocess.CompletedProcess[str]:
    """The output of tsc for the sample calls, with types generated from `document`."""
    for path in (HERE / "calls.ts", TYPESCRIPT / "generate.mjs"):
        shutil.copy(path, folder)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    (folder / "package.json").write_text('{"type": "module"}')
    subprocess.run(["node", "generate.mjs", document, "api.d.ts"], cwd=folder, check=True)
    return subprocess.run(
        [ROOT / "node_modules" / ".bin" / "tsc", *STRICT, "calls.ts"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_sample_calls_compile(tmp_path: Path) -> None:
    done = compiled(tmp_path, DOCUMENT)
    assert done.returncode == 0, done.stdout


def test_they_do_not_compile_with_another_document(tmp_path: Path) -> None:
    """The compiler really checks the types, and they come from the document."""
    spec = json.loads(DOCUMENT.read_text())
    schemas = spec["components"]["schemas"]
    schemas["CharactersDataPage"]["required"].remove("meta")
    schemas["EntryKind"]["enum"].append("gift")
    del schemas["NotEnoughTokensError"]["properties"]["details"]
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(spec))
    done = compiled(tmp_path, changed)
    assert done.returncode != 0
    assert "'data.meta' is possibly 'undefined'" in done.stdout
    assert "Unused '@ts-expect-error' directive" in done.stdout
    assert "Property 'details' does not exist" in done.stdout


def test_the_types_in_the_clients_for_browsers_are_right() -> None:
    done = subprocess.run(
        [
            *(ROOT / "node_modules" / ".bin" / "tsc", "--noEmit", "--allowJs", "--checkJs"),
            *("--target", "es2022", "--lib", "es2023,dom,dom.iterable,dom.asynciterable"),
            *("--module", "esnext", "--skipLibCheck"),
            *(ROOT / "public" / each for each in CLIENTS),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
