"""Finds model files, and checks them before they are used."""

from __future__ import annotations

import hashlib
from pathlib import Path

from troupe.adapters.models.errors import ModelDamaged, ModelMissing
from troupe.adapters.models.table import MODELS, Model
from troupe.ai_settings import FUNCTIONS, AiSettings

DEPLOYED = FUNCTIONS / "models"  # not in git, but deployed with the source

# (path, size, time of change): what this process has checked.
_verified: set[tuple[Path, int, int]] = set()


class ModelFiles:
    """The files in `directory` (MODELS_DIR), if given, and in functions/models."""

    def __init__(self, directory: str | Path = "") -> None:
        self.directories = (*([Path(directory)] if directory else []), DEPLOYED)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelFiles) and other.directories == self.directories

    def __hash__(self) -> int:
        return hash(self.directories)

    @classmethod
    def of(cls, settings: AiSettings) -> ModelFiles:
        return cls(settings.models_dir)

    def path(self, name: str) -> Path:
        """The file with this name in the table, of which size and hash were checked: once per
        process, unless it changes. Raises ModelMissing."""
        model = MODELS[name]
        for directory in self.directories:
            path = directory / name
            if path.is_file():
                check(path, model)
                return path
        places = " and ".join(map(str, self.directories))
        raise ModelMissing(name, f"The model file {name} is missing: it is not in {places}.")

    def read(self, name: str) -> bytes:
        """The content of a file. Raises ModelMissing."""
        return self.path(name).read_bytes()


def check(path: Path, model: Model) -> None:
    """Raises ModelDamaged if the file is not the model."""
    state = path.stat()
    seen = (path, state.st_size, state.st_mtime_ns)
    if seen in _verified:
        return
    problem = ""
    if state.st_size < model.bytes:
        problem = f"is cut: it has {state.st_size} of {model.bytes} bytes"
    elif state.st_size > model.bytes or sha256(path) != model.sha256:
        problem = "has been altered: it is not the published file"
    if problem:
        raise ModelDamaged(model.name, f"The model file {path} {problem}.")
    _verified.add(seen)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
