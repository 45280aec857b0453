"""What operators do at a terminal: a function for each command, which returns the exit code: 0
done, 1 refused or failed, 2 used wrongly, 3 not possible on the emulators."""
