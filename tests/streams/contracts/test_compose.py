"""docker-compose.yml is valid, safe by default, and passes settings that the services understand."""

import re
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
import typer
import yaml
from jsonschema import Draft202012Validator

from streams.archive.folder import MANIFEST
from streams.archive.follow import FollowSettings
from streams.cli.main import app
from streams.deployment.config import Deployment, from_environment
from streams.feed.http import access
from streams.feed.settings import FeedSettings
from streams.feed.settings import from_environment as feed_from_environment
from streams.ingest.sources.address import UDP_PORT, UdpAddress, parse_address
from streams.store.retention import Retention
from streams.store.retention import from_environment as limits_from_environment
from tests.services.server import free_port
from tests.streams.contracts.compose_file import (
    PATH,
    command,
    compose,
    names,
)
from tests.streams.contracts.published import load
from tests.streams.contracts.validators import ROOT
from tests.waiting import wait_until

OURS: Final = ("ingest", "worker", "sink", "feed", "alerts", "archive")
SERVICES: Final[dict[str, Any]] = compose()["services"]
DOCKERFILE: Final = ROOT / ".docker" / "Dockerfile"


@pytest.mark.parametrize("environment", [{}, {"TANKERWATCH_WORKERS": "3", "TANKERWATCH_SPREAD": "16"}])
def test_it_is_a_compose_file(environment: dict[str, str]) -> None:
    validator = Draft202012Validator(load("compose-spec"))
    found = [f"{e.json_path}: {e.message[:300]}" for e in validator.iter_errors(compose(environment))]
    assert not found
    assert list(validator.iter_errors({"services": {"a": {"imagee": "b"}}}))


def test_one_command_starts_all_that_is_needed() -> None:
    assert set(SERVICES) >= {"kafka", "redis", *OURS}
    for name, service in SERVICES.items():
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"]
        # alerts need rules, and an archive a disk
        assert service.get("profiles", [name]) == [name]
        assert ("profiles" in service) == (name in ("alerts", "archive"))
        for needed in service.get("depends_on", {}).values():
            assert needed == {"condition": "service_healthy"}
        if name in OURS:
            assert ("redis" if name in ("feed", "alerts") else "kafka") in service["depends_on"]


def test_images_are_pinned_and_ours_is_one() -> None:
    for name in ("kafka", "redis"):
        assert re.fullmatch(r"[a-z/]+:\d+\.\d+\.\d+(-[a-z]+)?@sha256:[0-9a-f]{64}", SERVICES[name]["image"])
    assert len({SERVICES[name]["image"] for name in OURS}) == 1
    for name in OURS:
        build = SERVICES[name]["build"]
        assert (ROOT / build["context"] / build["dockerfile"]) == DOCKERFILE


def test_kafka_is_the_one_that_the_tests_run_on() -> None:
    pom = (ROOT / "tests" / "services" / "kafka" / "pom.xml").read_text(encoding="utf-8")
    tag = SERVICES["kafka"]["image"].partition("@")[0].partition(":")[2]
    assert f"<version>{tag}</version>" in pom


def test_ports_are_bound_to_loopback_unless_told_otherwise() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 3
    assert "ports" not in SERVICES["redis"]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert f"127.0.0.1:{UDP_PORT}:{UDP_PORT}/udp" in ports
    opened = compose({"TANKERWATCH_LISTEN": "0.0.0.0"})["services"]["ingest"]["ports"]
    assert opened == [f"0.0.0.0:{UDP_PORT}:{UDP_PORT}/udp"]


def test_lasting_data_is_on_named_volumes() -> None:
    kept = {name: service["volumes"] for name, service in SERVICES.items() if "volumes" in service}
    assert {name: [volume.partition(":")[0] for volume in volumes] for name, volumes in kept.items()} == {
        name: [name] for name in compose()["volumes"]
    }
    assert SERVICES["kafka"]["environment"]["KAFKA_LOG_DIRS"] == kept["kafka"][0].partition(":")[2]
    assert "--appendonly yes" in SERVICES["redis"]["command"][-1]
    assert "noeviction" in SERVICES["redis"]["command"][-1]


def test_services_run_with_as_little_as_they_need() -> None:
    for name, service in SERVICES.items():
        assert service.get("read_only", False) is (name != "kafka")
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["mem_limit"]
        assert service["pids_limit"] <= 1_000
        assert (service.get("init", False)) is (name in OURS)
        # who is reached from outside, or sends there, and nobody else
        outside = name in ("kafka", "ingest", "feed", "alerts")
        assert service["networks"] == (["inside", "outside"] if outside else ["inside"])
    assert compose()["networks"]["inside"] == {"internal": True}


