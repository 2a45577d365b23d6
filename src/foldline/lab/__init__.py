"""The lab: a local web page where people play with nets, live; the engine below it is the Python API."""
