"""The container: one instance of every service, built from Settings on first use.

Imports are inside the properties, so that a function loads only what its own services need. Tests
replace a queue, engine or database by name: `Container(settings, queue=HeldQueue())`.
"""

from __future__ import annotations

from troupe.app.wiring.rooms import Rooms


class Container(Rooms):
    """The properties are the services; handlers and erasers name them as parameters. Each of its
    bases, in `troupe.app.wiring`, adds the services that need those of the one before."""
