"""The local stack: all emulators that Troupe needs, started, watched and stopped together."""
