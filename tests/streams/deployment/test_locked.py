"""Kafka and Redis that are locked, with TLS, passwords and rights: every program works with its own rights
alone, and says nothing of the password; whoever has no right or no password gets in nowhere."""

import asyncio
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from models.event import from_json
from models.silence import Act, AuditLine
from models.time import from_text
from streams.alerts.state_store import RuleStore
from streams.deployment.config import Deployment
from streams.deployment.rights import GROUP, Operation, rights
from streams.ingest.counters import Counters
from streams.ingest.sources.sightings import SightingsFeed
from streams.runtime import exit_codes
from streams.runtime.backoff import Delays
from streams.runtime.environment import VariableError
from streams.runtime.kafka_client import KafkaSecurity, from_environment
from streams.runtime.redis_client import connect
from streams.runtime.tasks import end
from streams.simulator.scenario import simulate
from streams.store.event_log import EventLog
from tests.scenarios.simulated import recording
from tests.services.plugin import fails_without_service
from tests.services.secure import (
    FOREIGN,
    PREFIX,
    Certificates,
    SecureKafkaServer,
    SecureRedisServer,
    user_of,
    without,
)
from tests.services.server import HOST, free_port
from tests.streams.deployments import process, run_command
from tests.streams.feed.write_examples import FENCE
from tests.unsaid import PASSWORD
from tests.waiting import PATIENCE, eventually, wait_until

FEED: Final = {"TANKERWATCH_FEED_READ_TOKENS": "", "TANKERWATCH_FEED_REVIEW_TOKENS": ""}

WITHHELD: Final = AuditLine(
    time="2026-03-01T00:00:00Z", by="", act=Act.WITHHELD, about="x", text="an alert was not sent"
)


@dataclass(frozen=True, slots=True)
class Locked:
    deployment: Deployment
    variables: dict[str, str]
    """What opens both to everybody who is known, with the passwords in files."""
    inner: str
    """An address of Kafka at which it asks nobody who he is."""

    def as_user(self, program: str, **more: str) -> dict[str, str]:
        """Variables of the user that has the rights of this program."""
        user = user_of(program)
        return {**self.variables, "TANKERWATCH_KAFKA_USER": user, "TANKERWATCH_REDIS_USER": user, **more}

    def run(self, program: str, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return run_command(self.deployment, *command, **self.as_user(program, **more))

    def tail(
        self, source: str, program: str = "events tail", **more: str
    ) -> subprocess.CompletedProcess[str]:
        return self.run(program, "events", "tail", "--source", source, "--once", "--json", **more)


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Locked]:
    folder = tmp_path_factory.mktemp("locked")
    with fails_without_service():
        made = Certificates(folder / "certificates")
        secret = folder / "secret"
        secret.write_text(f"{PASSWORD}\n")
        with (
            SecureKafkaServer(folder / "kafka", made) as kafka,
            SecureRedisServer(folder / "redis", made) as redis,
        ):
            deployment = Deployment(
                broker=kafka.address, redis=redis.url, prefix=PREFIX, spread=1, raw_partitions=1
            )
            variables = {
                "TANKERWATCH_KAFKA_TLS": "true",
                "TANKERWATCH_KAFKA_CA": str(made.ca),
                "TANKERWATCH_KAFKA_CERTIFICATE": str(made.chain),
                "TANKERWATCH_KAFKA_KEY": str(made.locked),
                "TANKERWATCH_KAFKA_KEY_PASSWORD_FILE": str(secret),
                "TANKERWATCH_KAFKA_SASL": "SCRAM-SHA-512",
                "TANKERWATCH_KAFKA_PASSWORD_FILE": str(secret),
                "TANKERWATCH_REDIS_PASSWORD_FILE": str(secret),
                "TANKERWATCH_REDIS_CA": str(made.ca),
            }
            yield Locked(deployment, variables, kafka.inner)


