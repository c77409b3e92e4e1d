#include "apps/config/secrets.hpp"

#include <libpq-fe.h>

#include "apps/config/effective.hpp"
#include "tests/config/config_fixture.hpp"

namespace lensart::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCanary = "cAn4ry";

class SecretsTest : public ConfigTest {
 protected:
  /// Everything the program could say about the configuration, right or wrong.
  std::string everything() const {
    const auto loaded = load_config_from(options);
    if (loaded) {
      return effective_text(*loaded) + effective_json(*loaded) + settings_json(loaded->config);
    }
    std::string text = problems_json(loaded.error());
    for (const auto& problem : loaded.error()) text += problem.text() + "\n";
    return text;
  }
  void expect_hidden() const { EXPECT_THAT(everything(), Not(HasSubstr(kCanary))); }
};

TEST_F(SecretsTest, PasswordOfEveryFormOfDsnIsHidden) {
  for (const auto* dsn :
       {"host=db password=cAn4ry user=me", "password = 'cAn4ry'", R"(password='\'cAn4ry \\')",
        "postgresql://me:cAn4ry@db:5432/orders",
        "postgres://me:%63cAn4ry%40x@db/orders?sslmode=require",
        "postgresql://db/orders?password=cAn4ry&user=me", "host=db sslpassword=cAn4ry"}) {
    options.overrides = {std::string("postgres.dsn=") + dsn};
    load();
    expect_hidden();
    EXPECT_THAT(everything(), HasSubstr("***")) << dsn;
  }
}

TEST_F(SecretsTest, PasswordOfADsnThatCannotBeReadIsHidden) {
  for (const auto* dsn : {"host=db pasword=cAn4ry", "password='cAn4ry", "host=db cAn4ry",
                          "postgresql://me:cAn4ry@[db/x", "postgresql://me:%zzcAn4ry@db/x",
                          "postgresql://db/x?pasword=cAn4ry"}) {
    options.overrides = {std::string("postgres.dsn=") + dsn};
    EXPECT_FALSE(problems().empty());
    expect_hidden();
  }
}

TEST_F(SecretsTest, RestOfTheDsnIsShown) {
  set("postgres.dsn=postgresql://me:cAn4ry@db:5433/orders");
  EXPECT_THAT(everything(), HasSubstr("user=me password=*** dbname=orders host=db port=5433"));
}

TEST_F(SecretsTest, SecretPropertiesAreHiddenFromEverySource) {
  file(
      "[kafka.properties]\nsasl.password = 'cAn4ry'\nssl.key.password = 'cAn4ry'\n"
      "[kafka.consumer.properties]\n\"ssl.keystore.password\" = 'cAn4ry'\n"
      "[kafka.producer.properties]\nsasl.oauthbearer.config = 'cAn4ry'\n");
  environment("LENSART_KAFKA_PRODUCER_PROPERTIES_SASL_PASSWORD", kCanary);
  set("kafka.consumer.properties.sasl.password=cAn4ry");
  EXPECT_EQ(load().config.kafka.properties.at("sasl.password"), kCanary);
  expect_hidden();
}

TEST_F(SecretsTest, MisspeltSecretIsHiddenInTheErrorToo) {
  for (const auto* key :
       {"postgres.pasword", "postgres.passwd", "postgres.password", "postgres.dns", "postgres.pw",
        "postgress.dsn", "kafka.properties.sasl.pasword", "kafka.propertis.sasl.password",
        "kafka.sasl.password", "sasl.password", "gateway.token", "http.tokns", "http.secret",
        "password", "kafka.properties.sasl", "pipeline.password", "pipeline.api_key"}) {
    options = {};
    options.search_path.clear();
    file(file_with(key, "\"cAn4ry\""));
    EXPECT_FALSE(problems().empty());
    expect_hidden();
    options.file.reset();
    set(std::string(key) + "=cAn4ry");
    expect_hidden();
  }
  options.overrides.clear();
  for (const auto* name : {"LENSART_POSTGRES_PASSWORD", "LENSART_POSTGRES_DNS", "LENSART_PASSWORD",
                           "LENSART_HTTP_TOKEN", "LENSART_KAFKA_PROPERTIES_SASL_PASWORD",
                           "LENSART_KAFKA_SASL_PASSWORD"}) {
    options.environment = {{name, kCanary}};
    EXPECT_FALSE(problems().empty());
    expect_hidden();
  }
}

