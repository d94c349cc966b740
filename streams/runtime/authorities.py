"""Authorities: the file of those whose certificates count, as a context of TLS, or a sentence about it."""

import ssl

from streams.runtime.environment import VariableError


def trusting(file: str, variable: str) -> ssl.SSLContext:
    """A context for clients; without a file, the authorities of the system count.

    Raises VariableError, which names the variable that the file is from.
    """
    try:
        return ssl.create_default_context(cafile=file or None)
    except (OSError, ssl.SSLError) as error:
        why = (
            error.strerror
            if not isinstance(error, ssl.SSLError) and error.strerror
            else "no certificates in PEM"
        )
        raise VariableError(
            f"{variable}: {file} can't be used ({why}); name the PEM file of the authority"
        ) from None
