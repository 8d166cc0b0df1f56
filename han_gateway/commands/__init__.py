"""One module for each command: ``configure(parser)`` describes its arguments, ``main(args)`` does it and gives the exit code.

A module imports at its top only what ``--help`` needs.
"""
