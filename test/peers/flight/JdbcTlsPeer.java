// The JDBC driver over TLS: files and secrets are in the environment.
import java.sql.*;
import java.util.*;

public class JdbcTlsPeer {
  static final String TLS = System.getenv("PEER_TLS");

  interface Check { void run() throws Exception; }

  static void check(String name, Check body) {
    String why = null;
    try { body.run(); } catch (Throwable e) {
      StringBuilder text = new StringBuilder();
      for (Throwable t = e; t != null; t = t.getCause()) text.append(t).append("; ");
      why = text.toString().replace("\\", "/").replace("\"", "'").replace("\n", " ").replace("\t", " ");
    }
    System.out.println("{\"name\":\"" + name + "\",\"ok\":" + (why == null) + (why == null ? "" : ",\"why\":\"" + why + "\"") + "}");
  }

  static int count(String url) throws Exception {
    try (Connection c = DriverManager.getConnection(url); PreparedStatement s = c.prepareStatement("select count(*) from esh.action_items where site_id = ?")) {
      s.setString(1, "ann");
      try (ResultSet r = s.executeQuery()) { r.next(); return r.getInt(1); }
    }
  }

  static void refused(String url) throws Exception {
    try { count(url); } catch (SQLException | RuntimeException e) { return; }
    throw new AssertionError("it was not refused");
  }

  static void some(int count) { if (count < 1) throw new AssertionError("found " + count); }

  public static void main(String[] args) throws Exception {
    String bare = args[0].replace("grpc+tls://", "jdbc:arrow-flight-sql://") + "/?useEncryption=true";
    String url = bare + "&useSystemTrustStore=false&tlsRootCerts=" + TLS + "/server.pem";
    check("a token", () -> some(count(url + "&token=" + System.getenv("PEER_TOKEN"))));
    check("a name and password", () -> some(count(url + "&user=ann&password=" + System.getenv("PEER_PASSWORD").replace(" ", "%20"))));
    check("a certificate", () -> some(count(url + "&clientCertificate=" + TLS + "/clients/ann.pem&clientKey=" + TLS + "/clients/ann.key")));
    check("an update", () -> {
      try (Connection c = DriverManager.getConnection(url + "&token=" + System.getenv("PEER_TOKEN")); Statement s = c.createStatement()) {
        int n = s.executeUpdate("insert into esh.action_items (action_item_id, site_id, region, kind, status, title) values ('j-1', 'ann', 'north', 'corrective', 'open', 't')");
        if (n != 1) throw new AssertionError("rows " + n);
      }
    });
    check("a certificate of others", () -> refused(url + "&clientCertificate=" + TLS + "/clients/stranger.pem&clientKey=" + TLS + "/clients/stranger.key"));
    check("no credentials", () -> refused(url));
    check("a node that is not known", () -> refused(bare + "&token=" + System.getenv("PEER_TOKEN")));
    System.exit(0);
  }
}
