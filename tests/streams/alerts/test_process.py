"""`tankerwatch alerts` as a process: killed in a burst, stopped, taken over; and its commands."""

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import msgspec
import pytest

from models.event import Event, Level
from streams.deployment.config import Deployment
from tests.processes import run
from tests.services.server import free_port
from tests.streams.alerts.environments import (
    AlertEnvironment,
    alert_environment,
    ids,
    wait_for_requests,
)
from tests.streams.alerts.factories import event
from tests.streams.alerts.fake_receivers import (
    Answer,
    MailServer,
    WebhookReceiver,
    serving,
)
from tests.streams.alerts.hostile_names import NAMES, hostile
from tests.streams.alerts.message_factories import SECRET
from tests.streams.deployments import COMMAND, environment, process
from tests.waiting import PATIENCE, eventually

pytestmark = pytest.mark.services


def rules_file(folder: Path, *hooks: WebhookReceiver, more: str = "") -> Path:
    path = folder / "rules.toml"
    path.write_text(
        "\n".join(
            f"""
            [[rule]]
            name = "hook-{number}"
            webhook = {{ url = "{receiver.url}", secret_env = "SECRET", allow_private = true }}
            {more}
            """
            for number, receiver in enumerate(hooks, 1)
        )
    )
    return path


def deployment(env: AlertEnvironment) -> Deployment:
    return Deployment(redis=env.url, prefix=env.prefix)


