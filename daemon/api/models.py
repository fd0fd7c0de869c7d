"""Every model by the name that the OPERATIONS table uses."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from daemon import api
from daemon.api.common import Model

MODELS: dict[str, type[Model]] = {
    name: value
    for noun in iter_modules(api.__path__)
    if noun.name != "models"
    for name, value in vars(import_module(f"{api.__name__}.{noun.name}")).items()
    if isinstance(value, type) and issubclass(value, Model) and value is not Model
}


def model(name: str) -> type[Model]:
    """Return the model called `name`. Raises `KeyError`."""
    return MODELS[name]
