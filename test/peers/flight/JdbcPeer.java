// Flight SQL by the JDBC driver, which is the Java implementation.
import java.math.BigDecimal;
import java.sql.*;
import java.util.*;

public class JdbcPeer {
  interface Check { void run() throws Exception; }

  static Connection db;

  static void check(String name, Check body) {
    String why = null;
    try { body.run(); } catch (Throwable e) {
      StringBuilder text = new StringBuilder(e.toString());
      for (int i = 0; i < Math.min(6, e.getStackTrace().length); i++) text.append("\\n").append(e.getStackTrace()[i]);
      if (e.getCause() != null) text.append("\\ncause: ").append(e.getCause());
      why = text.toString().replace("\"", "'").replace("\n", "\\n").replace("\t", " ");
    }
    System.out.println("{\"name\":\"" + name + "\",\"ok\":" + (why == null) + (why == null ? "" : ",\"why\":\"" + why + "\"") + "}");
  }

  static void same(Object wanted, Object found) {
    if (!Objects.equals(wanted, found)) throw new AssertionError("wanted " + wanted + ", found " + found);
  }

  static void that(boolean holds, String what) { if (!holds) throw new AssertionError(what); }

  static List<String> column(ResultSet rows, String name) throws SQLException {
    List<String> found = new ArrayList<>();
    while (rows.next()) found.add(rows.getString(name));
    return found;
  }

  static String refused(Check body) throws Exception {
    try { body.run(); } catch (SQLException e) {
      StringBuilder text = new StringBuilder();
      for (Throwable t = e; t != null; t = t.getCause()) text.append(t.getMessage()).append('\n');
      return text.toString();
    }
    throw new AssertionError("it was not refused");
  }