@pytest.mark.services
def test_every_program_works_with_its_own_rights_alone(
    locked: Locked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = locked.deployment
    path = tmp_path / "cho_do.nmea"
    path.write_text("\n".join(recording("cho_do", 5, "none")) + "\n")
    log = tmp_path / "log"
    with (
        process(deployment, log, "sink", **locked.as_user("sink", TANKERWATCH_KAFKA_SASL="PLAIN")),
        process(deployment, log, "worker", **locked.as_user("worker")),
    ):
        published = locked.run("publish", "publish", str(path))  # waits until the worker has made the topics
        assert published.returncode == 0, published.stderr

        def found() -> bool:
            return '"encounter"' in locked.tail("redis").stdout

        wait_until(found, "the events in Redis")
        for mechanism in ("PLAIN", "SCRAM-SHA-256"):
            from_kafka = locked.tail("kafka", TANKERWATCH_KAFKA_SASL=mechanism)
            assert from_kafka.returncode == 0, from_kafka.stderr
            assert {from_json(line.encode()).type for line in from_kafka.stdout.splitlines()} >= {"encounter"}
        status = locked.run("status", "status")
        assert "last event: " in status.stdout
        archived = locked.run("archive", "archive", str(tmp_path / "archive"), "--once", "--no-snapshots")
        assert archived.returncode == 0, archived.stderr
        port = free_port()
        with process(deployment, log, "feed", "--port", str(port), **locked.as_user("feed", **FEED)):
            ask = partial(asked, f"http://{HOST}:{port}/v1")
            wait_until(lambda: ask("events") is not None, "the feed")
            assert [ask(path) for path in ("vessels", "coverage", "sources", "search?q=a")]
            event = ask("events")["events"][0]["id"]
            ask(f"events/{event}/review", {"by": "me", "disposition": "watching"})
            ask("silences", {"by": "me", "until": "2099-01-01T00:00:00Z"})
            ask("fences", FENCE)
            wait_until(lambda: bool(ask("fences")["fences"][0]["validFrom"]), "the fence to count")
        with monkeypatch.context() as patch:
            for name, value in locked.as_user("alerts").items():
                patch.setenv(name, value)
            asyncio.run(keep_state_of_alerts(deployment))
        with monkeypatch.context() as patch:
            for name, value in locked.as_user("ingest sightings:").items():
                patch.setenv(name, value)
            asyncio.run(take_in_a_sighting(deployment, locked.inner))
    for refused, said in (
        (locked.tail("kafka", FOREIGN), "or give the user foreign the rights of this program"),
        (locked.tail("redis", FOREIGN), "no permissions"),
        (locked.run("feed", "status", TANKERWATCH_REDIS_USER="status"), "the user feed the rights"),
    ):
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
        assert said in refused.stderr + refused.stdout
    texts = (published.stderr, from_kafka.stderr, status.stdout, status.stderr, log.read_text())
    assert not any(PASSWORD in text for text in texts)


def asked(url: str, path: str, content: Any = None) -> Any:
    """What the feed answers; None while it is not there yet."""
    data = None if content is None else msgspec.json.encode(content)
    try:
        with urllib.request.urlopen(f"{url}/{path}", data, timeout=PATIENCE) as answer:
            return msgspec.json.decode(answer.read())
    except urllib.error.HTTPError:
        raise
    except OSError:
        return None


async def keep_state_of_alerts(deployment: Deployment) -> None:
    client = connect(deployment.redis)
    try:
        rule = RuleStore(client, deployment.prefix, "a rule")
        await rule.open()
        await rule.commit({"open": b"1"}, (), [WITHHELD])
        assert await EventLog(client, deployment.prefix).by_detected(count=1)
    finally:
        await client.aclose()


async def take_in_a_sighting(deployment: Deployment, inner: str) -> None:
    taken = asyncio.Event()

    class Intake:
        source = "sightings"

        async def feed_sightings(self, lines: Sequence[bytes]) -> None:
            taken.set()

    async with AIOKafkaProducer(bootstrap_servers=inner) as anybody:
        await anybody.send_and_wait(deployment.topics.sightings, b"{}")
    feed = SightingsFeed(deployment.broker, deployment.topics, Counters(), Delays())
    reading = asyncio.create_task(feed.run(cast(Any, Intake())))
    await asyncio.wait_for(taken.wait(), PATIENCE)
    await end(reading)


@pytest.mark.services
async def test_a_worker_without_one_of_its_rights_says_so_in_one_line(locked: Locked, tmp_path: Path) -> None:
    deployment, topics = locked.deployment, locked.deployment.topics
    path, log = tmp_path / "later.nmea", tmp_path / "log"
    later = from_text("2030-01-01T00:00:00Z")  # than what another test has published here
    path.write_text("\n".join(simulate("cho_do", 5, start=later).lines) + "\n")
    for name, operation, ends in (
        (topics.ticks, Operation.READ, True),
        (topics.reports, Operation.WRITE, True),
        (f"{PREFIX}{GROUP}", Operation.READ, False),  # waits
    ):
        (right,) = (each for each in rights(topics)["worker"] if each.name == name)
        log.write_text("")
        async with without(locked.inner, "worker", right, operation):
            with process(deployment, log, "worker", **locked.as_user("worker")) as worker:
                if operation is Operation.WRITE:
                    published = await asyncio.to_thread(locked.run, "publish", "publish", str(path))
                    assert published.returncode == 0, published.stderr
                if ends:
                    assert await asyncio.to_thread(worker.wait, PATIENCE) == exit_codes.FAILED
                else:
                    await eventually(partial(_says, log, "event=waiting"), "the line of what it waits for")
        assert "raceback" not in log.read_text()
        *_, last = log.read_text().splitlines()
        assert f"it does not let the user worker use {'' if ends else 'the consumer group '}{name}" in last
        assert "give it the rights of this program" in last


async def _says(log: Path, text: str) -> bool:
    return text in await asyncio.to_thread(log.read_text)


@pytest.mark.services
def test_who_is_not_let_in_is_told_why(locked: Locked) -> None:
    deployment, said = locked.deployment, ""
    for wrong, why in (
        (
            {"TANKERWATCH_KAFKA_PASSWORD_FILE": "", "TANKERWATCH_KAFKA_PASSWORD": "a-wrong-one"},
            "it refuses the user or the password; correct TANKERWATCH_KAFKA_USER",
        ),
        ({"TANKERWATCH_KAFKA_CA": ""}, "no connection by TLS (unable to get local issuer certificate)"),
        (
            {name: "" for name in locked.variables if "CERTIFICATE" in name or "_KEY" in name},
            "got none that it takes); correct TANKERWATCH_KAFKA_CERTIFICATE and TANKERWATCH_KAFKA_KEY",
        ),
        (
            {name: "" for name in locked.as_user("worker") if "KAFKA" in name}
            | {"TANKERWATCH_KAFKA_TLS": "false"},
            "or expect TLS or a password; start it, or correct TANKERWATCH_KAFKA_TLS",
        ),
        (
            {"TANKERWATCH_REDIS_PASSWORD_FILE": "", "TANKERWATCH_REDIS_PASSWORD": "a-wrong-one"},
            "correct TANKERWATCH_REDIS_USER",
        ),
        ({"TANKERWATCH_REDIS_CA": ""}, "correct TANKERWATCH_REDIS_CA"),
        (
            {"TANKERWATCH_REDIS": deployment.redis.replace("rediss:", "redis:")},
            "TANKERWATCH_REDIS: it begins with rediss:// where Redis expects TLS",
        ),
    ):
        source = "kafka" if any("KAFKA" in name for name in wrong) else "redis"
        refused = locked.tail(source, **wrong)
        assert refused.returncode == 1, (wrong, refused.stderr)
        assert "Traceback" not in refused.stderr
        assert refused.stderr.startswith("tankerwatch: error: ")
        assert why in refused.stderr
        said += refused.stderr
    assert PASSWORD not in said
    assert "a-wrong-one" not in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SASL": "GSSAPI"}, "SASL must be one of PLAIN"),
        ({"SASL": "PLAIN", "USER": "a"}, "SASL needs a user and a password"),
        ({"USER": "a"}, "USER needs a way to prove it"),
        ({"CA": "/ca.pem"}, "CA is only used with TLS"),
        ({"CERTIFICATE": "/client.pem"}, "CERTIFICATE is only used with TLS"),
        ({"KEY": "/client.key", "TLS": "true"}, "CERTIFICATE is missing"),
        ({"TLS": "maybe"}, "TLS: should be"),
    ],
)
def test_settings_that_open_nothing(given: dict[str, str], said: str) -> None:
    with pytest.raises(VariableError, match=f"^TANKERWATCH_KAFKA_{said}"):
        from_environment({f"TANKERWATCH_KAFKA_{name}": value for name, value in given.items()})


def test_a_file_of_authorities_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ca.pem"
    monkeypatch.setenv("TANKERWATCH_REDIS_CA", str(path))
    for content in (None, "no certificate"):
        if content:
            path.write_text(content)
        with pytest.raises(VariableError, match=r"TANKERWATCH_KAFKA_CA: .* can't be used"):
            KafkaSecurity(tls=True, ca=str(path)).tls_context()
        with pytest.raises(VariableError, match=r"TANKERWATCH_REDIS_CA: .* can't be used"):
            connect("rediss://127.0.0.1:1/0")
        with pytest.raises(VariableError, match=r"TANKERWATCH_KAFKA_CERTIFICATE: .* can't be used"):
            KafkaSecurity(tls=True, certificate=str(path)).tls_context()


def test_no_client_of_kafka_goes_past_the_settings() -> None:
    root = Path(__file__).parents[3] / "streams"
    named = [path for path in root.rglob("*.py") if "bootstrap_servers" in path.read_text("utf-8")]
    assert named == [root / "runtime" / "kafka_client.py"]
