"""A real Redis for tests, with its append-only file: what it has acknowledged survives kill -9."""

import shutil
import socket

from tests.services.server import HOST, Server, ServiceError


class RedisServer(Server):
    name = "redis"

    @property
    def url(self) -> str:
        return f"redis://{self.address}/0"

    def _command(self) -> list[str]:
        program = shutil.which("redis-server")
        if program is None:
            raise ServiceError(
                "redis-server is not installed. Run tests/services/setup.sh, or install redis-server, "
                "or name a running one by TANKERWATCH_TEST_REDIS=redis://HOST:PORT/0"
            )
        return [
            program,
            "--port",
            str(self.port),
            "--bind",
            HOST,
            "--dir",
            str(self.folder),
            "--appendonly",
            "yes",
            "--appendfsync",
            "everysec",
            "--save",
            "",
            "--loglevel",
            "warning",
        ]

    def _ready(self) -> bool:
        # refused while it starts; "-LOADING" while it reads its file
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False
