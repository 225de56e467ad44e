"""Who may do what: every operation of every service × everybody, against the table in `authorisation.txt`.

`ok` is allowed: the answer is neither 401 nor 403 nor 404 (nothing is changed: the request names a version that does not
exist, or is not acceptable). A number is exactly that answer: 401 without a token, 403 without the permission, 404 for
what belongs to another customer.
"""

from pathlib import Path

import pytest

from platform_of_services import SERVICES

TABLE = Path(__file__).with_name("authorisation.txt")
# A version that nothing has: who may change something gets 412.
NO_VERSION = {"if-match": '"999999999"'}
PUBLIC_FORMS = {"token": {"grant_type": "client_credentials"}}


def rows() -> tuple[list[str], dict[str, dict[str, dict[str, str]]]]:
    """Principals, and service → operation → principal → expectation."""
    table: dict[str, dict[str, dict[str, str]]] = {}
    principals: list[str] = []
    service: dict[str, dict[str, str]] = {}
    for line in TABLE.read_text().splitlines():
        cells = line.split()
        if not cells or line.startswith("#"):
            continue
        if line.startswith("["):
            service = table.setdefault(line.strip("[]"), {})
            continue
        if cells[0] == "operation":
            principals = cells[1:]
            continue
        assert len(cells) == len(principals) + 1, f"not a cell for each: {line}"
        assert cells[0] not in service, f"twice: {line}"
        service[cells[0]] = dict(zip(principals, cells[1:], strict=True))
    return principals, table


PRINCIPALS, ROWS = rows()


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_has_a_row_and_every_row_an_operation(world, service):
    there = [operation.id for operation in world.specifications[service].operations]
    assert len(there) == len(set(there)), f"operation ids are not unique: {sorted(there)}"
    assert not set(there) - set(ROWS[service]), "operations without a row in authorisation.txt"
    assert not set(ROWS[service]) - set(there), "rows of operations that are gone"


def body_of(world, service: str, operation):
    """The example, but where it would do harm, or say something of the caller rather than of the permission."""
    room = {"event_id": int(world.named["event_id"])}
    channel = room | {"channel_id": int(world.named["channel_id"])}
    others = {
        # Acceptable to nobody: the new is the old.
        "change_password": {"current_password": "the same as the other", "new_password": "the same as the other"},
        "create_or_join_room": channel | {"role": "speaker"},
        "join_room": room | {"role": "listener"},
        "create_agent_token": channel | {"agent_type": "asr"},
        "close_rooms": room,
        "start_session": world.over,
        "stop_session": world.over_session,
        # Nothing to keep.
        "write_segments": {"segments": []},
    }
    return others.get(operation.id) or world.specifications[service].example_body(operation)


def params_of(world, operation) -> dict | None:
    """What has to be asked for in the query."""
    if "{name}" in operation.path:
        # A role's name is one within its customer.
        return {"customer_id": world.named["customer_id"]}
    return {
        "list_tokens": {"event_id": world.named["event_id"]},
        "list_untranslated": {"language": "es-ES"},
        "get_transcript": {"language": "es-ES"},
    }.get(operation.id)


def answer_of(world, service: str, operation, who: str):
    options: dict = {"headers": dict(NO_VERSION)}
    if operation.id in PUBLIC_FORMS:
        options["data"] = PUBLIC_FORMS[operation.id]
    else:
        body = body_of(world, service, operation)
        if body is not None:
            options["json"] = body
    if (params := params_of(world, operation)) is not None:
        options["params"] = params
    answer = world.ask(who, service, operation.method, world.path_of(service, operation), stream=True, **options)
    if answer.ok:
        # Streams do not end.
        answer.close()
    return answer


@pytest.mark.parametrize("who", PRINCIPALS)
@pytest.mark.parametrize("service", SERVICES)
def test_nobody_may_do_more_or_less_than_the_table_says(world, service, who):
    wrong = []
    for operation in world.specifications[service].operations:
        expected = ROWS[service].get(operation.id, {}).get(who, "a row")
        answer = answer_of(world, service, operation, who)
        status = answer.status_code
        allowed = status not in (401, 403, 404) and status < 500
        if (expected == "ok" and not allowed) or (expected != "ok" and str(status) != expected):
            wrong.append(f"{operation.id}: {who} should get {expected}, got {status} {'' if answer.ok else answer.text[:160]}")
    assert not wrong, "\n".join(wrong)


def test_the_world_is_unharmed(world):
    """So that the table says what it seems to say."""
    assert world.ask("admin", "auth", "GET", f"/users/{world.named['user_id']}").status_code == 200
    assert world.ask("manager", "events", "GET", f"/events/{world.named['event_id']}").status_code == 200
