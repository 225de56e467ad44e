"""Reads what a service says of itself in `/openapi.json`."""

from __future__ import annotations

from dataclasses import dataclass

METHODS = ("get", "put", "post", "patch", "delete")


@dataclass
class Operation:
    id: str
    method: str
    path: str
    said: dict

    @property
    def path_parameters(self) -> list[str]:
        return [p["name"] for p in self.said.get("parameters", []) if p["in"] == "path"]

    def media_types(self, status: int) -> list[str]:
        """What an answer may be made of."""
        return list(self.said["responses"].get(str(status), {}).get("content", {}))

    @property
    def header_parameters(self) -> list[str]:
        return [p["name"].lower() for p in self.said.get("parameters", []) if p["in"] == "header"]


class Specification:
    def __init__(self, document: dict):
        self.document = document
        self.operations = [
            Operation(said.get("operationId", f"{method} {path}"), method.upper(), path, said)
            for path, item in document["paths"].items()
            for method, said in item.items()
            if method in METHODS
        ]

    def operation(self, name: str) -> Operation:
        return next(operation for operation in self.operations if operation.id == name)

    def resolve(self, schema: dict) -> dict:
        while "$ref" in schema:
            node = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                node = node[part.replace("~1", "/").replace("~0", "~")]
            schema = node
        return schema

    def standalone(self, schema: dict) -> dict:
        """The schema as a document of its own, for a validator."""
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "components": self.document["components"]}

    def examples(self, media_type: dict) -> list:
        """The examples of a body: its own, else those of its schema."""
        if "example" in media_type:
            return [media_type["example"]]
        if "examples" in media_type:
            return [example["value"] for example in media_type["examples"].values()]
        schema = self.resolve(media_type.get("schema", {}))
        return [schema["example"]] if "example" in schema else list(schema.get("examples", []))

    def example_body(self, operation: Operation):
        """An example of the JSON body that an operation takes; `None` when it takes none."""
        body = self.resolve(operation.said.get("requestBody", {}))
        media_type = body.get("content", {}).get("application/json")
        if media_type is None:
            return None
        return self.examples(media_type)[0]
