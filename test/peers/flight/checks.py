"""What all Python peers share: checks by name, told one a line as JSON, and the same data from DuckDB itself."""
import json
import sys
import traceback

import duckdb
import pyarrow as pa

CHECKS = []

TYPES = """select i::tinyint as i8, i::smallint as i16, i::int as i32, i as i64, i::utinyint as u8, i::usmallint as u16,
  i::uinteger as u32, i::ubigint as u64, -i::hugeint as h, (i / 4)::float as f, i / 8 as d,
  i::decimal(4,1) as d4, (i / 8)::decimal(9,3) as d9, (-i)::decimal(18,2) as d18, i::decimal(38,5) as d38,
  case when i % 4 > 0 then i % 2 = 0 end as b, case when i % 3 > 0 then 'text ' || repeat('ü', (i % 20)::int) end as t,
  ('\\x00' || i)::blob as bl, date '2020-01-01' + i::int as day, time '10:00:00' + to_microseconds(i) as tm,
  make_timestamp(i * 1000003) as ts, make_timestamp(i * 1000000)::timestamp_s as ts_s,
  make_timestamp(i * 1000)::timestamp_ms as ts_ms, make_timestamp_ns(i * 7000) as ts_ns,
  make_timestamptz(i * 1000003) as tz, to_months(i::int) + to_days(2) as iv,
  case i % 3 when 0 then 'low' when 1 then 'high' end::enum('low', 'high') as e,
  case when i % 5 > 0 then ['a' || i, null] end as l, {'x': i, 'y': {'z': [i, null]}} as s,
  case when i % 2 = 0 then [{'k': i, 'v': [null, [i]]}] end as deep, map(['k' || i], [i]) as m,
  [i::float, 0, null]::float[3] as arr, null as nothing
  from range(120) r(i) order by i"""

LINEITEM = """select i as l_orderkey, i % 20000 as l_partkey, (i % 7)::int as l_linenumber,
  ((i * 7919) % 5000 / 100)::decimal(12,2) as l_quantity, ((i * 104729) % 10000000 / 100)::decimal(12,2) as l_extendedprice,
  case i % 3 when 0 then 'A' when 1 then 'N' else 'R' end as l_returnflag, date '1992-01-01' + (i % 2500)::int as l_shipdate,
  'carefully final deposits ' || (i % 1000) as l_comment from range({rows}) t(i)"""


def check(function):
    CHECKS.append(function)
    return function


def run():
    """Prints one line for each check; the reader of the lines judges."""
    for function in CHECKS:
        line = {"name": function.__name__.replace("_", " "), "ok": True}
        try:
            function()
        except BaseException:
            line = {**line, "ok": False, "why": traceback.format_exc(limit=4)[-2500:]}
        print(json.dumps(line), flush=True)


def by_duckdb(sql):
    """The same statement in DuckDB's own Python package."""
    return duckdb.connect().sql(sql).to_arrow_table()


def plain(value):
    """Values as both sides can hold them."""
    if isinstance(value, pa.MonthDayNano):
        return tuple(value)
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if hasattr(value, "isoformat") and getattr(value, "tzinfo", None) is not None:
        return value.timestamp()
    return value


def same(ours, theirs):
    assert ours.column_names == theirs.column_names, (ours.column_names, theirs.column_names)
    assert ours.num_rows == theirs.num_rows, (ours.num_rows, theirs.num_rows)
    ours.validate(full=True)
    for name in ours.column_names:
        a = [plain(v) for v in ours.column(name).to_pylist()]
        b = [plain(v) for v in theirs.column(name).to_pylist()]
        assert a == b, (name, next((x, y) for x, y in zip(a, b) if x != y))


def fails(action, *parts):
    """The error's text, which must hold the parts."""
    try:
        action()
    except Exception as error:
        for part in parts:
            assert part in str(error), f"{part!r} is not in {error}"
        return error
    raise AssertionError("it did not fail")


def memory_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


URL, PID = sys.argv[1], int(sys.argv[2])
