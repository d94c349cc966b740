"""Changes for fuzz_cases.py that keep the structure: values of JSON, cells and columns of tables, of Parquet.

A change of bytes mostly breaks a whole object. These leave objects and rows whole, with values in them that
nobody would expect there.
"""

import io
import json
import random
import re
from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

Change = Callable[[bytes, random.Random], bytes]

_VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 27, 91, 181, 255, 1e308, -1e308, 1e-320, 2**31, 2**53 + 1, 2**63, 2**64,
    10**30, 10**400, float("nan"), float("inf"), -0.0, 0.1, "", " ", "0", "-", "NaN", "null", "None", "1e999",
    "9" * 500, "\u0663\u0664", "\ud800", "\0", "<b>", "=1+1", "27300000", "273000001.0", "2.73E+08",
    "1970-01-01", "0000-00-00T00:00:00Z", "9999-12-31T23:59:60Z", "2024-02-30 10:00:00",
    "2024-03-01T10:00:00+99:99",
    "31/12/2024 24:00:00", "12:34:56", "1709287200", 1709287200, 1709287200000, 1709287200000000,
    1709287200000000000, -62135596800, 253402300800, "42\u00b042.0'N", "42.7 N", "4245.307",
    "POINT (131.9 42.7)", "POINT EMPTY",
    "!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24", [], {}, [[]], [None], [1, 2], [131.9, 42.7],
    {"lat": 42.7, "lon": 131.9}, {"mmsi": 1}, {"time": "x"}, "A" * 70_000,
)  # fmt: skip
_MOST_NODES: Final = 5_000


def _json_value(data: bytes, chance: random.Random) -> bytes:
    """One object of a text gets another value, name or place somewhere inside."""
    lines = data.split(b"\n")
    for at in chance.sample(range(len(lines)), min(8, len(lines))):
        start = min((lines[at].find(sign) for sign in (b"{", b"[") if sign in lines[at]), default=-1)
        if start < 0:
            continue
        try:
            found = json.loads(lines[at][start:])
        except (ValueError, RecursionError):
            continue
        found = _changed(found, chance)
        try:
            text = json.dumps(
                found, ensure_ascii=chance.random() < 0.8, indent=chance.choice((None, None, 1))
            )
        except RecursionError:  # what can be read may be too deep to be written
            continue
        lines[at] = lines[at][:start] + text.encode("utf-8", "surrogatepass")
        break
    return b"\n".join(lines)


def _changed(found: Any, chance: random.Random) -> Any:
    """A tree with one of its nodes changed."""
    nodes: list[tuple[Any, Any]] = []
    waiting = [found]
    while waiting and len(nodes) < _MOST_NODES:
        node = waiting.pop()
        for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            nodes.append((node, key))
            waiting.append(node[key])
    if not nodes:
        return chance.choice(_VALUES)
    node, key = chance.choice(nodes)
    way = chance.randrange(8)
    if way < 3:
        node[key] = chance.choice(_VALUES)
    elif way == 3:
        node[key] = [node[key]] if chance.random() < 0.5 else {"value": node[key]}
    elif way == 4:
        for _ in range(chance.choice((3, 50, 900))):
            node[key] = [node[key]]
    elif way == 5 and isinstance(node, dict):
        name = chance.choice((*(key for _, key in nodes if isinstance(key, str)), "MMSI", "time", "", "type"))
        node[name] = node.pop(key)
    elif way == 6:
        del node[key]
    else:
        node[key] = [node[key]] * chance.choice((2, 2, 300))
    return found


def _cells(data: bytes, chance: random.Random) -> bytes:
    """A cell of a row, or a column of all rows, gets another value."""
    lines = data.split(b"\n")
    sign = max((b",", b";", b"\t"), key=lambda each: lines[0].count(each))
    width = lines[0].count(sign) + 1
    column = chance.randrange(width)
    where = range(1, len(lines)) if chance.random() < 0.4 else chance.choices(range(len(lines)), k=3)
    value, varied = _cell(chance), chance.random() < 0.3
    for at in where:
        cells = lines[at].split(sign)
        if column < len(cells):
            cells[column] = _cell(chance) if varied else value
            lines[at] = sign.join(cells)
    return b"\n".join(lines)


def _cell(chance: random.Random) -> bytes:
    value = chance.choice(_VALUES)
    text = value if isinstance(value, str) else json.dumps(value)
    found = text.encode("utf-8", "surrogatepass")
    return b'"' + found.replace(b'"', b'""') + b'"' if chance.random() < 0.3 else found


