"""Wheelwright."""
