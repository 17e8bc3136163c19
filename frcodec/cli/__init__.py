"""The command line tool: one thin file per verb; only `output` prints."""
