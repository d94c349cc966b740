"""The root of every exception that tankerwatch itself raises, and its one branch."""


class TankerwatchError(Exception):
    """Something that can't be done, or must not be. `problems` holds one sentence for each reason.

    A sentence says where (a file and line, a service, a partition), what is wrong, and what to do about it.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InputError(TankerwatchError, ValueError):
    """An option, a file or an environment variable that somebody gave and that can't be used as it is.

    A command that ends by this was used wrongly: exit code 2, where other errors give 1.
    """
