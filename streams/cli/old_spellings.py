"""Old spellings of commands: most still work, and a remark on standard error says what to write instead."""

from collections.abc import Sequence

from streams.cli.errors import UsageError, notify


def current_spelling(arguments: Sequence[str]) -> list[str]:
    """The arguments as they are spelled today; prints a remark if that is different.

    Raises UsageError for options that are gone.
    """
    words = list(arguments)
    if words[:1] == ["worker"]:
        return _worker(words)
    if words[:1] != ["replay"]:
        return words
    options = words[: words.index("--")] if "--" in words else words  # names of files come after it
    for old, command in ((["--serve"], "serve"), (["--to=kafka"], "publish"), (["--to", "kafka"], "publish")):
        for at in range(1, len(options)):
            if options[at : at + len(old)] == old:
                notify(f"`replay {' '.join(old)}` is now `{command}`: see `tankerwatch {command} --help`")
                return [command, *words[1:at], *words[at + len(old) :]]
    return words


def _worker(words: list[str]) -> list[str]:
    """`worker` without the options that said whether it restarts itself."""
    if "--restart" in words:
        raise UsageError(
            "--restart: a worker no longer restarts itself; let Docker Compose or systemd restart it "
            "(docs/deployment.md has both)"
        )
    if "--no-restart" in words:
        notify("a worker never restarts itself; leave --no-restart out")
    return [word for word in words if word != "--no-restart"]
