"""The AsyncAPI document is valid, describes the real topics, and its examples match the schemas."""

from typing import Any, Final

import msgspec
import pytest
import yaml
from jsonschema import Draft7Validator

from models.event import from_json, to_json
from streams.deployment.config import Deployment
from streams.deployment.topics import specs
from streams.sightings.fields import FIELDS, read_line, to_line
from tests.streams.contracts import recorded
from tests.streams.contracts.published import load
from tests.streams.contracts.validators import errors, schema
from tests.streams.contracts.write_examples import DOCUMENT

pytestmark = pytest.mark.xdist_group("contracts")  # one process simulates and replays for all of them
FILE: Final[dict[str, Any]] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
MESSAGES: Final[dict[str, Any]] = FILE["components"]["messages"]


def resolve(reference: dict[str, str]) -> Any:
    """The target of a reference inside the document."""
    target: Any = FILE
    for step in reference["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return target


def examples(message: str) -> list[dict[str, Any]]:
    (trait,) = MESSAGES[message]["traits"]
    found: list[dict[str, Any]] = resolve(trait)["examples"]
    assert found
    return found


def test_it_is_asyncapi_3() -> None:
    schema = load("asyncapi-3.0.0")
    Draft7Validator.check_schema(schema)
    found = [f"{e.json_path}: {e.message[:300]}" for e in Draft7Validator(schema).iter_errors(FILE)]
    assert not found
    assert list(Draft7Validator(schema).iter_errors(FILE | {"channels": {"a": {"adress": "a"}}}))


def test_channels_are_the_topics_of_a_default_deployment() -> None:
    default = Deployment()
    topics = default.topics
    wanted = {spec.name: spec for spec in specs(topics, default.raw_partitions, default.spread)}
    channels = {channel["address"]: channel for channel in FILE["channels"].values()}
    assert set(channels) == set(wanted) - {topics.reports, topics.ticks, topics.facts}
    for name, channel in channels.items():
        binding = channel["bindings"]["kafka"]
        assert binding["topic"] == name
        assert binding["partitions"] == wanted[name].partitions
        config = {
            key: value for key, value in binding["topicConfiguration"].items() if key != "cleanup.policy"
        }
        policy = binding["topicConfiguration"]["cleanup.policy"]
        assert {"cleanup.policy": ",".join(policy), **{k: str(v) for k, v in config.items()}} == wanted[
            name
        ].config


def test_every_channel_has_an_operation_and_every_reference_a_target() -> None:
    used = [operation["channel"]["$ref"] for operation in FILE["operations"].values()]
    assert sorted(used) == sorted(f"#/channels/{name}" for name in FILE["channels"])
    sent = {o["channel"]["$ref"].split("/")[-1] for o in FILE["operations"].values() if o["action"] == "send"}
    assert sent == {"events", "rejects", "fences"}
    for channel in FILE["channels"].values():
        for message in channel["messages"].values():
            assert resolve(message) in MESSAGES.values()
    for message in MESSAGES.values():
        for part in ("headers", "payload"):
            if "$ref" in message.get(part, {}):
                assert (DOCUMENT.parent / message[part]["$ref"]).is_file()


def test_messages_refer_to_the_schemas_of_what_is_sent() -> None:
    references = {
        name: [message.get(part, {}).get("$ref") for part in ("headers", "payload")]
        for name, message in MESSAGES.items()
    }
    assert references == {
        "event": ["./schemas/event-headers.json", "./schemas/event.json"],
        "reject": ["./schemas/reject-headers.json", None],
        "source": [None, "./schemas/source.json"],
        "frame": [None, "./schemas/raw-frame.json"],
        "sighting": [None, "./schemas/sighting.json"],
        "drawnFence": [None, "./schemas/drawn-fence.json"],
    }


def test_examples_of_events_are_events_with_their_headers() -> None:
    for example in examples("event"):
        assert not errors("event", example["payload"])
        event = from_json(msgspec.json.encode(example["payload"]))
        assert msgspec.json.decode(to_json(event)) == example["payload"]
        (out,) = recorded.published([event])
        assert recorded.headers(out) == example["headers"]
        assert out.key == event.id.encode()
    assert {example["payload"]["type"] for example in examples("event")} == {
        "encounter",
        "loitering",
        "gap",
        "dark_port_visit",
        "identity",
        "dark_encounter",
        "dark_vessel",
        "position_anomaly",
        "port_visit",
        "chain",
        "fence_entry",
        "fence_exit",
    }


def test_examples_of_sightings_are_read_as_they_stand() -> None:
    for example in examples("sighting"):
        assert not errors("sighting", example["payload"])
        sighting = read_line(msgspec.json.encode(example["payload"]))
        assert msgspec.json.decode(to_line(sighting)) == example["payload"]
    assert list(schema("sighting")["properties"]) == list(FIELDS)


@pytest.mark.parametrize(("message", "schema"), [("source", "source"), ("frame", "raw-frame")])
def test_examples_of_sources_and_frames(message: str, schema: str) -> None:
    for example in examples(message):
        assert not errors(schema, example["payload"])


def test_examples_of_rejects() -> None:
    for example in examples("reject"):
        assert not errors("reject-headers", example["headers"])
        assert isinstance(example["payload"], str)


def test_keys_are_those_of_real_messages() -> None:
    for out in recorded.dead_letters():
        assert out.key == recorded.headers(out)["source"].encode()
    for message in MESSAGES.values():
        assert message["bindings"]["kafka"]["key"]["type"] == "string"
