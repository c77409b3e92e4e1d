import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/**
 * Runs files of Flink SQL, statement by statement, in a Flink inside this process (MiniCluster).
 *
 * <p>Usage: {@code RunSql [--bounded TABLE] [--checkpoints DIR] [--parallelism N] [--explain] FILE...}.
 * With --bounded the Kafka table of that name is read to its end as of the start, and the job ends;
 * without it the job runs until it is stopped. ${NAME} in a file is the environment variable of that
 * name. With --explain the plan is printed, and nothing runs.
 */
public final class RunSql {
  private static final Pattern SETTING = Pattern.compile("SET '([^']*)' = '([^']*)'");
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z_]+)\\}");

  public static void main(String[] arguments) throws Exception {
    String bounded = null;
    int parallelism = 2;
    String checkpoints = null;
    boolean explain = false;
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < arguments.length; ++i) {
      switch (arguments[i]) {
        case "--bounded" -> bounded = arguments[++i];
        case "--checkpoints" -> checkpoints = Path.of(arguments[++i]).toUri().toString();
        case "--parallelism" -> parallelism = Integer.parseInt(arguments[++i]);
        case "--explain" -> explain = true;
        default -> files.add(Path.of(arguments[i]));
      }
    }
    Configuration configuration = new Configuration();
    if (checkpoints != null) configuration.setString("state.checkpoints.dir", checkpoints);
    configuration.setString("taskmanager.numberOfTaskSlots", Integer.toString(parallelism));
    configuration.setString("taskmanager.memory.managed.size", "64m");
    configuration.setString("taskmanager.memory.network.min", "128m");
    configuration.setString("taskmanager.memory.network.max", "128m");
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    environment.setParallelism(parallelism);
    StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
    for (Path file : files) {
      for (String statement : statements(withVariables(Files.readString(file)))) {
        boolean inserts = statement.startsWith("EXECUTE STATEMENT SET");
        if (inserts && bounded != null) {
          tables.executeSql(
              "ALTER TABLE " + bounded + " SET ('scan.bounded.mode' = 'latest-offset')");
        }
        if (inserts && explain) {
          tables.executeSql(statement.replaceFirst("EXECUTE", "EXPLAIN")).print();
          continue;
        }
        Matcher setting = SETTING.matcher(statement);
        if (setting.matches()) {
          tables.getConfig().set(setting.group(1), setting.group(2));
          continue;
        }
        try {
          TableResult result = tables.executeSql(statement);
          if (inserts) {
            long began = System.nanoTime();
            result.await();
            System.out.printf("job: %.1f s%n", (System.nanoTime() - began) / 1e9);
          } else if (statement.startsWith("SELECT")) {
            result.print();
          }
        } catch (Exception exception) {
          System.err.println(file + ": this statement failed:\n" + statement);
          throw exception;
        }
      }
    }
    System.exit(0);
  }

  private static String withVariables(String text) {
    return VARIABLE
        .matcher(text)
        .replaceAll(
            match -> {
              String value = System.getenv(match.group(1));
              if (value == null) throw new IllegalStateException(match.group(1) + " is not set");
              return Matcher.quoteReplacement(value.replace("'", "''"));
            });
  }

  /** The statements of a file: comments cut out, split at semicolons outside of quotes. */
  static List<String> statements(String text) {
    List<String> all = new ArrayList<>();
    StringBuilder one = new StringBuilder();
    boolean set = false;
    for (int i = 0; i < text.length(); ++i) {
      char c = text.charAt(i);
      if (c == '-' && text.startsWith("--", i)) {
        while (i + 1 < text.length() && text.charAt(i + 1) != '\n') ++i;
      } else if (c == '\'' || c == '`') {
        int end = text.indexOf(c, i + 1);
        if (end < 0) throw new IllegalArgumentException("a quote is not closed");
        one.append(text, i, end + 1);
        i = end;
      } else if (c == ';') {
        String statement = one.toString().strip();
        set = set || statement.startsWith("EXECUTE STATEMENT SET");
        if (set && !statement.endsWith("END")) {
          one.append(c);
        } else {
          if (!statement.isEmpty()) all.add(statement);
          one.setLength(0);
          set = false;
        }
      } else {
        one.append(c);
      }
    }
    if (!one.toString().isBlank()) throw new IllegalArgumentException("a semicolon is missing");
    return all;
  }
}
