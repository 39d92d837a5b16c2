"""The test suite: unit (pure), integration (real sockets and databases), acceptance (the command line), sandbox."""
