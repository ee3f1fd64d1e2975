"""A node with users, as pyarrow and the ADBC driver come in. Password and token are in the environment."""
import os

import adbc_driver_flightsql.dbapi as dbapi
import pyarrow as pa
import pyarrow.flight as flight

from checks import URL, check, fails, run

PASSWORD, TOKEN = os.environ["PEER_PASSWORD"], os.environ["PEER_TOKEN"]
PLACE = URL.replace("grpc:", "grpc+tcp:")
SHOWN = ["ann-1", "ann-2"]


def items(*rows):
    columns = {"action_item_id": [key for key, _ in rows], "site_id": [site for _, site in rows]}
    fixed = {"region": "north", "kind": "corrective", "status": "open", "title": "t"}
    return pa.table({**columns, **{name: [value] * len(rows) for name, value in fixed.items()}})


def ids(connection):
    with connection.cursor() as cursor:
        cursor.execute("select action_item_id from esh.action_items order by 1")
        return cursor.fetch_arrow_table().column(0).to_pylist()


def by_password(password=PASSWORD, user="ann", **options):
    return dbapi.connect(URL, db_kwargs={"username": user, "password": password}, autocommit=True, **options)


def by_token(token=TOKEN):
    header = {"adbc.flight.sql.authorization_header": f"Bearer {token}"}
    return dbapi.connect(URL, db_kwargs=header, autocommit=True)


def nobody(body):
    """It is refused, in words that do not tell what was wrong."""
    error = fails(body, "[flight.unauthenticated]")
    assert "ann" not in str(error), error


@check
def adbc_writes_and_reads_what_the_rules_cover():
    with by_password() as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("action_items", items(("ann-1", "ann"), ("ann-2", "ann")), mode="append", db_schema_name="esh")
        error = fails(
            lambda: cursor.adbc_ingest("action_items", items(("ann-3", "ann"), ("bob-1", "bob")), mode="append", db_schema_name="esh"),
            "[policy.denied]",
        )
        assert "bob" not in str(error), error
        assert ids(connection) == SHOWN


@check
def adbc_comes_in_by_token():
    with by_token() as connection:
        assert ids(connection) == SHOWN


@check
def adbc_lists_what_may_be_read():
    with by_token() as connection:
        found = connection.adbc_get_objects(depth="columns").read_all().to_pylist()
        tables = {
            table["table_name"]: [column["column_name"] for column in table["table_columns"]]
            for catalog in found
            for schema in catalog["catalog_db_schemas"]
            for table in schema["db_schema_tables"]
        }
        assert list(tables) == ["action_items"], tables
        assert "owner" not in tables["action_items"] and "title" in tables["action_items"]


@check
def adbc_transactions_read_through_the_views():
    with dbapi.connect(URL, db_kwargs={"username": "ann", "password": PASSWORD}) as connection:
        assert ids(connection) == SHOWN
        connection.rollback()


@check
def adbc_without_credentials_is_nobody():
    nobody(lambda: ids(dbapi.connect(URL, autocommit=True)))


@check
def adbc_with_a_wrong_password_is_nobody():
    nobody(lambda: ids(by_password("wrong horse battery")))


@check
def adbc_with_a_wrong_name_is_nobody():
    nobody(lambda: ids(by_password(user="bob")))


@check
def adbc_with_a_wrong_token_is_nobody():
    nobody(lambda: ids(by_token(TOKEN[:-1] + ("A" if TOKEN[-1] != "A" else "B"))))


@check
def pyarrow_changes_a_password_into_a_token():
    client = flight.connect(PLACE)
    options = flight.FlightCallOptions(headers=[client.authenticate_basic_token("ann", PASSWORD)])
    found = [info.descriptor.path for info in client.list_flights(options=options)]
    assert found == [[b"esh", b"action_items"]], found
    info = client.get_flight_info(flight.FlightDescriptor.for_path("esh", "action_items"), options)
    assert client.do_get(info.endpoints[0].ticket, options).read_all().num_rows == len(SHOWN)
    nobody(lambda: client.do_get(info.endpoints[0].ticket).read_all())


@check
def pyarrow_with_a_wrong_password_is_nobody():
    nobody(lambda: flight.connect(PLACE).authenticate_basic_token("ann", "x"))


@check
def pyarrow_without_credentials_is_nobody():
    nobody(lambda: list(flight.connect(PLACE).list_flights()))


run()
