"""The channel of each rule, with the secrets from the environment."""

from collections.abc import Mapping

from streams.alerts.channel import Channel
from streams.alerts.channels.http import Poster
from streams.alerts.channels.mail import MailChannel
from streams.alerts.channels.mqtt import MqttChannel
from streams.alerts.channels.slack import SlackChannel
from streams.alerts.channels.webhook import WebhookChannel
from streams.alerts.receivers import Email, MissingSecret, Mqtt, Slack, Webhook, secret
from streams.alerts.rules import Rule, Rules, RulesError


def channel_of(rule: Rule, page: str, environment: Mapping[str, str]) -> Channel:
    """Raises RulesError."""
    try:
        match rule.receiver:
            case Webhook() as webhook:
                poster = Poster(webhook.address(environment), webhook.allow_private)
                try:
                    return WebhookChannel(poster, secret(webhook.secret_env, environment))
                except MissingSecret:
                    raise
                except ValueError as error:
                    raise ValueError(f"{webhook.secret_env} {error}") from None
            case Slack() as slack:
                return SlackChannel(Poster(slack.address(environment), slack.allow_private), page)
            case Email() as email:
                return MailChannel(email, _password(email.password_env, environment), rule.name, page)
            case Mqtt() as mqtt:
                return MqttChannel(mqtt, _password(mqtt.password_env, environment))
    except ValueError as error:
        raise RulesError(f"rule {rule.name!r}: {rule.channel}: {error}") from None


def channels(rules: Rules, environment: Mapping[str, str]) -> list[Channel]:
    """The channels in the order of the rules. Raises RulesError with all problems."""
    made: list[Channel] = []
    problems: list[str] = []
    for rule in rules.rules:
        try:
            made.append(channel_of(rule, rules.page, environment))
        except RulesError as error:
            problems += error.problems
    if problems:
        raise RulesError(*problems)
    return made


def _password(variable: str | None, environment: Mapping[str, str]) -> str | None:
    return None if variable is None else secret(variable, environment)