@contextmanager
def alerts(
    env: AlertEnvironment, rules: Path, *more: str, **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    command = ("alerts", "run", "--rules", str(rules), *more)
    log = rules.with_name("alerts.log")
    with process(deployment(env), log, *command, SECRET=SECRET, **variables) as running:
        yield running


async def ended(running: subprocess.Popen[bytes]) -> int:
    return await asyncio.to_thread(running.wait, PATIENCE)


def call(env: AlertEnvironment, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return run(
        [sys.executable, "-c", COMMAND, "alerts", *arguments],
        env=environment(deployment(env), SECRET=SECRET, **variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


async def reading(env: AlertEnvironment, rules: int) -> None:
    """Wait until the rules have their positions in the log."""

    async def ready() -> bool:
        found = [
            await env.client.hexists(f"{env.prefix}tankerwatch:alerts:rule:hook-{number}", "position")
            for number in range(1, rules + 1)
        ]
        return all(found)

    await eventually(ready, "the rules to start")


async def test_kill_9_in_the_middle_of_a_burst(redis_server: str, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(1000)
    chance = random.Random(seed)
    with serving(WebhookReceiver()) as one, serving(WebhookReceiver()) as two:
        rules = rules_file(tmp_path, one, two)
        two.default = Answer(after=0.002)
        events = [event(number, revision) for revision in (1, 2) for number in range(150)]
        events += [event(number, 3, level=Level.PROBABLE) for number in range(150)]
        expected = [f"{event.id}:{event.revision}" for event in events if event.revision != 2]
        kills = 0
        async with alert_environment(redis_server) as env:
            with alerts(env, rules) as running:
                await reading(env, 2)
                running.kill()
            await env.write(*events)
            while min(len(set(ids(one))), len(set(ids(two)))) < len(expected):
                with alerts(env, rules) as running:
                    # the burst goes on until both have had so many more, or all
                    goals = [
                        (receiver, min(len(expected), len(set(ids(receiver))) + chance.randrange(10, 120)))
                        for receiver in (one, two)
                    ]

                    async def enough(goals: Any = goals) -> bool:
                        return all(len(set(ids(receiver))) >= goal for receiver, goal in goals)

                    await eventually(enough, "the burst to go on")
                    await asyncio.sleep(chance.random() * 0.01)
                    running.kill()
                    kills += 1
            with alerts(env, rules) as running:  # which finds nothing left to do

                async def started() -> bool:
                    return (tmp_path / "alerts.log").read_text().count("alerts_started") == kills + 2

                await eventually(started, "the last to start")
                running.terminate()
                assert await ended(running) == 0
        for receiver in (one, two):
            counted = Counter(ids(receiver))
            assert list(counted) == expected, f"seed {seed}"  # all, in their order
            assert sum(counted.values()) - len(counted) <= kills  # one in hand at each kill
            bodies = {(request.headers["webhook-id"], request.body) for request in receiver.requests}
            assert len(bodies) == len(expected)  # the same id, the same bytes
        print(f"seed {seed}: {kills} kills, {len(one.requests)} and {len(two.requests)} requests")


async def test_sigterm_lets_the_current_message_finish(redis_server: str, tmp_path: Path) -> None:
    with serving(WebhookReceiver()) as receiver:
        receiver.default = Answer(after=1.0)
        rules = rules_file(tmp_path, receiver)
        async with alert_environment(redis_server) as env:
            with alerts(env, rules) as running:
                await reading(env, 1)
                await env.write(event(1))
                await wait_for_requests(receiver, 1)
                running.send_signal(signal.SIGTERM)
                assert await ended(running) == 0
            receiver.default = Answer()
            with alerts(env, rules) as running:
                await env.write(event(2))
                await wait_for_requests(receiver, 2)
            assert ids(receiver) == [f"{event(number).id}:1" for number in (1, 2)]


async def test_a_second_process_takes_over_and_the_first_logs_it(redis_server: str, tmp_path: Path) -> None:
    with serving(WebhookReceiver()) as receiver:
        rules = rules_file(tmp_path, receiver)
        async with alert_environment(redis_server) as env:
            with alerts(env, rules) as first:
                await reading(env, 1)
                owner = await env.client.hget(f"{env.prefix}tankerwatch:alerts:rule:hook-1", "owner")
                with alerts(env, rules):

                    async def taken_over() -> bool:
                        name = f"{env.prefix}tankerwatch:alerts:rule:hook-1"
                        return bool(await env.client.hget(name, "owner") != owner)

                    await eventually(taken_over, "the second to start")
                    await env.write(event(1))
                    await wait_for_requests(receiver, 1)
                    assert await ended(first) == 4
    assert (
        'event=ends reason="another process has taken over rule hook-1"'
        in (tmp_path / "alerts.log").read_text()
    )


async def test_metrics_count_messages_by_outcome(redis_server: str, tmp_path: Path) -> None:
    port = free_port()
    with serving(WebhookReceiver()) as receiver:
        receiver.answers = [Answer(204), Answer(400)]
        rules = rules_file(tmp_path, receiver, more="max_per_hour = 2")

        def metrics() -> dict[str, float]:
            with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                text = answer.read().decode()
            found = re.findall(r'^tankerwatch_alerts_total{outcome="(\w+)",rule="hook-1"} (\S+)$', text, re.M)
            waiting = re.search(r'^tankerwatch_alerts_waiting{rule="hook-1"} (\S+)$', text, re.M)
            assert waiting is not None
            return {name: float(value) for name, value in found} | {"waiting": float(waiting[1])}

        async with alert_environment(redis_server) as env:
            with alerts(env, rules, "--metrics-port", str(port)):
                await reading(env, 1)
                await env.write(*(event(number) for number in range(5)))

                async def counted() -> bool:
                    found = {"delivered": 2, "dead": 1, "held": 2, "waiting": 2}
                    return metrics() == {name: float(value) for name, value in found.items()}

                await eventually(counted, "the counts")


async def test_logs_of_hostile_events_are_one_harmless_line_each(redis_server: str, tmp_path: Path) -> None:
    with serving(WebhookReceiver()) as receiver:
        rules = rules_file(tmp_path, receiver)
        async with alert_environment(redis_server) as env:
            with alerts(env, rules) as running:
                await reading(env, 1)
                for number, name in enumerate(NAMES):
                    receiver.answers.append(Answer(400, body=name.encode() + b"\nlevel=ERROR event=feigned"))
                    await env.write(renamed(hostile(name), number))
                await wait_for_requests(receiver, len(NAMES))
                running.terminate()
                assert await ended(running) == 0
            text = (tmp_path / "alerts.log").read_text()
            lines = text.splitlines()
            assert text.count("\n") == len(lines)
            assert all(re.match(r"time=\S+Z level=[A-Z]+ event=\w+( |$)", line) for line in lines)
            assert not any(re.match(r"time=\S+ level=\S+ event=feigned", line) for line in lines)
            assert text.isascii()
            assert sum("event=dead" in line for line in lines) == len(NAMES)
            listed = call(env, "dead")
            assert listed.returncode == 0
            assert len(listed.stdout.splitlines()) == 2 * len(NAMES)
            assert all(sign.isprintable() or sign == "\n" for sign in listed.stdout)


def renamed(one: Event, number: int) -> Event:
    return msgspec.structs.replace(one, id=f"{number:024x}")


# --- commands


async def test_dead_letters_are_listed_and_sent_again(redis_server: str, tmp_path: Path) -> None:
    with serving(WebhookReceiver()) as receiver:
        rules = rules_file(tmp_path, receiver)
        receiver.default = Answer(404, body=b"no such hook")
        async with alert_environment(redis_server) as env:
            with alerts(env, rules):
                await reading(env, 1)
                await env.write(event(1), event(2))
                await wait_for_requests(receiver, 2)

                async def kept() -> bool:
                    return len(await env.dead_letters()) == 2

                await eventually(kept, "two dead letters")
            first, second = (f"{event(number).id}:1" for number in (1, 2))
            told = call(env, "dead").stdout
            assert f"hook-1  {first}  Possible port visit: OCEAN STAR\n    http" in told
            assert "answered 404: no such hook" in told
            lines = [msgspec.json.decode(line) for line in call(env, "dead", "--json").stdout.splitlines()]
            assert [line["message"]["data"]["id"] for line in lines] == [event(1).id, event(2).id]
            failed = call(env, "retry", "--rules", str(rules), first, "nothing")
            assert failed.returncode == 1
            assert "nothing: no such dead letter" in failed.stderr
            assert f"{first}: not delivered (never)" in failed.stderr
            receiver.default = Answer()
            receiver.requests.clear()
            assert call(env, "retry", "--rules", str(rules), second).returncode == 0
            assert ids(receiver) == [second]
            assert call(env, "retry", "--rules", str(rules)).returncode == 0
            assert ids(receiver) == [second, first]
            assert (call(env, "dead").stdout, await env.dead_letters()) == ("", [])


async def test_a_disabled_rule_is_listed_and_enabled(redis_server: str, tmp_path: Path) -> None:
    with serving(WebhookReceiver()) as receiver:
        rules = rules_file(tmp_path, receiver)
        receiver.answers = [Answer(410, body=b"\x1b[31mwe are gone")]
        async with alert_environment(redis_server) as env:
            assert re.search(r"^hook-1 +webhook +new ", call(env, "list", "--rules", str(rules)).stdout, re.M)
            with alerts(env, rules):
                await reading(env, 1)
                await env.write(event(1))
                await wait_for_requests(receiver, 1)

                async def disabled() -> bool:
                    return "disabled" in call(env, "list", "--rules", str(rules)).stdout

                await eventually(disabled, "the list to say so")
                assert call(env, "enable", "hook-1", "--rules", str(rules)).returncode == 0
                await wait_for_requests(receiver, 2)
            assert ids(receiver) == [f"{event(1).id}:1"] * 2


async def test_a_rule_can_be_tried_out(redis_server: str, tmp_path: Path) -> None:
    with serving(WebhookReceiver()) as receiver, serving(MailServer()) as server:
        rules = rules_file(tmp_path, receiver)
        mail = f"""
            [[rule]]
            name = "mail"
            filter = {{ type = "loitering" }}
            [rule.email]
            host = "127.0.0.1"
            port = {server.port}
            security = "none"
            from = "watch@example.org"
            to = ["duty@example.org"]
            """
        rules.write_text(rules.read_text() + mail)
        async with alert_environment(redis_server) as env:
            done = call(env, "test", "hook-1", "--rules", str(rules))
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout.startswith("rule 'hook-1': delivered: http://127.0.0.1:")
            assert (receiver.requests[0].json["type"], ids(receiver)[0][:5]) == ("test", "test:")
            assert call(env, "test", "mail", "--rules", str(rules)).returncode == 0
            assert server.mails[0]["subject"].startswith("TEST: ")
            receiver.default = Answer(403, body=b"wrong secret")
            failed = call(env, "test", "hook-1", "--rules", str(rules))
            assert failed.returncode == 1
            assert "rule 'hook-1': not delivered (never): http" in failed.stderr
            assert "answered 403: wrong secret" in failed.stderr
            unknown = call(env, "test", "hook-2", "--rules", str(rules))
            assert unknown.returncode == 2
            assert "no rule is named 'hook-2'; there are hook-1, mail" in unknown.stderr


def test_the_example_is_valid_and_missing_variables_are_named(tmp_path: Path) -> None:
    env = AlertEnvironment("redis://127.0.0.1:1/0", None, "", None)  # type: ignore[arg-type]
    path = tmp_path / "rules.toml"
    path.write_text(call(env, "example").stdout)
    checked = call(env, "check", "--rules", str(path))
    assert (checked.returncode, checked.stdout) == (0, f"{path}: 6 rules, nothing wrong\n")
    assert "rule 'duty-officer': MAIL_PASSWORD is not set here" in checked.stderr
    started = call(env, "run", "--rules", str(path))
    assert started.returncode == 2
    assert "rule 'bus': mqtt: the environment variable MQTT_PASSWORD is not set" in started.stderr
    path.write_text("[[rule]]\nname = 'a'\n[[rule]]\nname = 'b'\nquiet = 1")
    wrong = call(env, "check", "--rules", str(path))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert len(wrong.stderr.splitlines()) == 2


def test_without_redis_the_message_says_what_to_do(tmp_path: Path) -> None:
    env = AlertEnvironment(f"redis://127.0.0.1:{free_port()}/0", None, "", None)  # type: ignore[arg-type]
    done = call(env, "dead")
    assert done.returncode == 1
    assert "nobody answers there; start it, or correct TANKERWATCH_REDIS" in done.stderr
    assert os.environ.get("TANKERWATCH_RULES") is None
    assert call(env, "list").returncode == 2
