"""The command line tool: one thin file per subcommand; only `output` prints."""