def test_redis_has_a_password_that_stands_in_no_list_of_processes(tmp_path: Path) -> None:
    """By its very command, with the file of the password elsewhere."""
    secret, given = tmp_path / "secret", compose()["secrets"]["redis_password"]
    secret.write_text("of-the-test")
    assert given == {"file": "./secrets/redis_password"}
    for name in ("worker", "sink", "feed", "alerts"):
        assert SERVICES[name]["secrets"] == ["redis_password"]
        file = SERVICES[name]["environment"]["TANKERWATCH_REDIS_PASSWORD_FILE"]
        assert file == "/run/secrets/redis_password"
    assert not SERVICES["ingest"]["secrets"]
    assert not SERVICES["archive"]["secrets"]
    port = free_port()
    program, flag, script = SERVICES["redis"]["command"]
    script = script.replace("/tmp/redis.conf", str(tmp_path / "redis.conf"))  # noqa: S108 (of the container)
    script = script.replace("/run/secrets/redis_password", str(secret))
    script = f"{script} --port {port} --dir {tmp_path}"
    with subprocess.Popen([program, flag, script], stdout=subprocess.DEVNULL) as server:
        try:

            def refused() -> bool:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
                    connection.sendall(b"PING\r\n")
                    return connection.recv(100).startswith(b"-NOAUTH")
                return False

            wait_until(refused, "Redis to ask for a password")
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                connection.sendall(b"AUTH of-the-test\r\n")
                assert connection.recv(100) == b"+OK\r\n"
            assert b"of-the-test" not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
        finally:
            server.terminate()


# --- settings


@pytest.mark.parametrize("service", ["worker", "sink", "feed", "alerts"])
def test_every_setting_of_a_deployment_is_passed_on(service: str) -> None:
    known = {f"TANKERWATCH_{name.upper()}" for name in Deployment.__struct_fields__}
    if service == "sink":
        known |= {f"TANKERWATCH_KEEP_{name.upper()}" for name in Retention.__struct_fields__}
        assert limits_from_environment(SERVICES[service]["environment"]) == Retention()
    if service == "feed":
        known |= {f"TANKERWATCH_FEED_{name.upper()}" for name in FeedSettings.__struct_fields__}
        assert feed_from_environment(SERVICES[service]["environment"]) == FeedSettings()
    assert known <= names(service)
    deployment = from_environment(SERVICES[service]["environment"])
    default = Deployment()
    changed = {
        name for name in Deployment.__struct_fields__ if getattr(deployment, name) != getattr(default, name)
    }
    assert changed == {"broker", "redis", "web_port"}
    given = compose({"TANKERWATCH_SPREAD": "16", "TANKERWATCH_PREFIX": "slow."})["services"][service]
    assert from_environment(given["environment"]).spread == 16
    assert from_environment(given["environment"]).prefix == "slow."


def test_addresses_are_those_of_the_services() -> None:
    kafka = SERVICES["kafka"]["environment"]
    listeners = dict(each.split("://") for each in kafka["KAFKA_LISTENERS"].split(","))
    advertised = dict(each.split("://") for each in kafka["KAFKA_ADVERTISED_LISTENERS"].split(","))
    inner = advertised[kafka["KAFKA_INTER_BROKER_LISTENER_NAME"]]
    assert inner == "kafka" + listeners["INNER"]
    assert SERVICES["kafka"]["ports"] == [f"{advertised['HOST']}{listeners['HOST']}"]
    assert inner in SERVICES["kafka"]["healthcheck"]["test"]
    for name in OURS:
        assert SERVICES[name]["environment"]["TANKERWATCH_BROKER"] == inner
    assert SERVICES["worker"]["environment"]["TANKERWATCH_REDIS"].startswith("redis://redis:6379/")


def test_metrics_are_scraped_from_the_right_ports() -> None:
    """The sink has the port after the worker's, and the alerts the one after that."""
    for at, name in enumerate(("worker", "sink", "alerts")):
        port = int(SERVICES[name]["environment"]["TANKERWATCH_WEB_PORT"]) + at
        assert SERVICES[name]["expose"] == [str(port)]
        assert f":{port}/metrics" in SERVICES[name]["healthcheck"]["test"][-1]


# --- commands


