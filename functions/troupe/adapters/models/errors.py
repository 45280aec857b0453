"""What can be wrong with model files. Apart from `files`, whose table is slow to load."""

from __future__ import annotations

from troupe.errors import Unavailable


class ModelMissing(Unavailable):
    """A file is not there. `text` may be shown to clients; as a string, the error also says where
    it was looked for, and how to get it."""

    code = "model_missing"

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"The model file {name} is missing on the server.")
        self.name = name
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.problem} Get it with `python -m troupe models fetch {self.name}`."


class ModelDamaged(ModelMissing):
    """A file is there, but it is not the published one."""
