"""The reference of what each program may do on Kafka and Redis."""

from streams.deployment import rights as programs
from streams.deployment.rights import Right
from streams.deployment.topics import Topics
from tests.docs.markdown import page, table


def rights() -> str:
    """The page."""
    given = programs.rights(Topics()).items()
    return page(
        "Rights",
        "What each program needs to be allowed on a Kafka with an authorizer (`StandardAuthorizer`), and on "
        "a Redis with users. Give each program a user of its own "
        "([security](../security.md#tls-and-passwords)): it works with these rights alone, as a test on real "
        "servers shows. `TANKERWATCH_PREFIX` is put before each name. Programs of others that read events "
        "need what `events tail` needs; those that write sightings need `Write` on `ais.sightings`.",
        "## Kafka",
        "Only workers make topics. Others wait until one has, and until they have their rights; their logs "
        "say so. `ingest sightings:` needs the rights of `ingest` as well. `feed` needs Kafka only for "
        "fences that are drawn on its page.",
        table(
            ("program", "resource", "operations"),
            [
                (f"`{program}`", f"{right.resource} `{right.name}`", ", ".join(right.operations))
                for program, some in given
                for right in some
            ],
        ),
        "For example, with `/opt/kafka/bin` in the path and `sink` as the name of the user:",
        _commands("sink"),
        "## Redis",
        "As `ACL SETUSER` takes them, or a line of the file of users, for example "
        "`user sink on >PASSWORD …`. `ingest` and `archive` do not use Redis. Commands with `--redis` need "
        "the rules of `events tail`. Whoever reads events may see all keys of the deployment.",
        table(
            ("program", "rules"),
            [(f"`{program}`", f"`{' '.join(rules)}`") for program, rules in programs.redis_rules().items()],
        ),
    )


def _commands(program: str) -> str:
    lines = [
        f"    kafka-acls.sh --bootstrap-server HOST:PORT --command-config admin.properties --add \\\n"
        f"        --allow-principal User:{program} --{right.resource} {right.name}{_options(right)}"
        for right in programs.rights(Topics())[program]
    ]
    return "\n".join(lines)


def _options(right: Right) -> str:
    return "".join(f" --operation {operation}" for operation in right.operations)