def parsed(service: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The arguments that the command line reads from a service's command, in its environment."""
    described = compose(environment)["services"][service]
    for name, value in described["environment"].items():
        monkeypatch.setenv(name, value)
    program, *arguments = command(described)
    assert program == "tankerwatch"
    called: Any = typer.main.get_command(app)
    while commands := getattr(called, "commands", None):
        called = commands[arguments.pop(0)]
    values: dict[str, Any] = called.make_context("", arguments).params
    return values


@pytest.mark.parametrize("service", OURS)
def test_commands_are_valid(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed(service, {}, monkeypatch)


def test_ingest_listens_to_udp_and_feeds_the_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    values = parsed("ingest", {}, monkeypatch)
    default = Deployment()
    assert [parse_address(source) for source in values["sources"]] == [
        UdpAddress(values["sources"][0], "", UDP_PORT)
    ]
    assert values["broker"] == "kafka:19092"
    assert values["partitions"] == default.raw_partitions
    assert values["prefix"] == default.prefix
    volume = SERVICES["ingest"]["volumes"][0].partition(":")[2]
    assert Path(values["buffer"]).is_relative_to(volume)


def test_ingest_takes_further_sources_and_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "TANKERWATCH_SOURCES": "udp://:10110 tcp://receiver.example:4001",
        "TANKERWATCH_PREFIX": "slow.",
        "TANKERWATCH_RAW_PARTITIONS": "8",
    }
    values = parsed("ingest", given, monkeypatch)
    assert list(values["sources"]) == given["TANKERWATCH_SOURCES"].split()
    assert (values["prefix"], values["partitions"]) == ("slow.", 8)


def test_alerts_read_the_rules_that_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    (handed,) = SERVICES["alerts"]["configs"]
    assert str(parsed("alerts", {}, monkeypatch)["rules"]) == handed["target"]
    assert compose()["configs"][handed["source"]]["file"] == "./rules.toml"
    assert compose({"TANKERWATCH_RULES": "/etc/r.toml"})["configs"]["rules"]["file"] == "/etc/r.toml"
    assert SERVICES["alerts"]["env_file"] == [{"path": "./alerts.env", "required": False}]


def test_the_feed_is_healthy_where_it_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    values = parsed("feed", {}, monkeypatch)
    assert values["host"] == "0.0.0.0"
    assert f"http://127.0.0.1:{values['port']}/healthz" in SERVICES["feed"]["healthcheck"]["test"][-1]
    assert SERVICES["feed"]["ports"] == [f"127.0.0.1:8080:{values['port']}"]


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"TANKERWATCH_FEED_LISTEN": "0.0.0.0", "TANKERWATCH_FEED_READ_TOKENS": ""},
        {"TANKERWATCH_FEED_READ_TOKENS": " , ", "TANKERWATCH_FEED_HOSTS": "watch.example.org"},
        {"TANKERWATCH_FEED_REVIEW_TOKENS": "one,two"},
    ],
)
def test_the_feed_always_needs_tokens(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who opens the port to other machines changes nothing else, so it needs tokens on loopback,
    too."""
    host = parsed("feed", environment, monkeypatch)["host"]
    settings = feed_from_environment(compose(environment)["services"]["feed"]["environment"])
    tokens, made = access.tokens(settings, host)
    assert tokens.needed
    assert not tokens.may_read("")
    assert (made is None) == ("TANKERWATCH_FEED_REVIEW_TOKENS" in environment)


def test_ingest_is_healthy_while_its_position_is_written() -> None:
    from streams.ingest import spool

    folder = command(SERVICES["ingest"])[command(SERVICES["ingest"]).index("--buffer") + 1]
    assert f"{folder}/{spool._POSITION}" in SERVICES["ingest"]["healthcheck"]["test"][-1]


def test_the_archive_lies_on_its_volume_and_has_the_rules_of_the_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = parsed("archive", {"TANKERWATCH_ARCHIVE_DAYS": "30"}, monkeypatch)
    assert values["folder"].is_relative_to(SERVICES["archive"]["volumes"][0].partition(":")[2])
    assert (values["keep_raw"], values["snapshots"], values["every"]) == (30, True, 60.0)
    assert f"{values['folder']}/{MANIFEST}" in SERVICES["archive"]["healthcheck"]["test"][-1]
    assert parsed("archive", {}, monkeypatch)["keep_raw"] == FollowSettings().keep_raw_days
    redis = {"TANKERWATCH_REDIS", "TANKERWATCH_REDIS_PASSWORD_FILE"}
    workers = names("worker") - redis - {"TANKERWATCH_WEB_PORT", "TANKERWATCH_METRICS_HOST"}
    told = {name for name in workers if not name.endswith(("_SECONDS", "_FRAMES"))}
    assert names("archive") == told
    given = compose({"TANKERWATCH_PREFIX": "slow."})["services"]["archive"]["environment"]
    assert from_environment(given).prefix == "slow."


# --- the image


def test_the_image_is_built_from_the_lock_and_runs_without_root() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert "--require-hashes" in text
    assert re.search(r"^ARG PYTHON=[\w.-]+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    *_, last = re.findall(r"^USER (\w+)", text, re.MULTILINE)
    assert last != "root"
    assert "COPY . " not in text
    ignored = (DOCKERFILE.parent / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    for name in (name for line in copied for name in line.split()):
        assert (ROOT / name).exists()
        assert f"!{name}" in ignored


def test_the_guide_names_the_existing_variables() -> None:
    text = PATH.read_text(encoding="utf-8")
    assert "docs/deployment.md" in text
    guide = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    rows = [row.split("|")[1] for row in guide.splitlines() if row.startswith("| `TANKERWATCH_")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert len(named) > 10
    for name in named:
        assert (f"TANKERWATCH{name}" if name.startswith("_") else name) in text


def test_the_file_has_no_name_twice() -> None:
    """YAML would use the last one without an error."""

    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            keys = [key.value for key, _ in node.value if key.value != "<<"]
            assert len(keys) == len(set(keys)), keys
            return super().construct_mapping(node, deep)

    yaml.load(PATH.read_text(encoding="utf-8"), Strict)  # noqa: S506 (it is a SafeLoader)
