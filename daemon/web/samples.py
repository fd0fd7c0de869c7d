"""Examples, put together from schemas: what the glossary shows for each field, and what follows from types."""

from __future__ import annotations

from typing import Any

from daemon.api.glossary_places import SHOWN

Schema = dict[str, Any]
_REF_PREFIX = "#/components/schemas/"


class Samples:
    """Makes values that are valid against the schemas of one document."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self._schemas = schemas

    def answer(self, schema: Schema) -> Any:
        """Return a value with every field but those that may be left out and would be null."""
        if "examples" in schema:
            return schema["examples"][0]
        if "$ref" in schema:
            return self.answer(self._schemas[schema["$ref"].removeprefix(_REF_PREFIX)])
        for word in ("anyOf", "oneOf"):
            if word in schema:
                return self.answer(schema[word][0])
        if "const" in schema or "enum" in schema:
            return schema["enum"][0] if "enum" in schema else schema["const"]
        if schema.get("type") == "array":
            return [self.answer(schema["items"])]
        if "properties" in schema:
            needed = schema.get("required", ())
            values = {name: self.answer(shape) for name, shape in schema["properties"].items()}
            return {name: value for name, value in values.items() if value is not None or name in needed}
        raise KeyError(f"no example follows from {schema}: the glossary lacks a word")

    def request(self, model: str) -> Any:
        """Return a body with what has to be given, and what is shown beside it."""
        schema = self._schemas[model]
        names = [*schema.get("required", ()), *SHOWN.get(model, ())]
        return {name: self.answer(shape) for name, shape in schema["properties"].items() if name in names}
