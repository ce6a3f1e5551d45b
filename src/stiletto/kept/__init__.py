"""Processes of modules that are kept between commands; see `keeper`."""
