"""The configuration: one TOML file, the environment and secrets in, the house and the settings of its surroundings out.

``load.load`` does it; ``settings`` knows the keys, ``toml_file`` the file and its lines, ``problems`` the words for mistakes, ``advice``
what is allowed and yet unwise. Nothing is imported here: the models cost an eighth of a second, and few commands need them.
"""
