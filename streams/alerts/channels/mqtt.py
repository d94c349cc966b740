"""MQTT: messages under topics of their own, at least once (QoS 1)."""

import ssl
from typing import Final

import aiomqtt

from streams.alerts.channel import Outcome, Result
from streams.alerts.message import Digest, Gap, Message, Share, Single, payload
from streams.alerts.receivers import Mqtt
from streams.output.sanitize import sanitize

SECONDS: Final = 15.0


class MqttChannel:
    """Connects for each message: alerts are rare, and a broken connection would cost a timeout."""

    def __init__(self, settings: Mqtt, password: str | None) -> None:
        self._settings, self._password = settings, password
        self._context = ssl.create_default_context() if settings.tls else None

    async def send(self, message: Message) -> Outcome:
        host, port = self._settings.at
        topic = topic_of(message, self._settings.topic)
        retain = self._settings.retain and isinstance(message, Single) and not message.test
        client = aiomqtt.Client(
            host,
            port,
            username=self._settings.user,
            password=self._password,
            tls_context=self._context,
            timeout=SECONDS,
        )
        sent = False
        try:
            async with client:
                sent = True
                await client.publish(topic, payload(message), qos=1, retain=retain)
        except aiomqtt.MqttError as error:
            return Outcome(Result.AWAY, f"{host}:{port}: {sanitize(error)}", unsure=sent)
        except ValueError as error:  # paho raises it for a topic or payload that MQTT does not allow
            return Outcome(Result.NEVER, f"{topic}: {sanitize(error)}")
        return Outcome(Result.DELIVERED, f"{host}:{port} has {topic}")


def topic_of(message: Message, template: str) -> str:
    """The topic of a message. No value from outside can add a level or a wildcard to it."""
    match message:
        case Single(event=event):
            fields = {
                "type": event.type,
                "level": event.level,
                "status": event.status,
                "id": message.id if message.test else event.id,
                "kind": "test" if message.test else message.kind,
                "mmsi": event.vessel.ssvid,
                "flag": event.vessel.flag,
            }
        case Share(passed=passed):
            kind = "test" if message.test else "cap_share"
            fields = {"type": "ledger", "id": f"{passed.year}-{passed.share:g}", "kind": kind}
        case Digest():
            levels = {alert.level for alert in message.alerts}
            level = "probable" if "probable" in levels else "possible"
            fields = {"type": "digest", "level": level, "id": message.id, "kind": "digest"}
        case Gap():
            fields = {"type": "gap", "id": message.id, "kind": "gap"}
    names = ("type", "level", "status", "id", "kind", "mmsi", "flag")
    return template.format(**{name: _level(fields.get(name)) for name in names})


def _level(value: str | None) -> str:
    """One level of a topic: letters, digits and harmless characters."""
    return "".join(sign if sign.isalnum() or sign in "-_." else "_" for sign in value or "none")
