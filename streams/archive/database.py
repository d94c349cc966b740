"""An archive as tables of DuckDB, for questions in SQL.

docs/archive.md describes the tables. DuckDB is the optional extra `query`.
"""

import glob
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from models.errors import InputError
from streams.archive.folder import archived, read_manifest
from streams.archive.tables import SCHEMAS

Row = dict[str, Any]
"""One row of an answer, by name of the column."""


class QueryError(InputError):
    """A question that can't be answered; the text says why and what to do."""


_VIEWS: Final = (
    # the latest revision of each event
    "CREATE VIEW events AS SELECT * FROM revisions QUALIFY "
    "row_number() OVER (PARTITION BY id ORDER BY revision DESC) = 1",
    # the latest revision of each call that stands
    "CREATE VIEW visits AS SELECT * FROM visit_revisions QUALIFY "
    "row_number() OVER (PARTITION BY id ORDER BY revision DESC) = 1 AND status <> 'retracted'",
    # what is known last of each MMSI
    "CREATE VIEW vessels AS SELECT * FROM identities QUALIFY "
    "row_number() OVER (PARTITION BY mmsi ORDER BY gone, time DESC) = 1",
)
_NAMES: Final = {"events": "revisions", "visits": "visit_revisions"}


class Database:
    """Tables `ticks`, `identities`, `revisions`, `events`, `visits`, `visit_revisions` and `vessels`."""

    def __init__(self, folder: Path) -> None:
        """Raises ArchiveError where there is none, QueryError where it is empty or DuckDB is missing."""
        manifest = read_manifest(folder)
        try:
            import duckdb
        except ImportError:
            raise QueryError("questions need DuckDB, which is not installed: `pip install duckdb`") from None
        self.folder, place = folder, folder.resolve()
        self._error = duckdb.Error
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")
        files = {table: archived(folder, manifest, table, ".parquet") for table in SCHEMAS}
        if not any(files.values()):
            raise QueryError(f"{folder}: the archive is empty; nothing was heard or found yet")
        for table, schema in SCHEMAS.items():
            name = _NAMES.get(table, table)
            if files[table]:
                names = (glob.escape(str(path.resolve())) for path in files[table])
                paths = ", ".join(f"'{path}'" for path in (text.replace("'", "''") for text in names))
                source = f"read_parquet([{paths}], hive_partitioning = true, union_by_name = true)"
            else:
                self._connection.register(f"no_{table}", schema.empty_table())
                source = f"(SELECT *, NULL::DATE AS date FROM no_{table})"  # noqa: S608 - our own
            self._run(f"CREATE VIEW {name} AS SELECT * FROM {source}")  # noqa: S608 - our own
        for view in _VIEWS:
            self._run(view)
        # a question, perhaps copied from somewhere, reads nothing but the archive, and writes no other place
        self._connection.execute("SET allowed_directories = [$1]", [f"{place}/"])
        self._run("SET enable_external_access = false")
        self._run("SET lock_configuration = true")

    def _run(self, sql: str) -> None:
        try:
            self._connection.execute(sql)
        except self._error as error:
            raise QueryError(f"{self.folder}: can't be opened: {' '.join(str(error).split())}") from None

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[Row]:
        """The rows of an answer. `values` are those of `$name` in the query. Raises QueryError."""
        return rows_of(self.table(sql, values))

    def table(self, sql: str, values: Mapping[str, Any] | None = None) -> Any:
        """The same as a table of Arrow."""
        try:
            answer = self._connection.sql(sql, params=dict(values or {}))
            return pa.table({}) if answer is None else answer.to_arrow_table()
        except self._error as error:
            said = " ".join(str(error).split())
            raise QueryError(
                f"the query failed: {said}; docs/archive.md lists the tables and their columns"
            ) from None


def rows_of(table: Any) -> list[Row]:
    """The rows of a table of Arrow. Raises QueryError for times that no calendar has."""
    try:
        rows: list[Row] = table.to_pylist()
    except (OverflowError, ValueError) as error:
        raise QueryError(f"the answer can't be shown: {error}; cast such values to text") from None
    return rows
