"""Spellings of commands that have been replaced: they still work, and a remark says what to write instead."""

from collections.abc import Sequence

from streams.cli.errors import notify


def current_spelling(arguments: Sequence[str]) -> list[str]:
    """The arguments as they are spelled today. Prints a remark on standard error if that is different."""
    words = list(arguments)
    if words[:1] != ["replay"]:
        return words
    options = words[: words.index("--")] if "--" in words else words  # after it come names of files
    for old, command in ((["--serve"], "serve"), (["--to=kafka"], "publish"), (["--to", "kafka"], "publish")):
        for at in range(1, len(options)):
            if options[at : at + len(old)] == old:
                notify(f"`replay {' '.join(old)}` is now `{command}`: see `tankerwatch {command} --help`")
                return [command, *words[1:at], *words[at + len(old) :]]
    return words
