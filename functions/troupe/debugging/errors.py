"""What can go wrong with switches of debug logs."""

from __future__ import annotations

from troupe.errors import Conflict, NotFound


class DebugScopeNotFound(NotFound):
    code = "scope_not_found"
    message = "There is no user or room with this id."


class TooManyDebugScopes(Conflict):
    code = "too_many_scopes"
    message = "Too many scopes are switched on. Switch one off, or wait until one ends."
