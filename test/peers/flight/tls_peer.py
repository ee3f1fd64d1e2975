"""A node off loopback: TLS with users, tokens, passwords and certificates. Files and secrets are in the environment."""
import os
import socket
import ssl

import adbc_driver_flightsql.dbapi as dbapi
import pyarrow as pa
import pyarrow.flight as flight
from adbc_driver_flightsql import DatabaseOptions

from checks import URL, by_duckdb, check, fails, run

PASSWORD, TOKEN, TLS = os.environ["PEER_PASSWORD"], os.environ["PEER_TOKEN"], os.environ["PEER_TLS"]
HOST, PORT = URL.removeprefix("grpc+tls://").split(":")
ROOTS = open(f"{TLS}/server.pem").read()


def of(name):
    return open(f"{TLS}/clients/{name}.pem").read(), open(f"{TLS}/clients/{name}.key").read()


def arrow(name=None, **options):
    cert, key = of(name) if name else (None, None)
    return flight.connect(URL, **{"tls_root_certs": ROOTS, "cert_chain": cert, "private_key": key, **options})


BEARER = flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {TOKEN}".encode())])


def ask(client, sql="select action_item_id from esh.action_items order by 1", options=None):
    command = b"\x0a" + bytes([len(sql)]) + sql.encode()
    kind = b"type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery"
    packed = b"\x0a" + bytes([len(kind)]) + kind + b"\x12" + bytes([len(command)]) + command
    options = options or flight.FlightCallOptions()
    info = client.get_flight_info(flight.FlightDescriptor.for_command(packed), options)
    return client.do_get(info.endpoints[0].ticket, options).read_all()


def adbc(autocommit=True, **options):
    return dbapi.connect(URL, db_kwargs={DatabaseOptions.TLS_ROOT_CERTS.value: ROOTS, **options}, autocommit=autocommit)


def by_token(autocommit=True):
    return adbc(autocommit, **{DatabaseOptions.AUTHORIZATION_HEADER.value: f"Bearer {TOKEN}"})


def by_certificate(name="ann"):
    cert, key = of(name)
    return adbc(**{DatabaseOptions.MTLS_CERT_CHAIN.value: cert, DatabaseOptions.MTLS_PRIVATE_KEY.value: key})


def rows(connection, sql, parameters=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetch_arrow_table().to_pylist()


def item(key, site="ann"):
    fixed = {"site_id": site, "region": "north", "kind": "corrective", "status": "open", "title": "t"}
    return pa.table({"action_item_id": [key], **{name: [value] for name, value in fixed.items()}})


INSERT = "insert into esh.action_items (action_item_id, site_id, region, kind, status, title)"
READ = "select action_item_id from esh.action_items order by 1"


@check
def nothing_older_than_TLS_1_3():
    context = ssl.create_default_context(cadata=ROOTS)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    fails(lambda: context.wrap_socket(socket.create_connection((HOST, int(PORT))), server_hostname="node.example"))
    context.maximum_version = ssl.TLSVersion.MAXIMUM_SUPPORTED
    with context.wrap_socket(socket.create_connection((HOST, int(PORT))), server_hostname="node.example") as found:
        assert found.version() == "TLSv1.3", found.version()


@check
def adbc_writes_by_token_and_reads_by_password_and_certificate():
    with by_token() as connection, connection.cursor() as cursor:
        assert cursor.adbc_ingest("action_items", item("t-1"), mode="append", db_schema_name="esh") == 1
        cursor.execute(f"{INSERT} values (?, 'ann', 'north', 'corrective', 'open', 't')", ("t-2",))
        assert rows(connection, "select action_item_id from esh.action_items where action_item_id = ?", ("t-2",)) == [{"action_item_id": "t-2"}]
        fails(lambda: cursor.adbc_ingest("action_items", item("t-3", "bob"), mode="append", db_schema_name="esh"), "[policy.denied]")
    seen = [{"action_item_id": "t-1"}, {"action_item_id": "t-2"}]
    for other in (adbc(username="ann", password=PASSWORD), by_certificate()):
        with other as connection:
            assert rows(connection, READ) == seen


@check
def adbc_transactions():
    with by_token(autocommit=False) as connection:
        for end, count in ((connection.rollback, 0), (connection.commit, 1)):
            with connection.cursor() as cursor:
                cursor.execute(f"{INSERT} values ('t-tx', 'ann', 'north', 'corrective', 'open', 't')")
            end()
            with by_token() as other:
                assert len(rows(other, "select 1 as n from esh.action_items where action_item_id = 't-tx'")) == count


@check
def adbc_lists_what_may_be_read():
    with by_certificate() as connection:
        found = connection.adbc_get_objects(depth="tables").read_all().to_pylist()
        assert [t["table_name"] for s in found[0]["catalog_db_schemas"] for t in s["db_schema_tables"]] == ["action_items"]


@check
def adbc_does_not_trust_a_node_that_it_does_not_know():
    fails(lambda: rows(dbapi.connect(URL, db_kwargs={"username": "ann", "password": PASSWORD}), "select 1"), "certificate")
    fails(lambda: rows(dbapi.connect(URL.replace("+tls", "")), "select 1"))


@check
def adbc_without_credentials_is_nobody():
    fails(lambda: rows(adbc(), "select 1"), "[flight.unauthenticated]")


@check
def adbc_by_a_certificate_of_others_is_refused():
    for name in ("stranger", "server", "expired"):
        error = fails(lambda: rows(by_certificate(name), "select 1"))
        assert "policy" not in str(error)
    fails(lambda: rows(by_certificate("none"), "select 1"), "[flight.unauthenticated]")


@check
def pyarrow_by_token_password_and_certificate():
    everything = ask(arrow(), options=BEARER)
    assert everything.num_rows >= 2
    client = arrow()
    header = client.authenticate_basic_token("ann", PASSWORD)
    assert ask(client, options=flight.FlightCallOptions(headers=[header])) == everything
    assert ask(arrow("ann")) == everything


@check
def pyarrow_a_million_rows():
    sql = "select i, i % 7 as k, 'text ' || i as t from range(1000000) r(i)"
    theirs = by_duckdb(sql)
    assert ask(arrow("ann"), sql).cast(theirs.schema).equals(theirs)


@check
def pyarrow_does_not_trust_a_node_that_it_does_not_know():
    fails(lambda: ask(arrow(tls_root_certs=open(f"{TLS}/clients/people.pem").read()), options=BEARER))
    fails(lambda: ask(arrow(override_hostname="evil.example"), options=BEARER))
    assert ask(arrow(override_hostname="node.example"), options=BEARER).num_rows >= 2


@check
def pyarrow_without_credentials_or_by_a_certificate_of_others_is_nobody():
    fails(lambda: ask(arrow()), "[flight.unauthenticated]")
    fails(lambda: ask(arrow("none")), "[flight.unauthenticated]")
    for name in ("stranger", "server", "expired"):
        fails(lambda: ask(arrow(name), options=BEARER))


run()
