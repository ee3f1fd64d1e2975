"""Flight SQL by the ADBC driver, which is the Go implementation."""
import datetime
import decimal
import threading
import time

import adbc_driver_flightsql.dbapi as dbapi
import adbc_driver_manager
import pyarrow as pa

from checks import LINEITEM, TYPES, URL, by_duckdb, check, fails, run, same


def connect(**options):
    return dbapi.connect(URL, **options)


auto = connect(autocommit=True)


def fetch(sql, parameters=None, connection=auto):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetch_arrow_table()


def rows_of(prefix, connection=auto):
    return fetch(f"select count(*) as n from esh.sites where site_id like '{prefix}%'", None, connection).to_pylist()[0]["n"]


def sites(*names):
    """Rows for esh.sites, as its schema asks."""
    schema = auto.adbc_get_table_schema("sites", db_schema_filter="esh")
    fields = [f for f in schema if not f.nullable and f.name not in ("node_id", "hlc", "commit_version", "deleted")]
    return pa.table(
        {
            f.name: pa.array(names) if f.name == "site_id" else pa.array(["x"] * len(names), f.type) if f.type == pa.string() else pa.nulls(len(names), f.type)
            for f in fields
        }
    )


@check
def all_types_are_as_DuckDB_gives_them():
    same(fetch(TYPES), by_duckdb(TYPES.replace("-i::hugeint", "(-i)::decimal(38,0)")))


@check
def a_million_rows():
    sql = LINEITEM.format(rows=1_000_000)
    theirs = by_duckdb(sql)
    assert fetch(sql).cast(theirs.schema).equals(theirs)


@check
def an_answer_without_rows_has_a_schema():
    sql = "select 1::int as a, ['x'] as b where false"
    same(fetch(sql), by_duckdb(sql))


@check
def rows_as_python_values():
    with auto.cursor() as cursor:
        cursor.execute("select i, 'r' || i as t from range(5) t(i)")
        assert cursor.fetchone() == (0, "r0")
        assert cursor.fetchmany(2) == [(1, "r1"), (2, "r2")]
        assert cursor.fetchall() == [(3, "r3"), (4, "r4")]
        assert [c[0] for c in cursor.description] == ["i", "t"]


@check
def parameters_of_every_kind():
    values = {
        "bigint": 2**62, "double": 1.5, "varchar": "zürich", "boolean": True, "date": datetime.date(2024, 2, 29),
        "timestamp": datetime.datetime(2024, 2, 29, 12, 30, 1, 5), "decimal(10,3)": decimal.Decimal("1234.567"),
        "blob": b"\x00\xff", "varchar[]": ["a", None],
    }
    for kind, value in values.items():
        found = fetch(f"select $1::{kind} as v, $2 as n", (value, None)).to_pylist()
        assert found == [{"v": value, "n": None}], (kind, found)


@check
def a_prepared_statement_runs_again():
    with auto.cursor() as cursor:
        cursor.adbc_prepare("select ?::int + ?::int as s")
        for a, b in [(1, 2), (3, 4), (5, 6)]:
            cursor.execute("select ?::int + ?::int as s", (a, b))
            assert cursor.fetchall() == [(a + b,)]


@check
def several_rows_of_parameters_are_several_runs():
    with auto.cursor() as cursor:
        bound = pa.record_batch({"a": pa.array([1, 2, 3], pa.int64())})
        cursor.adbc_prepare("select $1::bigint * 10 as v")
        cursor.execute("select $1::bigint * 10 as v", bound)
        assert cursor.fetchall() == [(10,), (20,), (30,)]


@check
def a_prepared_statement_tells_its_parameters():
    with auto.cursor() as cursor:
        schema = cursor.adbc_prepare("select * from esh.sites where site_id = $1 and hlc > $2")
        assert [f.type for f in schema] == [pa.string(), pa.int64()], schema


@check
def the_schema_of_a_query_without_running_it():
    with auto.cursor() as cursor:
        schema = cursor.adbc_execute_schema(TYPES)
    assert schema == fetch(TYPES).schema


@check
def partitions_can_be_read_elsewhere():
    with auto.cursor() as cursor:
        partitions, schema = cursor.adbc_execute_partitions("select i from range(1000) t(i)")
    assert len(partitions) == 1 and schema.names == ["i"]
    with auto.cursor() as cursor:
        cursor.adbc_read_partition(partitions[0])
        assert len(cursor.fetchall()) == 1000


INSERT = "insert into esh.sites (site_id, region, name, jurisdiction)"


@check
def sql_that_writes():
    with auto.cursor() as cursor:
        cursor.execute(f"{INSERT} values ('w-1', 'n', 'x', 'UK'), ('w-2', 'n', 'x', 'UK')")
        assert cursor.rowcount == 2, cursor.rowcount
        cursor.execute("update esh.sites set name = 'y' where site_id = ?", ("w-1",))
        cursor.executemany(f"{INSERT} values (?, ?, ?, ?)", [("w-3", "n", "x", "UK"), ("w-4", "n", "x", "UK")])
        assert cursor.rowcount == 2, cursor.rowcount
        cursor.adbc_statement.set_sql_query("delete from esh.sites where site_id = 'w-2'")
        assert cursor.adbc_statement.execute_update() == 1
    found = fetch("select site_id, name from esh.sites where site_id like 'w-%' and not deleted order by 1").to_pylist()
    assert [(row["site_id"], row["name"]) for row in found] == [("w-1", "y"), ("w-3", "x"), ("w-4", "x")], found
    with auto.cursor() as cursor:
        fails(lambda: cursor.executemany(f"{INSERT} values (?, ?, ?, ?)", [("w-5", "n", "x", "UK"), ("w-1", "n", "x", "UK")]), "row.conflict")
    assert rows_of("w-5") == 0


