"""The command line: one command per file. Only this room talks to a terminal."""
