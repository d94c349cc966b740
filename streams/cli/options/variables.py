"""Variables: every environment variable that tankerwatch reads, and which that look like one it does not."""

from collections.abc import Iterable, Iterator
from typing import Final

from models.errors import question, spelt_alike
from streams.runtime.environment import PREFIX, Variables

Rows = list[tuple[str, str, str]]

Groups = tuple[tuple[str, type[Variables], str], ...]

PROCESSES: Final[Rows] = [
    ("TANKERWATCH_LOG", "text", "Form of the log: `text` (logfmt) or `json`."),
    ("TANKERWATCH_LOG_LEVEL", "info", "Lowest level that is logged: `debug`, `info`, `warning` or `error`."),
    (
        "TANKERWATCH_METRICS_HOST",
        "127.0.0.1",
        "Address on which workers, sink and alerts serve their metrics.",
    ),
    ("TANKERWATCH_RULES", "", "File of alert rules, if `--rules` is not given."),
    ("TANKERWATCH_TOKEN", "", "Token with which `tankerwatch events` reads from a feed."),
    ("AISSTREAM_API_KEY", "", "Key of aisstream.io, for the source `aisstream:`."),
    (
        "TANKERWATCH_INGEST_TOKEN",
        "",
        "Token that senders to the source `http://` have to give; none for any sender.",
    ),
    ("TANKERWATCH_MQTT_USER", "", "Name for the broker of the source `mqtt://`."),
    ("TANKERWATCH_MQTT_PASSWORD", "", "Password for the broker of the source `mqtt://`."),
    (
        "XDG_STATE_HOME",
        "~/.local/state",
        "`tankerwatch ingest` keeps its buffer in the folder `tankerwatch` in it.",
    ),
]

COMPOSE: Final[Rows] = [
    ("TANKERWATCH_SOURCES", "udp://:10110", "Sources of the ingest, separated by spaces."),
    ("TANKERWATCH_LISTEN", "127.0.0.1", "Address of this machine on which UDP datagrams are taken."),
    ("TANKERWATCH_UDP_PORT", "10110", "UDP port of this machine on which datagrams are taken."),
    ("TANKERWATCH_BUFFER_LIMIT", "1GiB", "Size of the buffer of the ingest on disk."),
    ("TANKERWATCH_WORKERS", "1", "Number of workers."),
    ("TANKERWATCH_KAFKA_HOST", "127.0.0.1", "Address under which programs outside Docker reach Kafka."),
    ("TANKERWATCH_KAFKA_PORT", "9092", "Port under which programs outside Docker reach Kafka."),
    ("TANKERWATCH_KAFKA_HEAP", "-Xms512m -Xmx1g", "Memory options of Kafka's Java."),
    ("TANKERWATCH_REDIS_SECRET", "./secrets/redis_password", "File of the password of Redis."),
    ("TANKERWATCH_MEMORY", "4g", "Memory that each service of ours may take."),
    ("TANKERWATCH_KAFKA_MEMORY", "3g", "Memory that Kafka may take, with its Java."),
    ("TANKERWATCH_REDIS_MEMORY", "4g", "Memory that Redis may take."),
    ("TANKERWATCH_FEED_LISTEN", "127.0.0.1", "Address of this machine on which the feed is served."),
    ("TANKERWATCH_FEED_PORT", "8080", "Port of this machine on which the feed is served."),
    ("TANKERWATCH_ALERTS_SECRETS", "./alerts.env", "File of the secrets that the alert rules name."),
    ("TANKERWATCH_ARCHIVE_DAYS", "400", "Days for which the archive keeps raw frames; 0 for ever."),
    ("TANKERWATCH_IMAGE_TAG", "local", "Tag of the image that is built and run."),
]

TESTS: Final[Rows] = [
    ("TANKERWATCH_DATA", "", "Folder of real recordings. Without it, tests marked `recorded` are left out."),
    (
        "TANKERWATCH_CASES",
        "",
        "Folder of cases with right answers. Without it, tests marked `cases` are left out.",
    ),
    ("TANKERWATCH_TEST_KAFKA", "", "Kafka for the tests, as HOST:PORT. Without it the tests start one."),
    ("TANKERWATCH_TEST_REDIS", "", "Redis for the tests, as a URL. Without it the tests start one."),
    (
        "TANKERWATCH_TEST_CHROMIUM",
        "",
        "Chromium for the tests of the page, as a path. Without it the tests look for one.",
    ),
    ("TANKERWATCH_EXAMPLES", "", "How many examples tests with made-up input try. Without it, few."),
    ("TANKERWATCH_REVISIONS", "1000", "Revisions that the test of the stream sends."),
    ("TANKERWATCH_SCENARIOS", "", "`all`: the test of the page's truth walks all scenarios; else a few."),
    ("TANKERWATCH_TEST_RUN", "", "Folder that the processes of one run of the tests share. They set it."),
]


def settings() -> Groups:
    """The variables that are fields of settings: what they are about, which, and a sentence."""
    from streams.deployment.config import Deployment  # loaded where asked for: Kafka's client takes long
    from streams.feed.settings import FeedSettings
    from streams.runtime.kafka_client import KafkaSecurity
    from streams.runtime.redis_client import RedisSecurity
    from streams.store.retention import Retention

    return (
        ("A deployment", Deployment, "Every process of a deployment reads them."),
        ("How Kafka is reached", KafkaSecurity, "All that use Kafka read them."),
        ("How Redis is reached", RedisSecurity, "All that use Redis read them."),
        ("What the sink keeps in Redis", Retention, "`tankerwatch sink` reads them."),
        ("The feed", FeedSettings, "`tankerwatch feed` and `serve` read them."),
    )


def unread(names: Iterable[str]) -> Iterator[str]:
    """For each of these variables that has our prefix and is none of ours, a sentence."""
    ours = {name for name, _, _ in (*PROCESSES, *COMPOSE, *TESTS)}
    others = [name for name in sorted(names) if name.startswith(PREFIX) and not _among(ours, name)]
    if others:
        ours |= {
            f"{kind.PREFIX}{name.upper()}" for _, kind, _ in settings() for name in kind.__struct_fields__
        }
    for name in others:
        if _among(ours, name):
            continue
        near = spelt_alike(name.removeprefix(PREFIX), (each.removeprefix(PREFIX) for each in ours))
        hint = question([each if each in ours else f"{PREFIX}{each}" for each in near])
        yield (
            f"{name}: nothing reads this variable, unless a file of alert rules names it{hint}; "
            "docs/reference/environment.md has all"
        )


def _among(ours: set[str], name: str) -> bool:
    return name in ours or name.removesuffix("_FILE") in ours
