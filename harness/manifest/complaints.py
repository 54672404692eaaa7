"""From pydantic's errors to one line that says where, expected, got and fix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from harness.errors import ManifestError, UnknownIdError
from harness.faults import catalogue
from harness.manifest.files import Location, Source

__all__ = ["complaint", "foremost", "validated"]

_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "string_type": "text",
    "tuple_type": "a list",
    "list_type": "a list",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "too_short": "at least {min_length} entries",
    "too_long": "at most {max_length} entries",
    "string_pattern_mismatch": "text of the form {pattern}",
    "literal_error": "{expected}",
}


def validated[M: BaseModel](model: type[M], source: Source) -> M:
    """The content of a file as a model. Raises ManifestError for the first thing that is wrong."""
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        where = source.where(_location(foremost(error)["loc"], source.data))
        raise complaint(error, model, where) from error


def foremost(error: ValidationError) -> ErrorDetails:
    """The error to report: an unknown key before a missing one, because a misspelt key is both."""
    errors = error.errors()
    return next((item for item in errors if item["type"] == "extra_forbidden"), errors[0])


def complaint(error: ValidationError, model: type[BaseModel], whose: str) -> ManifestError:
    """The foremost error in one line that opens with `whose`, and how many more there are."""
    expected, got, fix = _explained(foremost(error), model)
    more = error.error_count() - 1
    note = f" (and {more} more)" if more else ""
    if fix:
        return ManifestError(whose, expected=expected, got=got, fix=fix + note)
    return ManifestError(whose, expected=expected, got=got + note)


def _explained(error: ErrorDetails, model: type[BaseModel]) -> tuple[str, str, str]:
    """Expected, got and fix."""
    kind, context, value = error["type"], error.get("ctx", {}), error.get("input")
    if kind == "missing":
        return f"the key {str(error['loc'][-1])!r}", "nothing", "add it"
    if kind == "extra_forbidden":
        key, known = str(error["loc"][-1]), _keys(model, error["loc"][:-1])
        return "", f"unknown key {key!r}", UnknownIdError.of("key", key, known).fix
    if kind.startswith("union_tag"):
        return _untold_fault(value)
    if kind in _EXPECTED:
        return _EXPECTED[kind].format(**context), _brief(value), ""
    if "expected" in context and "got" in context:
        return str(context["expected"]), str(context["got"]), ""
    return "", f"{_brief(value)} ({error['msg'].removeprefix('Value error, ')})", ""


def _untold_fault(value: object) -> tuple[str, str, str]:
    """An entry of a condition without a known `fault`."""
    given = value.get("fault") if isinstance(value, Mapping) else None
    if given is None:
        return "the key 'fault'", "nothing", f"name one of {', '.join(catalogue.ids())}"
    return "the id of a fault", repr(given), UnknownIdError.of("fault", str(given), catalogue.ids()).fix


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _location(loc: Location, data: Any) -> Location:
    """Leave out what pydantic adds to tell the members of a union apart: only keys of the file remain."""
    kept: list[str | int] = []
    for index, key in enumerate(loc):
        if _holds(data, key):
            data = data[key]
            kept.append(key)
        elif index + 1 == len(loc) and isinstance(data, Mapping) and key not in ("[key]", data.get("fault")):
            kept.append(key)
    return kept


def _holds(data: Any, key: str | int) -> bool:
    """Whether the file has this entry."""
    if isinstance(data, list):
        return isinstance(key, int) and key < len(data)
    return isinstance(data, Mapping) and key in data


def _keys(model: type[BaseModel], loc: Location) -> list[str]:
    """Keys that the mapping at `loc` may have, read from the model's JSON schema."""
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    here = schema
    for key in loc:
        here = _resolved(_step(_resolved(here, definitions), key), definitions)
    return sorted(here.get("properties", {}))


def _step(schema: dict[str, Any], key: str | int) -> dict[str, Any]:
    """The schema of an entry; a key that is no entry names a member of a union."""
    mapping = schema.get("discriminator", {}).get("mapping", {})
    if key in mapping:
        return {"$ref": mapping[key]}
    if isinstance(key, int):
        return dict(schema.get("items", {}))
    properties: dict[str, dict[str, Any]] = schema.get("properties", {})
    by_pattern: dict[str, dict[str, Any]] = schema.get("patternProperties", {})
    return properties.get(key) or schema.get("additionalProperties") or next(iter(by_pattern.values()), {})


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Follow references, and take the one member of a nullable entry that is not null."""
    if "$ref" in schema:
        return _resolved(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
    members = [member for member in schema.get("anyOf", ()) if member.get("type") != "null"]
    return _resolved(members[0], definitions) if members else schema