def _columns(data: bytes, chance: random.Random) -> bytes:
    """The header of a table gets names of other columns, or one of them twice; or a column goes."""
    head, _, rest = data.partition(b"\n")
    names = re.split(rb"([,;\t])", head)
    one, other = (chance.randrange(0, len(names), 2) for _ in range(2))
    names[one] = chance.choice(
        (names[other], b"", b"time", b"MMSI", b"type", b"lat", b"N/S", b"date", b"geometry")
    )
    return b"".join(names) + b"\n" + rest


def _attribute(data: bytes, chance: random.Random) -> bytes:
    """A value of XML, in an attribute or an element, or the name of one."""
    found = list(re.finditer(rb'="([^"]*)"|>([^<]+)<|</?([\w:]+)', data))
    if not found:
        return data
    match = chance.choice(found)
    group = next(number for number in (1, 2, 3) if match[number] is not None)
    names = [each[3] for each in found if each[3]] or [b"a"]
    value = chance.choice(names) if group == 3 else _cell(chance).replace(b"<", b"&lt;")
    return data[: match.start(group)] + value + data[match.end(group) :]


def _nested(data: bytes, chance: random.Random) -> bytes:
    """Much within one another."""
    opening, closing = chance.choice(
        ((b"[", b"]"), (b'{"a":', b"}"), (b"<a>", b"</a>"), (b'{"msgs":[', b"]}"))
    )
    deep = chance.choice((2, 30, 70, 2_000, 100_000))
    at = chance.choice((0, data.find(b"\n") + 1, chance.randrange(len(data) + 1)))
    end = closing * deep if chance.random() < 0.6 else b""
    if chance.random() < 0.5:
        return data[:at] + opening * deep + data[at:] + end
    return data[:at] + opening * deep + end + data[at:]


def _long(data: bytes, chance: random.Random) -> bytes:
    """One very long line, or very many short ones."""
    if chance.random() < 0.5:
        return data.replace(b"\n", chance.choice((b" ", b",", b"")))
    at = data.find(b"\n") + 1
    return data[:at] + chance.choice((b"\n", b",\n", b"0\n", b"[]\n", b"{}\n")) * 3_000 + data[at:]


def _table(data: bytes, chance: random.Random) -> bytes:
    """A table of Parquet with another type, name, order or content of a column."""
    try:
        table = pq.read_table(io.BytesIO(data))
        changed = _changed_table(table, chance)
        out = io.BytesIO()
        pq.write_table(
            changed, out, row_group_size=chance.choice((None, 7, 1_000)),
            compression=chance.choice(("snappy", "zstd", "none", "gzip")),
            data_page_version=chance.choice(("1.0", "2.0")), use_dictionary=chance.random() < 0.5,
            coerce_timestamps=None, store_schema=chance.random() < 0.7,
        )  # fmt: skip
    except (pa.ArrowException, OSError, ValueError, TypeError, OverflowError, NotImplementedError):
        return data
    return out.getvalue()


def _changed_table(table: pa.Table, chance: random.Random) -> pa.Table:
    at = chance.randrange(table.num_columns)
    name, column = table.column_names[at], table.column(at)
    way = chance.randrange(6)
    if way == 0:
        return table.set_column(at, name, column.cast(chance.choice(_TYPES), safe=False))
    if way == 1:
        return table.set_column(at, chance.choice((*table.column_names, "time", "geometry", "")), column)
    if way == 2:
        return table.set_column(at, name, pa.nulls(len(table), chance.choice(_TYPES)))
    if way == 3:
        return table.append_column(chance.choice(table.column_names), column)
    if way == 4:
        wrapped = [None if chance.random() < 0.1 else [each] for each in column.to_pylist()]
        return table.set_column(at, name, pa.array(wrapped))
    values = column.to_pylist()
    for row in chance.choices(range(len(values)), k=5) if values else ():
        values[row] = chance.choice((*values, None))
    return table.set_column(at, name, pa.array(values, column.type))


_TYPES: Final = (
    pa.string(), pa.large_string(), pa.binary(), pa.float16(), pa.float32(), pa.float64(), pa.int8(),
    pa.int32(),
    pa.uint64(), pa.bool_(), pa.date32(), pa.date64(), pa.time64("us"), pa.timestamp("s"), pa.timestamp("ns"),
    pa.timestamp("us", "Asia/Seoul"), pa.timestamp("ms", "UTC"), pa.decimal128(38, 6),
    pa.duration("s"), pa.null(),
    pa.dictionary(pa.int32(), pa.string()),
)  # fmt: skip


def _structured(text: tuple[Change, ...]) -> Change:
    def change(data: bytes, chance: random.Random) -> bytes:
        return _table(data, chance) if data.startswith(b"PAR1") else chance.choice(text)(data, chance)

    return change


STRUCTURED: Final = (
    _structured((_json_value, _json_value, _json_value, _cells)),
    _structured((_cells, _cells, _columns)),
    _structured((_attribute, _json_value)),
    _structured((_nested, _long, _json_value, _cells)),
)
