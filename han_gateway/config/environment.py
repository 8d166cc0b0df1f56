"""Variables of the environment that look like ours and mean nothing. This file must not know what the others mean."""

import os
from collections.abc import Iterator

from pydantic import BaseModel

from han_gateway.config.problems import guess
from han_gateway.config.settings import Settings
from han_gateway.config.toml_file import ENVIRONMENT


def stray_variables() -> Iterator[str]:
    """``HAN_SITE_FUSE_A`` overrides nothing, and its author believes it does."""
    known = {
        f"{ENVIRONMENT}{section}__{key}".upper()
        for section, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        for key in field.annotation.model_fields
    }
    tables = {f"{ENVIRONMENT}{section}".upper() for section in Settings.model_fields}
    for name in sorted(os.environ):
        if name.startswith(ENVIRONMENT) and name not in known | tables:
            near = guess(name, known)
            yield f"environment variable {name} means nothing here" + (f"; did you mean {near}?" if near else "; unset it")
