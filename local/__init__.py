"""The local stack: every emulator that Troupe needs, started, watched and stopped as one."""
