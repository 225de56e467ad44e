"""Property-based tests made from the specifications, against the running services on PostgreSQL, with a LiveKit server.

Schemathesis thinks up requests, right ones and wrong ones, and holds every answer to what the service says of itself.
"""

import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from platform_of_services import CLIENT, SERVICES
from specification import Specification

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
SEED = "20261122"
EXAMPLES = os.environ.get("ILENIA_FUZZING_EXAMPLES", "12")


@pytest.mark.timeout(240)
@pytest.mark.parametrize("service", SERVICES)
def test_every_answer_is_as_the_specification_says(new_platform, service, tmp_path):
    # Many wrong passwords and secrets are part of it.
    platform = new_platform.start_services(LOGIN_FAILURES_PER_ACCOUNT="100000")
    running = platform.service(service)
    token = platform.login()
    program = Path(sys.executable).with_name("schemathesis")
    command = [
        program, "--config-file", CONFIGURATION, "run", f"{running.url}/openapi.json",
        "--checks", "all", "--max-examples", EXAMPLES, "--seed", SEED, "--no-color",
    ]
    secrets = {"ILENIA_TOKEN": token, "ILENIA_CLIENT_ID": CLIENT[0], "ILENIA_CLIENT_SECRET": CLIENT[1]}
    done = subprocess.run(
        command, env=os.environ | secrets, capture_output=True, text=True, cwd=tmp_path, timeout=220,
    )
    (tmp_path / "schemathesis.log").write_text(done.stdout)
    # Where there are failures they begin with the first of these lines; values may be very long.
    failures = "\n".join(line[:500] for line in done.stdout.splitlines())
    assert done.returncode == 0, failures[failures.find("= FAILURES =") :][:30_000] + done.stderr[-2_000:]
    assert running.process.alive()
    # The token was good to the end: no operation was spared by 401.
    assert platform.auth.call("GET", "/me", token).status_code == 200
    assert "panicked" not in running.process.output()


@pytest.mark.parametrize("service", SERVICES)
def test_the_specification_is_valid(world, service):
    document = world.platform.service(service).specification()
    assert document["openapi"].startswith("3.1")
    validate(document, cls=OpenAPIV31SpecValidator)


def bodies(specification: Specification):
    """Every body that is sent or answered: what it is, its media type object."""
    for operation in specification.operations:
        request = specification.resolve(operation.said.get("requestBody", {}))
        answers = {status: specification.resolve(answer) for status, answer in operation.said["responses"].items()}
        for what, body in [("request", request), *answers.items()]:
            for name, media_type in body.get("content", {}).items():
                yield f"{operation.id} {what} {name}", media_type


@pytest.mark.parametrize("service", SERVICES)
def test_every_body_has_an_example_that_is_valid(world, service):
    specification = world.specifications[service]
    wrong, count = [], 0
    for what, media_type in bodies(specification):
        examples = specification.examples(media_type)
        if not examples:
            wrong.append(f"{what}: no example")
        validator = jsonschema.Draft202012Validator(
            specification.standalone(media_type.get("schema", {})),
            format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
        )
        for example in examples:
            count += 1
            wrong.extend(f"{what}: {error.json_path}: {error.message}" for error in validator.iter_errors(example))
    assert not wrong, "\n".join(wrong)
    assert count > 50
