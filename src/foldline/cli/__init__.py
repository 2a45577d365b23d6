"""The command line: each command parses, calls one function of the Python API, and prints."""