  public static void main(String[] args) throws Exception {
    String url = args[0].replace("grpc://", "jdbc:arrow-flight-sql://") + "/?useEncryption=false";
    db = DriverManager.getConnection(url);

    check("a query", () -> {
      try (Statement s = db.createStatement(); ResultSet r = s.executeQuery("select 42 as a, 'x' as b")) {
        that(r.next(), "a row"); same(42, r.getInt("a")); same("x", r.getString("b")); that(!r.next(), "one row");
      }
    });
    check("types and NULL", () -> {
      String sql = "select true as b, 1::tinyint as i8, 2::smallint as i16, 3 as i32, 4::bigint as i64, 1.5::float as f, 2.5::double as d,"
        + " 12.34::decimal(10,2) as n, 'zürich' as t, '\\x00\\xFF'::blob as bl, date '2024-02-29' as day, timestamp '2024-02-29 12:30:01.5' as ts,"
        + " time '10:11:12' as tm, [1, null, 3] as l, {'x': 1, 'y': 'z'} as s, null::int as z, null::varchar as zt";
      try (Statement s = db.createStatement(); ResultSet r = s.executeQuery(sql)) {
        that(r.next(), "a row");
        same(true, r.getBoolean("b")); same((byte) 1, r.getByte("i8")); same((short) 2, r.getShort("i16")); same(3, r.getInt("i32"));
        same(4L, r.getLong("i64")); same(1.5f, r.getFloat("f")); same(2.5, r.getDouble("d")); same(new BigDecimal("12.34"), r.getBigDecimal("n"));
        same("zürich", r.getString("t")); that(Arrays.equals(new byte[] {0, (byte) 255}, r.getBytes("bl")), "bytes");
        same("2024-02-29", r.getDate("day", Calendar.getInstance(TimeZone.getTimeZone("UTC"))).toLocalDate().toString());
        same(Timestamp.valueOf("2024-02-29 12:30:01.5"), r.getTimestamp("ts"));
        same(3, ((Object[]) r.getArray("l").getArray()).length);
        same(0, r.getInt("z")); that(r.wasNull(), "NULL"); same(null, r.getString("zt")); same(null, r.getObject("z"));
        ResultSetMetaData m = r.getMetaData();
        same(17, m.getColumnCount()); same(Types.DECIMAL, m.getColumnType(8)); same(2, m.getScale(8)); same(Types.VARCHAR, m.getColumnType(9));
      }
    });
    check("an answer without rows", () -> {
      try (Statement s = db.createStatement(); ResultSet r = s.executeQuery("select 1 as a where false")) {
        same("a", r.getMetaData().getColumnName(1)); that(!r.next(), "no row");
      }
    });
    check("many rows", () -> {
      try (Statement s = db.createStatement(); ResultSet r = s.executeQuery("select i, i * 2 as j, 'row ' || i as t from range(300000) t(i) order by i")) {
        long n = 0;
        while (r.next()) { if (r.getLong(1) != n || r.getLong(2) != 2 * n || !r.getString(3).equals("row " + n)) throw new AssertionError("row " + n); n++; }
        same(300000L, n);
      }
    });
    check("parameters", () -> {
      try (PreparedStatement p = db.prepareStatement("select ?::bigint + 2 as s, ?::int as i, ?::varchar as t, ?::double as d, ?::boolean as b, ?::decimal(10,2) as n, ?::date as day, ?::timestamp as ts")) {
        same(8, p.getParameterMetaData().getParameterCount());
        for (int i = 0; i < 3; i++) {
          p.setLong(1, 40 + i); p.setInt(2, 2); p.setString(3, "p" + i); p.setDouble(4, 0.5); p.setBoolean(5, true); p.setBigDecimal(6, new BigDecimal("9.25"));
          p.setDate(7, java.sql.Date.valueOf("2024-02-29")); p.setTimestamp(8, Timestamp.valueOf("2024-02-29 12:30:00"));
          try (ResultSet r = p.executeQuery()) {
            that(r.next(), "a row"); same(42L + i, r.getLong("s")); same("p" + i, r.getString("t")); same(0.5, r.getDouble("d")); same(true, r.getBoolean("b"));
            same(new BigDecimal("9.25"), r.getBigDecimal("n"));
          }
        }
      }
    });
    check("a parameter in a table's query", () -> {
      try (PreparedStatement p = db.prepareStatement("select count(*) as n from esh.sites where site_id = ?")) {
        p.setString(1, "adbc-1");
        try (ResultSet r = p.executeQuery()) { that(r.next(), "a row"); r.getLong(1); }
      }
    });
    check("statements that write", () -> {
      String insert = "insert into esh.sites (site_id, region, name, jurisdiction, employees)";
      try (Statement s = db.createStatement()) { same(1, s.executeUpdate(insert + " values ('jdbc-1', 'n', 'x', 'UK', 1)")); }
      try (PreparedStatement p = db.prepareStatement(insert + " values (?, 'n', ?, 'UK', ?)")) {
        p.setString(1, "jdbc-2"); p.setString(2, "y"); p.setInt(3, 2);
        same(1, p.executeUpdate());
      }
      try (PreparedStatement p = db.prepareStatement("update esh.sites set employees = ? where site_id like ?")) {
        p.setInt(1, 7); p.setString(2, "jdbc-%");
        same(2, p.executeUpdate());
      }
      try (Statement s = db.createStatement()) {
        same(1, s.executeUpdate("delete from esh.sites where site_id = 'jdbc-1'"));
        String why = refused(() -> s.executeUpdate("delete from law.documents"));
        that(why.contains("sql.table_not_written"), why);
      }
      try (Statement s = db.createStatement(); ResultSet r = s.executeQuery("select employees from esh.sites where site_id like 'jdbc-%' and not deleted")) {
        that(r.next(), "a row"); same(7, r.getInt(1)); that(!r.next(), "one row");
      }
    });
    check("many rows of parameters are one statement, all or nothing", () -> {
      String insert = "insert into esh.sites (site_id, region, name, jurisdiction) values (?, 'n', 'x', 'UK')";
      try (PreparedStatement p = db.prepareStatement(insert)) {
        for (int i = 0; i < 3; i++) { p.setString(1, "batch-" + i); p.addBatch(); }
        same("[3]", Arrays.toString(p.executeBatch()));
      }
      // The key of the last row is taken, by a row with other content.
      String other = insert.replace("'x'", "'other'");
      try (PreparedStatement p = db.prepareStatement(other)) {
        for (String id : new String[] {"batch-9", "batch-0"}) { p.setString(1, id); p.addBatch(); }
        that(refused(p::executeBatch).contains("row.conflict"), "a taken key");
      }
      try (Statement s = db.createStatement(); ResultSet r = s.executeQuery("select count(*) from esh.sites where site_id like 'batch-%'")) { r.next(); same(3L, r.getLong(1)); }
    });
    check("the driver has no transactions: what is written is committed at once", () -> {
      try (Connection c = DriverManager.getConnection(url)) {
        c.setAutoCommit(false);
        try (Statement s = c.createStatement()) { same(1, s.executeUpdate("insert into esh.sites (site_id, region, name, jurisdiction) values ('tx-jdbc', 'n', 'x', 'UK')")); }
        c.rollback();
        try (Statement s = c.createStatement(); ResultSet r = s.executeQuery("select count(*) from esh.sites where site_id = 'tx-jdbc'")) { r.next(); same(1L, r.getLong(1)); }
      }
    });
    check("searches and worked-out tables", () -> {
      try (PreparedStatement p = db.prepareStatement("select c.site_id, h.citation from esh.site_compliance c left join search.text_search(?, top_k := 2) h on true where c.site_id = ?")) {
        p.setString(1, "dust"); p.setString(2, "batch-0");
        try (ResultSet r = p.executeQuery()) { that(r.next(), "a row"); same("batch-0", r.getString(1)); same(null, r.getString(2)); }
      }
    });
    check("errors", () -> {
      that(refused(() -> db.createStatement().executeQuery("selec 1")).contains("sql.syntax"), "syntax");
      that(refused(() -> db.createStatement().executeQuery("select * from nothing")).contains("sql.name"), "name");
    });
    check("about the database", () -> {
      DatabaseMetaData m = db.getMetaData();
      same("Fractal", m.getDatabaseProductName()); same("\"", m.getIdentifierQuoteString()); same("catalog", m.getCatalogTerm()); same("schema", m.getSchemaTerm());
      that(m.getSQLKeywords().contains("QUALIFY"), "keywords"); that(m.getNumericFunctions().contains("SQRT"), "functions");
      that(m.supportsTransactions(), "transactions"); same(3, m.getDefaultTransactionIsolation());
      that(m.supportsConvert(), "convert"); that(m.supportsConvert(Types.INTEGER, Types.VARCHAR), "int to text"); that(!m.supportsConvert(Types.DATE, Types.INTEGER), "date to int");
      that(m.supportsGroupBy() && m.supportsUnionAll() && m.supportsFullOuterJoins() && m.supportsCorrelatedSubqueries(), "SQL"); that(!m.isReadOnly(), "writable");
      that(!m.supportsSavepoints() && !m.supportsStoredProcedures(), "what is not there"); same("\\", m.getSearchStringEscape());
    });
    check("every question about the database has an answer", () -> {
      StringBuilder wrong = new StringBuilder();
      for (java.lang.reflect.Method method : DatabaseMetaData.class.getMethods()) {
        if (method.getParameterCount() > 0) continue;
        try { Object value = method.invoke(db.getMetaData()); if (value instanceof ResultSet) ((ResultSet) value).close(); }
        catch (java.lang.reflect.InvocationTargetException e) {
          if (!(e.getCause() instanceof SQLFeatureNotSupportedException)) wrong.append(method.getName()).append(": ").append(e.getCause()).append("; ");
        }
      }
      that(wrong.length() == 0, wrong.toString());
    });
    check("catalogues, schemas, tables", () -> {
      DatabaseMetaData m = db.getMetaData();
      same(List.of("fractal"), column(m.getCatalogs(), "TABLE_CAT")); same(List.of("ai", "esh", "law", "node"), column(m.getSchemas(), "TABLE_SCHEM"));
      same(List.of("SYSTEM TABLE", "TABLE", "VIEW"), column(m.getTableTypes(), "TABLE_TYPE"));
      same(List.of("permits"), column(m.getTables(null, "esh", "permits", null), "TABLE_NAME"));
      that(column(m.getTables("fractal", null, "%", new String[] {"TABLE"}), "TABLE_NAME").size() > 20, "all tables");
      same(List.of("site_compliance"), column(m.getTables(null, null, "%", new String[] {"VIEW"}), "TABLE_NAME"));
    });
    check("columns", () -> {
      try (ResultSet r = db.getMetaData().getColumns(null, "esh", "sites", "%")) {
        List<String> names = new ArrayList<>();
        while (r.next()) { names.add(r.getString("COLUMN_NAME")); if (r.getString("COLUMN_NAME").equals("site_id")) { same(Types.VARCHAR, r.getInt("DATA_TYPE")); same(DatabaseMetaData.columnNoNulls, r.getInt("NULLABLE")); } }
        same("site_id", names.get(0)); that(names.contains("commit_version"), "system columns");
      }
    });
    check("keys", () -> {
      DatabaseMetaData m = db.getMetaData();
      same(List.of("site_id"), column(m.getPrimaryKeys(null, "esh", "sites"), "COLUMN_NAME"));
      same(List.of("version_id", "section_id"), column(m.getPrimaryKeys(null, "law", "sections"), "COLUMN_NAME"));
      that(column(m.getImportedKeys(null, "esh", "permits"), "PKTABLE_NAME").contains("sites"), "imported");
      that(column(m.getExportedKeys(null, "esh", "sites"), "FKTABLE_NAME").contains("permits"), "exported");
      same(List.of("site_id"), column(m.getCrossReference(null, "esh", "sites", null, "esh", "permits"), "FKCOLUMN_NAME"));
    });
    check("a catalogue in the address", () -> {
      Connection c = DriverManager.getConnection(url + "&catalog=fractal");
      try (ResultSet r = c.createStatement().executeQuery("select 1")) { that(r.next(), "a row"); }
      // Driver 18.3 closes its session twice; the second time the channel is gone.
      try { c.close(); } catch (SQLException e) { that(e.getMessage().contains("Channel shutdown invoked"), e.getMessage()); }
      that(refused(() -> DriverManager.getConnection(url + "&catalog=other")).length() > 0, "another catalogue");
    });
    check("name and password", () -> {
      try (Connection c = DriverManager.getConnection(url + "&user=local-operator&password="); ResultSet r = c.createStatement().executeQuery("select 1")) { that(r.next(), "a row"); }
      refused(() -> DriverManager.getConnection(url + "&user=somebody&password=secret"));
    });
    check("connections at the same time", () -> {
      List<Thread> threads = new ArrayList<>(); List<Throwable> wrong = Collections.synchronizedList(new ArrayList<>());
      for (int t = 0; t < 8; t++) { Thread thread = new Thread(() -> { try (Connection c = DriverManager.getConnection(url)) {
        for (int i = 0; i < 10; i++) try (ResultSet r = c.createStatement().executeQuery("select count(*) from range(1000)")) { r.next(); same(1000L, r.getLong(1)); } } catch (Throwable e) { wrong.add(e); } }); threads.add(thread); thread.start(); }
      for (Thread t : threads) t.join();
      that(wrong.isEmpty(), wrong.toString());
    });
    // The driver counts what its own failed calls left allocated as ours.
    try { db.close(); } catch (SQLException leak) { System.err.println(leak.getMessage()); }
    System.exit(0);
  }
}
