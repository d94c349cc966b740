"""The file of rules: what is valid, and that each problem names rule, key and valid values."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from streams.alerts.alert import Revision
from streams.alerts.receivers import Email, Mqtt
from streams.alerts.rules import RulesError, load, read
from tests.streams.alerts.factories import WEBHOOK, event

MAIL = {"host": "mail.example.org", "from": "a@example.org", "to": ["b@example.org"]}
BROKER = {"host": "broker.example.org"}


def problems(**rule: Any) -> list[str]:
    with pytest.raises(RulesError) as raised:
        read({"rule": [{"name": "watch", **rule}]})
    return list(raised.value.problems)


def test_a_rule_has_defaults() -> None:
    (rule,) = read({"rule": [{"name": "watch", "webhook": WEBHOOK}]}).rules
    assert rule.reported == (Revision.NEW, Revision.RAISED, Revision.RETRACTED)
    assert (rule.channel, rule.quiet, rule.max_per_hour) == ("webhook", None, None)
    assert rule.selection().matches(event())


def test_filters_are_the_same_as_elsewhere() -> None:
    given = {
        "type": ["port_visit", "encounter"],
        "country": "RU",
        "mmsi": [273000000],
        "bbox": [132, 42, 134, 43.5],
        "min_score": 0.5,
    }
    (rule,) = read({"rule": [{"name": "watch", "webhook": WEBHOOK, "filter": given}]}).rules
    assert rule.selection().matches(event(0))
    assert not rule.selection().matches(event(1))


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"webhook": WEBHOOK, "colour": "red"}, "unknown key 'colour'; valid here are name, filter,"),
        ({"webhook": WEBHOOK | {"urll": ""}}, "webhook: unknown key 'urll' (did you mean url"),
        ({"webhook": {"url": "https://example.org"}}, "webhook: secret_env is missing"),
        ({"webhook": {"secret_env": "A"}}, "webhook: give either url or url_env"),
        ({"webhook": WEBHOOK | {"url": "http://example.org"}}, "goes without TLS; use https, or say"),
        ({"webhook": WEBHOOK | {"url": "ftp://example.org"}}, "is not a web address"),
        ({"webhook": WEBHOOK | {"url": "https://a:b@example.org"}}, "secrets don't belong in the file"),
        ({"webhook": WEBHOOK | {"url": "https://example.org:99999"}}, "port = 99999 is not a port"),
        ({"webhook": WEBHOOK | {"url": "https://0177.0.0.1/"}}, "can't be read"),
        ({"webhook": WEBHOOK | {"url": "https://example.org/\n"}}, "can't be read"),
        ({"webhook": WEBHOOK | {"secret_env": "whsec_abc="}}, "is not the name of an environment variable"),
        ({"webhook": WEBHOOK, "revisions": ["new", "old"]}, "revisions: 'old' is not valid; choose"),
        ({"webhook": WEBHOOK, "revisions": []}, "revisions is empty; valid are new"),
        ({"webhook": WEBHOOK, "filter": {"type": "meeting"}}, "filter.type: 'meeting' is not valid; the"),
        ({"webhook": WEBHOOK, "filter": {"levle": "x"}}, "filter.levle: no such filter; the filters are"),
        ({"webhook": WEBHOOK, "max_per_hour": 0}, "max_per_hour must be from 1 to 1000"),
        ({"webhook": WEBHOOK, "quiet": {"from": "22:00", "to": "07:00"}}, "quiet: zone is missing"),
        ({}, "needs one receiver, has none; give one of webhook, email, slack, mqtt"),
        ({"webhook": WEBHOOK, "email": MAIL}, "needs one receiver, has webhook and email"),
        ({"email": MAIL | {"security": "ssl"}}, "'ssl' is not valid; choose one of starttls, tls"),
        ({"email": MAIL | {"to": ["b@example.org\nBcc: c@example.org"]}}, "is not an e-mail address"),
        ({"email": MAIL | {"to": []}}, "to is empty"),
        ({"email": MAIL | {"user": "a"}}, "user and password_env go together"),
        ({"mqtt": BROKER | {"topic": "a/{name}"}}, "no such field {name}; valid are {type}, {level}"),
        ({"mqtt": BROKER | {"topic": "a/{id.__class__}"}}, "no such field"),
        ({"mqtt": BROKER | {"topic": "a/#"}}, "has signs that topics can't have"),
        ({"mqtt": BROKER | {"topic": "$SYS/x"}}, "must begin with a name"),
        ({"mqtt": BROKER | {"topic": "a/{id"}}, "topic = 'a/{id'"),
        ({"mqtt": BROKER | {"port": 0}}, "port = 0 is not a port"),
    ],
)  # fmt: skip
def test_a_problem_names_rule_key_and_valid_values(rule: dict[str, Any], told: str) -> None:
    (problem,) = problems(**rule)
    assert problem.startswith("rule 'watch': ")
    assert told in problem


def test_all_problems_are_reported_at_once() -> None:
    with pytest.raises(RulesError) as raised:
        read(
            {
                "rules": [],
                "page": "feed",
                "rule": [{"name": "A b"}, {"webhook": WEBHOOK}, *2 * [{"name": "c", "webhook": WEBHOOK}]],
            }
        )
    told = raised.value.problems
    assert len(told) == 5
    assert told[0] == "unknown key 'rules'; valid at the top are rule and page"
    assert told[3] == "rule number 2: name is missing"
    assert told[4].startswith("rule 'c': the name is taken")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[[rule]\n", "not valid TOML"),
        (b"\xff", "is not UTF-8"),
        (b"", "there are no rules; each begins with [[rule]]"),
        (None, "can't be read (No such file or directory)"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "rules.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RulesError) as raised:
        load(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert told in str(raised.value)


def test_ports_follow_from_the_encryption() -> None:
    def of(**rule: Any) -> Any:
        return read({"rule": [{"name": "watch", **rule}]}).rules[0].receiver

    for security, port in (("starttls", 587), ("tls", 465), ("none", 25)):
        mail = of(email=MAIL | {"security": security})
        assert isinstance(mail, Email)
        assert mail.at == ("mail.example.org", port)
    for tls, port in ((True, 8883), (False, 1883)):
        broker = of(mqtt=BROKER | {"tls": tls})
        assert isinstance(broker, Mqtt)
        assert broker.at == ("broker.example.org", port)


def test_the_rule_in_the_documentation_is_valid() -> None:
    text = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text("utf-8")
    (rule,) = read(tomllib.loads(text.partition("```toml\n")[2].partition("```")[0])).rules
    assert (rule.name, rule.channel, rule.max_per_hour) == ("duty-officer", "email", 6)
    assert rule.quiet is not None
