"""Kafka and Redis that are locked, with TLS and a password: every process works with them, and says nothing
of the password; whoever has no password, or the wrong one, gets in nowhere."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from models.event import from_json
from streams.deployment.config import Deployment
from streams.runtime.environment import VariableError
from streams.runtime.kafka_client import KafkaSecurity, from_environment
from streams.runtime.redis_client import connect
from tests.scenarios.simulated import recording
from tests.services.plugin import fails_without_service
from tests.services.secure import PREFIX, USER, Certificates, SecureKafkaServer, SecureRedisServer
from tests.streams.deployments import process, run_command
from tests.unsaid import PASSWORD
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Deployment, dict[str, str]]]:
    """A deployment, and the variables that open it, with the passwords in files."""
    folder = tmp_path_factory.mktemp("locked")
    with fails_without_service():
        made = Certificates(folder / "certificates")
        secret = folder / "secret"
        secret.write_text(f"{PASSWORD}\n")
        with (
            SecureKafkaServer(folder / "kafka", made) as kafka,
            SecureRedisServer(folder / "redis", made) as redis,
        ):
            deployment = Deployment(broker=kafka.address, redis=redis.url, prefix=PREFIX, spread=1)
            yield (
                deployment,
                {
                    "TANKERWATCH_KAFKA_TLS": "true",
                    "TANKERWATCH_KAFKA_CA": str(made.ca),
                    "TANKERWATCH_KAFKA_CERTIFICATE": str(made.chain),
                    "TANKERWATCH_KAFKA_KEY": str(made.locked),
                    "TANKERWATCH_KAFKA_KEY_PASSWORD_FILE": str(secret),
                    "TANKERWATCH_KAFKA_SASL": "SCRAM-SHA-512",
                    "TANKERWATCH_KAFKA_USER": USER,
                    "TANKERWATCH_KAFKA_PASSWORD_FILE": str(secret),
                    "TANKERWATCH_REDIS_USER": USER,
                    "TANKERWATCH_REDIS_PASSWORD_FILE": str(secret),
                    "TANKERWATCH_REDIS_CA": str(made.ca),
                },
            )


def tail(deployment: Deployment, source: str, more: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return run_command(
        deployment,
        "events",
        "tail",
        "--source",
        source,
        "--once",
        "--json",
        **more,
    )


@pytest.mark.services
def test_every_process_works_with_what_is_locked(
    locked: tuple[Deployment, dict[str, str]], tmp_path: Path
) -> None:
    deployment, more = locked
    path = tmp_path / "cho_do.nmea"
    path.write_text("\n".join(recording("cho_do", 5, "none")) + "\n")
    log = tmp_path / "log"
    published = run_command(deployment, "publish", str(path), **more)
    assert published.returncode == 0, published.stderr
    plain = more | {"TANKERWATCH_KAFKA_SASL": "PLAIN"}
    with (
        process(deployment, log, "worker", **more),
        process(deployment, log, "sink", **plain),
    ):

        def found() -> bool:
            return '"encounter"' in tail(deployment, "redis", more).stdout

        wait_until(found, "the events in Redis")
        for mechanism in ("PLAIN", "SCRAM-SHA-256"):
            from_kafka = tail(deployment, "kafka", more | {"TANKERWATCH_KAFKA_SASL": mechanism})
            assert from_kafka.returncode == 0, from_kafka.stderr
            assert {from_json(line.encode()).type for line in from_kafka.stdout.splitlines()} >= {"encounter"}
        status = run_command(deployment, "status", **more)
        assert "last event: " in status.stdout
        said = published.stderr + from_kafka.stderr + status.stdout + status.stderr + log.read_text()
    for wrong, why in (
        (
            {"TANKERWATCH_KAFKA_PASSWORD_FILE": "", "TANKERWATCH_KAFKA_PASSWORD": "a-wrong-one"},
            "it refuses the user or the password; correct TANKERWATCH_KAFKA_USER",
        ),
        ({"TANKERWATCH_KAFKA_CA": ""}, "no connection by TLS (unable to get local issuer certificate)"),
        (
            {name: "" for name in more if "CERTIFICATE" in name or "_KEY" in name},
            "got none that it takes); correct TANKERWATCH_KAFKA_CERTIFICATE and TANKERWATCH_KAFKA_KEY",
        ),
        (
            {name: "" for name in more if "KAFKA" in name} | {"TANKERWATCH_KAFKA_TLS": "false"},
            "or expect TLS or a password; start it, or correct TANKERWATCH_KAFKA_TLS",
        ),
        (
            {"TANKERWATCH_REDIS_PASSWORD_FILE": "", "TANKERWATCH_REDIS_PASSWORD": "a-wrong-one"},
            "correct TANKERWATCH_REDIS_USER",
        ),
        ({"TANKERWATCH_REDIS_USER": "outsider"}, "no permissions"),
        ({"TANKERWATCH_REDIS_CA": ""}, "correct TANKERWATCH_REDIS_CA"),
        (
            {"TANKERWATCH_REDIS": deployment.redis.replace("rediss:", "redis:")},
            "TANKERWATCH_REDIS: it begins with rediss:// where Redis expects TLS",
        ),
    ):
        source = "kafka" if any("KAFKA" in name for name in wrong) else "redis"
        refused = tail(deployment, source, more | wrong)
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
