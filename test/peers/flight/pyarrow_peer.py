"""Arrow Flight by pyarrow, which is the C++ implementation."""
import threading
import time

import pyarrow as pa
import pyarrow.flight as flight

from checks import LINEITEM, PID, TYPES, URL, by_duckdb, check, fails, memory_mib, run, same

client = flight.connect(URL.replace("grpc://", "grpc+tcp://"))


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def sized(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def packed(name, value):
    return sized(1, b"type.googleapis.com/arrow.flight.protocol.sql." + name) + sized(2, value)


def statement(sql):
    return flight.FlightDescriptor.for_command(packed(b"CommandStatementQuery", sized(1, sql.encode())))


def query(sql):
    info = client.get_flight_info(statement(sql))
    return client.do_get(info.endpoints[0].ticket).read_all()


@check
def every_table_is_listed_and_can_be_fetched():
    flights = list(client.list_flights())
    paths = [b"/".join(one.descriptor.path).decode() for one in flights]
    assert "esh/permits" in paths and "law/sections" in paths and "esh/site_compliance" in paths and "node/credentials" not in paths, paths
    for one in flights:
        info = client.get_flight_info(flight.FlightDescriptor.for_path(*one.descriptor.path))
        table = client.do_get(info.endpoints[0].ticket).read_all()
        assert [f.name for f in table.schema] == [f.name for f in one.schema]
        assert [f.type for f in table.schema] == [f.type for f in one.schema], (one.schema, table.schema)


@check
def all_types_are_as_DuckDB_gives_them():
    ours = query(TYPES)
    same(ours, by_duckdb(TYPES.replace("-i::hugeint", "(-i)::decimal(38,0)")))
    assert ours.schema.field("d18").type == pa.decimal128(18, 2)
    assert ours.schema.field("e").type == pa.dictionary(pa.uint8(), pa.string())
    assert ours.schema.field("tz").type == pa.timestamp("us", tz="UTC")


@check
def the_schema_told_is_the_schema_sent():
    told = client.get_schema(statement(TYPES)).schema
    info = client.get_flight_info(statement(TYPES))
    sent = client.do_get(info.endpoints[0].ticket).read_all().schema
    assert told == sent and info.schema == sent, (told, sent)


@check
def an_answer_without_rows_has_a_schema():
    sql = "select 1::int as a, ['x'] as b, {'c': 1.5} as d where false"
    same(query(sql), by_duckdb(sql))


@check
def a_million_rows():
    sql = LINEITEM.format(rows=1_000_000)
    ours, theirs = query(sql), by_duckdb(sql)
    assert ours.num_rows == 1_000_000
    assert ours.cast(theirs.schema).equals(theirs)


@check
def a_slow_reader_does_not_grow_the_server():
    info = client.get_flight_info(statement(LINEITEM.format(rows=20_000_000)))
    client.do_get(client.get_flight_info(statement(LINEITEM.format(rows=1_000_000))).endpoints[0].ticket).read_all()
    before = memory_mib(PID)
    reader = client.do_get(info.endpoints[0].ticket)
    reader.read_chunk()
    time.sleep(3)
    grown = memory_mib(PID) - before
    reader.cancel()
    assert grown < 150, f"{grown} MiB more"


@check
def a_reader_may_stop_at_any_time():
    for _ in range(20):
        reader = client.do_get(client.get_flight_info(statement(LINEITEM.format(rows=5_000_000))).endpoints[0].ticket)
        reader.read_chunk()
        reader.cancel()
    assert query("select 42 as a").to_pylist() == [{"a": 42}]


@check
def readers_at_the_same_time():
    found = []

    def read(n):
        found.append(query(f"select count(*) as n, sum(i) as s from range({n}) t(i)").to_pylist()[0]["n"])

    threads = [threading.Thread(target=read, args=(n,)) for n in range(1000, 1032)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(found) == list(range(1000, 1032))


def fetch(name, value=b""):
    info = client.get_flight_info(flight.FlightDescriptor.for_command(packed(name, value)))
    table = client.do_get(info.endpoints[0].ticket).read_all()
    table.validate(full=True)
    assert table.schema == info.schema
    return table


@check
def facts_about_the_server():
    table = fetch(b"CommandGetSqlInfo")
    value = table.schema.field("value")
    assert not value.nullable and pa.types.is_union(value.type) and value.type.mode == "dense" and value.type.num_fields == 6
    facts = dict(zip(table.column("info_name").to_pylist(), table.column("value").to_pylist()))
    assert facts[0] == "Fractal" and facts[3] is False and facts[8] == 1 and facts[557] == 1 << 20
    assert "QUALIFY" in facts[508] and dict(facts[517])[4] == [4, 16, 19], facts[517]
    assert len(facts) >= 66 and None not in facts.values()
    assert fetch(b"CommandGetSqlInfo", b"\x08\x00\x08\x08").column("info_name").to_pylist() == [0, 8]


@check
def types_by_their_numbers():
    table = fetch(b"CommandGetXdbcTypeInfo")
    assert table.num_columns == 19 and table.num_rows == 13
    assert table.column("data_type").to_pylist() == sorted(table.column("data_type").to_pylist())
    [decimal] = fetch(b"CommandGetXdbcTypeInfo", b"\x08\x03").to_pylist()
    assert decimal["type_name"] == "DECIMAL" and decimal["create_params"] == ["precision", "scale"]


@check
def put_and_get():
    site = next(one.schema for one in client.list_flights() if one.descriptor.path == [b"esh", b"sites"])
    required = [f for f in site if not f.nullable and f.name not in ("node_id", "hlc", "commit_version", "deleted")]
    values = {"site_id": ["put-1", "put-2"]}
    assert all(f.type == pa.string() for f in required), required
    rows = pa.table({f.name: values.get(f.name, ["x", "y"]) for f in required})
    writer, reader = client.do_put(flight.FlightDescriptor.for_path("esh", "sites"), rows.schema)
    with writer:
        writer.write_table(rows)
        writer.done_writing()
        assert reader.read() is not None
    found = query("select site_id from esh.sites where site_id like 'put-%' order by 1").to_pylist()
    assert found == [{"site_id": "put-1"}, {"site_id": "put-2"}], found


@check
def a_refused_put_changes_nothing():
    rows = pa.table({"site_id": ["put-3"], "no_such_column": [1]})

    def put():
        writer, reader = client.do_put(flight.FlightDescriptor.for_path("esh", "sites"), rows.schema)
        writer.write_table(rows)
        writer.done_writing()
        reader.read()
        writer.close()

    fails(put, "no_such_column", "row.column")
    assert query("select 1 from esh.sites where site_id = 'put-3'").num_rows == 0


def begin():
    [result] = client.do_action(flight.Action("BeginTransaction", packed(b"ActionBeginTransactionRequest", b"")))
    # Any, its value; the transaction's id is the one field in it.
    body = result.body.to_pybytes()
    return body[-32:]


def end(transaction, how):
    body = packed(b"ActionEndTransactionRequest", sized(1, transaction) + bytes([0x10, how]))
    list(client.do_action(flight.Action("EndTransaction", body)))


def ingest(transaction, *names):
    site = next(one.schema for one in client.list_flights() if one.descriptor.path == [b"esh", b"sites"])
    required = [f.name for f in site if not f.nullable and f.name not in ("node_id", "hlc", "commit_version", "deleted")]
    rows = pa.table({name: list(names) if name == "site_id" else ["x"] * len(names) for name in required})
    command = sized(1, bytes([8, 2, 16, 2])) + sized(2, b"sites") + sized(3, b"esh") + sized(6, transaction)
    writer, reader = client.do_put(flight.FlightDescriptor.for_command(packed(b"CommandStatementIngest", command)), rows.schema)
    writer.write_table(rows)
    writer.done_writing()
    counted = reader.read().to_pybytes()
    writer.close()
    return counted


def count(prefix):
    return query(f"select count(*) as n from esh.sites where site_id like '{prefix}%'").to_pylist()[0]["n"]


@check
def what_a_transaction_ingests_appears_at_its_commit():
    one = begin()
    assert ingest(one, "commit-1") == bytes([8, 1])
    assert ingest(one, "commit-2", "commit-3") == bytes([8, 2])
    assert count("commit-") == 0
    end(one, 1)
    assert count("commit-") == 3
    other = begin()
    ingest(other, "commit-4")
    end(other, 2)
    assert count("commit-") == 3
    fails(lambda: end(other, 1), "flight.handle")


@check
def a_transaction_that_cannot_be_written_is_not_written_in_part():
    one = begin()
    ingest(one, "part-1")
    ingest(one, "part-2", "part-2")
    fails(lambda: end(one, 1), "row.duplicate")
    assert count("part-") == 0


@check
def names_and_passwords():
    header = client.authenticate_basic_token("local-operator", "")
    assert header[0] == b"authorization" and header[1].startswith(b"Bearer ")
    options = flight.FlightCallOptions(headers=[header])
    assert len(list(client.list_actions(options))) > 5
    fails(lambda: client.authenticate_basic_token("somebody", "secret"), "flight.unauthenticated")
    forged = flight.FlightCallOptions(headers=[(b"authorization", b"Bearer " + b"A" * 43)])
    fails(lambda: list(client.list_actions(forged)), "flight.unauthenticated")


@check
def a_forged_ticket_is_refused():
    info = client.get_flight_info(statement("select 1"))
    ticket = bytearray(info.endpoints[0].ticket.ticket)
    ticket[-1] ^= 1
    fails(lambda: client.do_get(flight.Ticket(bytes(ticket))).read_all(), "flight.handle")
    fails(lambda: client.do_get(flight.Ticket(b"select 1")).read_all(), "protobuf.malformed")
    client.do_get(info.endpoints[0].ticket).read_all()
    fails(lambda: client.do_get(info.endpoints[0].ticket).read_all(), "flight.handle")


@check
def a_cancelled_query_is_gone():
    info = client.get_flight_info(statement("select 1"))
    [result] = client.do_action(flight.Action("CancelFlightInfo", sized(1, info.serialize())))
    assert result.body.to_pybytes() == b"\x08\x01"
    fails(lambda: client.do_get(info.endpoints[0].ticket).read_all(), "flight.handle")


@check
def what_is_not_there_says_so():
    error = fails(lambda: client.do_exchange(flight.FlightDescriptor.for_path("x"))[1].read_chunk(), "flight.unimplemented")
    assert isinstance(error, NotImplementedError), type(error)
    fails(lambda: list(client.do_action("Explode")), "flight.unimplemented")
    fails(lambda: client.get_flight_info(flight.FlightDescriptor.for_command(b"select 1")), "protobuf.malformed")
    fails(lambda: client.get_flight_info(flight.FlightDescriptor.for_path("esh", "nothing")), "table.unknown")


@check
def errors_say_what_and_hide_values():
    fails(lambda: query("selec 1"), "sql.syntax")
    fails(lambda: query("select * from nothing"), "sql.name")
    error = fails(lambda: query("select 'secret-value'::int"), "sql.value")
    assert "secret-value" not in str(error)
    fails(lambda: query("select * from read_csv('/etc/passwd')"))
    # The error comes after many rows have gone out: never a result that looks whole.
    fails(lambda: query("select if(i = 3000000, error('late'), i) from range(4000000) t(i)"))


@check
def deadlines_hold():
    options = flight.FlightCallOptions(timeout=0.3)
    info = client.get_flight_info(statement("select count(*) from range(100000) a(i), range(1000000) b(j) where i * j = 7"))
    began = time.monotonic()
    error = fails(lambda: client.do_get(info.endpoints[0].ticket, options).read_all())
    assert isinstance(error, flight.FlightTimedOutError), type(error)
    assert time.monotonic() - began < 5
    assert query("select 1 as a").to_pylist() == [{"a": 1}]


run()