@check
def sql_that_writes_in_a_transaction():
    with connect() as connection:
        for end in (connection.rollback, connection.commit):
            with connection.cursor() as cursor:
                cursor.execute(f"{INSERT} values ('wt-1', 'n', 'x', 'UK')")
            assert rows_of("wt-") == 0
            end()
    assert rows_of("wt-") == 1


@check
def ingest():
    with auto.cursor() as cursor:
        assert cursor.adbc_ingest("sites", sites("adbc-1", "adbc-2"), mode="append", db_schema_name="esh") == 2
        assert rows_of("adbc-") == 2
        # The same rows again change nothing; the protocol's other modes do not fit tables of a model.
        cursor.adbc_ingest("sites", sites("adbc-1"), mode="append", db_schema_name="esh")
        assert rows_of("adbc-") == 2
        fails(lambda: cursor.adbc_ingest("sites", sites("adbc-3"), mode="create", db_schema_name="esh"), "table.exists")
        fails(lambda: cursor.adbc_ingest("sites", sites("adbc-3"), mode="replace", db_schema_name="esh"), "flight.unimplemented")
        fails(lambda: cursor.adbc_ingest("nothing", sites("adbc-3"), mode="append", db_schema_name="esh"), "table.unknown")
        fails(lambda: cursor.adbc_ingest("documents", sites("adbc-3"), mode="append", db_schema_name="law"), "flight.ingest_table")


@check
def ingest_of_many_rows_in_many_batches():
    names = [f"many-{i}" for i in range(20_000)]
    reader = pa.RecordBatchReader.from_batches(sites("x").schema, sites(*names).to_batches(max_chunksize=500))
    with auto.cursor() as cursor:
        assert cursor.adbc_ingest("sites", reader, mode="append", db_schema_name="esh") == 20_000
    assert rows_of("many-") == 20_000


@check
def required_values_must_be_there():
    bad = sites("missing-1").set_column(sites("x").column_names.index("site_id"), "site_id", pa.array([None], pa.string()))
    with auto.cursor() as cursor:
        fails(lambda: cursor.adbc_ingest("sites", bad, mode="append", db_schema_name="esh"), "row.missing", "site_id")


@check
def a_transaction_reads_one_state():
    with connect() as connection:
        assert rows_of("tx-", connection) == 0
        # The driver sends ingests without their transaction: they are committed at once.
        with auto.cursor() as cursor:
            cursor.adbc_ingest("sites", sites("tx-1"), mode="append", db_schema_name="esh")
        assert rows_of("tx-") == 1
        assert rows_of("tx-", connection) == 0
        connection.commit()
        assert rows_of("tx-", connection) == 1
        connection.rollback()


@check
def a_connection_that_goes_takes_its_transaction_along():
    for _ in range(40):
        connection = connect()
        rows_of("gone-", connection)
        connection.close()
    connections = [connect() for _ in range(8)]
    assert [rows_of("gone-", connection) for connection in connections] == [0] * 8
    [connection.close() for connection in connections]


@check
def cancel():
    with auto.cursor() as cursor:
        timer = threading.Timer(0.5, cursor.adbc_cancel)
        timer.start()
        began = time.monotonic()

        def long():
            cursor.execute("select count(*) from range(100000) a(i), range(1000000) b(j) where i * j = 7")
            cursor.fetchall()

        fails(long)
        assert time.monotonic() - began < 10
    assert fetch("select 1 as a").to_pylist() == [{"a": 1}]


@check
def information():
    info = auto.adbc_get_info()
    assert info["vendor_name"] == "Fractal" and info["vendor_version"], info


@check
def objects_at_every_depth():
    catalogs = auto.adbc_get_objects(depth="catalogs").read_all().to_pylist()
    assert [c["catalog_name"] for c in catalogs] == ["fractal"]
    schemas = auto.adbc_get_objects(depth="db_schemas").read_all().to_pylist()[0]["catalog_db_schemas"]
    assert [s["db_schema_name"] for s in schemas] == ["ai", "esh", "law", "node"]
    tables = auto.adbc_get_objects(depth="tables").read_all().to_pylist()[0]["catalog_db_schemas"]
    names = {(s["db_schema_name"], t["table_name"]) for s in tables for t in s["db_schema_tables"]}
    assert ("esh", "permits") in names and ("law", "sections") in names and len(names) > 20
    every = auto.adbc_get_objects(depth="all").read_all().to_pylist()[0]["catalog_db_schemas"]
    told = {(s["db_schema_name"], t["table_name"]): t for s in every for t in s["db_schema_tables"]}
    for (schema, table), object_ in told.items():
        described = fetch(f"describe {schema}.{table}").to_pylist()
        assert [c["column_name"] for c in object_["table_columns"]] == [d["column_name"] for d in described], table
    one = auto.adbc_get_objects(depth="all", db_schema_filter="e%", table_name_filter="perm_ts", column_name_filter="site_id").read_all().to_pylist()
    [schema] = one[0]["catalog_db_schemas"]
    [table] = schema["db_schema_tables"]
    assert [c["column_name"] for c in table["table_columns"]] == ["site_id"]
    assert auto.adbc_get_table_types() == ["SYSTEM TABLE", "TABLE", "VIEW"]
    assert auto.adbc_get_table_schema("sites", db_schema_filter="esh").names[0] == "site_id"


@check
def errors_have_a_status():
    error = fails(lambda: fetch("select * from nothing"), "sql.name")
    assert error.status_code == adbc_driver_manager.AdbcStatusCode.INVALID_ARGUMENT, error.status_code


run()
