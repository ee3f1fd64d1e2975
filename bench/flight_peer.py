"""The other side of bench/flight.ts: the same server in Python (pyarrow.flight over duckdb), and the client of both."""
import json
import sys
import time

import pyarrow as pa
import pyarrow.flight as flight


def serve(sql, batch_rows):
    import duckdb

    class Server(flight.FlightServerBase):
        def __init__(self):
            super().__init__("grpc+tcp://127.0.0.1:0")
            self.db = duckdb.connect(config={"threads": 2})
            self.db.execute(sql)

        def do_get(self, context, ticket):
            result = self.db.cursor().execute(ticket.ticket.decode())
            reader = result.to_arrow_reader(batch_rows) if hasattr(result, "to_arrow_reader") else result.fetch_record_batch(batch_rows)
            return flight.RecordBatchStream(reader)

    server = Server()
    print(json.dumps({"url": f"grpc+tcp://127.0.0.1:{server.port}", "duckdb": duckdb.__version__}), flush=True)
    server.serve()


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def sized(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def read(url, sql, kind):
    """One connection, one query, read whole; milliseconds, rows, bytes."""
    client = flight.connect(url, generic_options=[("grpc.http2.lookahead_bytes", 8 << 20)])
    client.wait_for_available()
    began = time.perf_counter()
    if kind == "sql":
        name = b"type.googleapis.com/arrow.flight.protocol.sql.CommandStatementQuery"
        command = sized(1, name) + sized(2, sized(1, sql.encode()))
        ticket = client.get_flight_info(flight.FlightDescriptor.for_command(command)).endpoints[0].ticket
    else:
        ticket = flight.Ticket(sql.encode())
    rows = size = 0
    for chunk in client.do_get(ticket):
        rows += chunk.data.num_rows
        size += chunk.data.nbytes
    print(json.dumps({"ms": (time.perf_counter() - began) * 1000, "rows": rows, "bytes": size, "pyarrow": pa.__version__}))


if sys.argv[1] == "serve":
    serve(sys.argv[2], int(sys.argv[3]))
else:
    read(*sys.argv[2:5])
