"""Operator commands: one function per command, which returns the exit code: 0 success, 1 refused
or failed, 2 wrong usage, 3 not possible on the emulators."""
