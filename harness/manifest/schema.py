"""JSON schema of manifests and included files, for editors; `manifests/schema.json` is this, committed."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from harness.manifest.documents import DefinitionsFile, ManifestFile

__all__ = ["manifest_schema"]


def manifest_schema() -> dict[str, Any]:
    """A file with the key `schema` is a manifest; any other is an included file."""
    models, schema = models_json_schema(
        [(ManifestFile, "validation"), (DefinitionsFile, "validation")], title="samepanel manifest"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": schema["title"],
        "type": "object",
        "if": {"required": ["schema"]},
        "then": models[ManifestFile, "validation"],
        "else": models[DefinitionsFile, "validation"],
        "$defs": schema["$defs"],
    }