TEST_F(SecretsTest, SecretOfTheWrongTypeOrShapeIsHidden) {
  for (const auto* text :
       {"[postgres]\ndsn = ['cAn4ry']", "[http]\ntokens = 'cAn4ry'", "[http]\ntokens = ['cAn4ry']",
        "[gateway]\ntokens = ['cAn4ry']", "[http]\ntokens = ['cAn4ry', 'cAn4ry']",
        "[kafka]\nproperties = 'sasl.password=cAn4ry'", "[kafka]\nproperties = ['cAn4ry']",
        "[kafka.properties]\nsasl.password = ['cAn4ry']",
        "[kafka.properties]\nsasl.password.x = 'cAn4ry'", "[postgres.dsn]\npassword = 'cAn4ry'"}) {
    file(text);
    EXPECT_FALSE(problems().empty());
    expect_hidden();
  }
  options.file.reset();
  for (const auto* text : {"kafka.properties=cAn4ry", "kafka.properties={x = cAn4ry}",
                           "http.tokens=cAn4ry", "http.tokens=[cAn4ry]", "cAn4ry"}) {
    options.overrides = {text};
    EXPECT_FALSE(problems().empty());
    expect_hidden();
  }
}

TEST_F(SecretsTest, BrokenTomlAroundASecretIsHidden) {
  for (const auto* text :
       {"[postgres]\ndsn = \"password=cAn4ry", "[postgres]\ndsn = cAn4ry", "[postgres]\ndsn cAn4ry",
        "[postgres]\ndsn = \"a\\qcAn4ry\"", "[postgres]\ndsn = 'a' cAn4ry",
        "[kafka.properties]\nsasl.password = 1cAn4ry",
        "[kafka.properties]\nsasl.password = 0xcAn4ry",
        "[kafka.properties]\nsasl.password = \"cAn4ry\nx\"", "sasl.password = truecAn4ry",
        "[postgres]\ndsn = 1979-05-27TcAn4ry", "[postgres]\ndsn = +cAn4ry"}) {
    file(text);
    EXPECT_FALSE(problems().empty());
    expect_hidden();
  }
}

TEST_F(SecretsTest, PasswordThatIsANumberTooLargeForTomlIsHidden) {
  file("[kafka.properties]\nsasl.password = 98765432109876543210\n");
  EXPECT_FALSE(problems().empty());
  EXPECT_THAT(everything(), Not(HasSubstr("98765432109876543210")));
}

TEST_F(SecretsTest, AcceptedTokensAreHidden) {
  const std::string hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  file("[http]\ntokens = ['" + hash + "']\n");
  EXPECT_THAT(everything(), Not(HasSubstr(hash)));
  EXPECT_THAT(everything(), HasSubstr("tokens = [\"***\"]"));
}

TEST_F(SecretsTest, MessageOfALibraryIsRidOfSecrets) {
  set("postgres.dsn=postgresql://me:cAn%34ry@db/x");
  set("kafka.properties.sasl.password=o7her");
  EXPECT_EQ(without_secrets(load().config, "cAn4ry refused, o7her too"), "*** refused, *** too");
}

TEST_F(SecretsTest, PasswordOfTheFileIsPutIntoTheConnectionString) {
  const auto path = write("password", "it's \\ cAn4ry\r\nsecond line\n");
  file("[postgres]\ndsn = 'postgresql://me@db/x'\npassword_file = '" + path.string() + "'\n");
  const auto loaded = load();
  expect_hidden();
  const auto dsn = postgres_connection_string(loaded.config.postgres);
  ASSERT_TRUE(dsn.has_value());
  std::map<std::string, std::string> values;
  auto* parsed = PQconninfoParse(dsn->c_str(), nullptr);
  ASSERT_NE(parsed, nullptr);
  for (auto* option = parsed; option->keyword != nullptr; ++option) {
    if (option->val != nullptr) values[option->keyword] = option->val;
  }
  PQconninfoFree(parsed);
  EXPECT_EQ(values["password"], "it's \\ cAn4ry");
  EXPECT_EQ(values["user"], "me");
  EXPECT_EQ(values["dbname"], "x");
}

TEST_F(SecretsTest, ConnectionStringIsUntouchedWithoutAPasswordFile) {
  PostgresConfig postgres;
  postgres.dsn = "postgresql://me:x@db/y";
  EXPECT_EQ(postgres_connection_string(postgres).value(), postgres.dsn);
}

}  // namespace
}  // namespace lensart::app
