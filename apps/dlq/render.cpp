#include "apps/dlq/render.hpp"

#include <fmt/format.h>

#include "apps/orders/json_document.hpp"
#include "apps/orders/rules.hpp"
#include "graph/text.hpp"

namespace lensart::dlq {

namespace {

using orders::JsonDocument;
using orders::JsonKind;
using orders::JsonNode;
using orders::NodeId;

constexpr std::size_t kListedMessage = 110;
constexpr std::string_view kMarked = "> ";
constexpr std::string_view kUnmarked = "  ";
constexpr std::string_view kRed = "\x1B[1;31m";
constexpr std::string_view kPlain = "\x1B[0m";

std::string quoted(std::string_view text) {
  return harmless(Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::string shown(const Json& value) {
  if (value.is_null()) return "-";
  return harmless(value.is_string() ? value.get<std::string>() : value.dump());
}

std::string place_text(const Json& letter) {
  return fmt::format("{}/{}/{}", shown(letter["topic"]), shown(letter["partition"]),
                     shown(letter["offset"]));
}

/// A document, a value a line.
class Layout {
 public:
  Layout(const JsonDocument& document, std::string_view field, bool colour)
      : document_(document), field_(field), colour_(colour) {
    if (!field_.empty()) find_field();
  }
  std::string take() {
    add(0, 0, "", false);
    return std::move(out_);
  }

 private:
  std::string path_of(NodeId id) const {
    return orders::fit_for_column(document_.path_of(id), kFieldColumn);
  }
  /// What has the field's path; where nothing has, the innermost object that could.
  void find_field() {
    std::size_t longest = 0;
    for (NodeId id = 0; id < document_.nodes().size(); ++id) {
      const std::string path = path_of(id);
      if (path == field_ && id != 0) marked_.push_back(id);
      const bool leads_there = path.size() < field_.size() && field_.starts_with(path) &&
                               (path.empty() || field_[path.size()] == '.');
      if (!leads_there || document_.node(id).kind != JsonKind::kObject) continue;
      if (path.size() < longest) continue;
      longest = path.size();
      lacking_ = id;
    }
  }
  bool is_marked(NodeId id) const {
    return std::find(marked_.begin(), marked_.end(), id) != marked_.end();
  }
  void line(std::size_t depth, std::string_view text, bool marked) {
    out_ += marked ? kMarked : kUnmarked;
    if (marked && colour_) out_ += kRed;
    out_.append(depth * 2, ' ');
    out_ += text;
    if (marked && colour_) out_ += kPlain;
    out_ += '\n';
  }
  void add(NodeId id, std::size_t depth, std::string_view comma, bool marked) {
    const JsonNode& node = document_.node(id);
    marked = marked || is_marked(id);
    std::string key;
    const bool in_object = id != 0 && document_.node(node.parent).kind == JsonKind::kObject;
    if (in_object) key = quoted(node.key) + ": ";
    if (node.kind == JsonKind::kText)
      return line(depth, key + quoted(node.text) + std::string(comma), marked);
    if (node.kind != JsonKind::kArray && node.kind != JsonKind::kObject) {
      return line(depth, fmt::format("{}{}{}", key, node.text, comma), marked);
    }
    const std::string_view brackets = node.kind == JsonKind::kArray ? "[]" : "{}";
    const bool lacks = marked_.empty() && lacking_ == id && !field_.empty();
    const std::string lacking =
        lacks ? fmt::format("   <- {} is missing", harmless(field_)) : std::string();
    if (document_.is_empty(id)) {
      return line(depth, fmt::format("{}{}{}{}", key, brackets, comma, lacking), marked || lacks);
    }
    line(depth, fmt::format("{}{}{}", key, brackets[0], lacking), marked || lacks);
    for (NodeId child = id + 1; child < node.end; child = document_.node(child).end) {
      add(child, depth + 1, document_.node(child).end < node.end ? "," : "", marked);
    }
    line(depth, fmt::format("{}{}", brackets[1], comma), marked);
  }

  const JsonDocument& document_;
  std::string field_;
  bool colour_;
  std::vector<NodeId> marked_;
  NodeId lacking_ = 0;
  std::string out_;
};

std::string bytes_from_base64(const std::string& text) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> count & 0xFF));
  }
  return out;
}

/// Sixteen bytes a line, in hexadecimal and as ASCII.
std::string hex_lines(std::string_view bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    const std::string_view row = bytes.substr(at, 16);
    std::string hex;
    std::string ascii;
    for (const char c : row) {
      hex += fmt::format("{:02x} ", static_cast<unsigned char>(c));
      ascii += c >= ' ' && c <= '~' ? c : '.';
    }
    out += fmt::format("{}{:08x}  {:<48} {}\n", kUnmarked, at, hex, ascii);
  }
  return out;
}

std::string text_lines(const std::string& text) {
  std::string out;
  std::string line;
  for (const char c : harmless(text) + "\n") {
    if (c != '\n') {
      line += c;
      continue;
    }
    out += std::string(kUnmarked) + line + '\n';
    line.clear();
  }
  return out;
}

std::string payload_text(const Json& detail, bool colour) {
  const Json& payload = detail["payload"];
  if (payload.is_null())
    return "no payload: the record had a null value, or it is a row's letter\n";
  const auto size = payload["bytes"].get<std::size_t>();
  std::string out =
      fmt::format("payload, {} bytes{}\n", size, payload["text"].is_null() ? ", no UTF-8" : "");
  if (payload["text"].is_null()) {
    return out + hex_lines(bytes_from_base64(payload["base64"].get<std::string>()));
  }
  const auto text = payload["text"].get<std::string>();
  const auto envelope = payload["envelope_bytes"].get<std::size_t>();
  if (envelope > 0) out += text_lines(text.substr(0, envelope - 1));
  const std::string inner = text.substr(envelope);
  const std::string laid_out =
      pretty(inner, detail["letters"][0]["letter"]["field"].get<std::string>(), colour);
  return out + (laid_out.empty() ? text_lines(inner) : laid_out);
}

void add_letter(const Json& entry, std::string& out) {
  const Json& letter = entry["letter"];
  const std::string field = shown(letter["field"]);
  out +=
      fmt::format("{}{}{}  refused {}\n  {}\n", shown(letter["code"]), field.empty() ? "" : " at ",
                  field, shown(letter["occurred_at"]), shown(letter["message"]));
  out += fmt::format("  rule    {}\n  remedy  {}\n", shown(entry["rule"]), shown(entry["remedy"]));
  out += letter["sent_at"].is_null() ? "  not yet sent to the topic of the dead letters\n"
                                     : fmt::format("  sent to the topic of the dead letters {}\n",
                                                   shown(letter["sent_at"]));
}

}  // namespace

std::string harmless(std::string_view utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    const auto next = i + 1 < utf8.size() ? static_cast<unsigned char>(utf8[i + 1]) : 0;
    if ((byte < ' ' && byte != '\n') || byte == 0x7F) {
      out += fmt::format("\\u{:04x}", byte);
    } else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {
      out += fmt::format("\\u{:04x}", next);
      ++i;
    } else {
      out += utf8[i];
    }
  }
  return out;
}

std::string pretty(std::string_view payload, std::string_view field, bool colour) {
  std::string padded(payload);
  padded.append(JsonDocument::kPadding, '\0');
  JsonDocument document;
  if (document.parse({padded.data(), payload.size()}) != nullptr) return {};
  return Layout(document, field, colour).take();
}

std::string list_text(const Json& page) {
  std::string out;
  for (const Json& letter : page["letters"]) {
    const std::string field = shown(letter["field"]);
    const std::string message = shown(letter["message"]);
    const std::string_view begin = first_code_points(message, kListedMessage);
    out += fmt::format("{}  {}  {}{}{}\n    {}{}\n", shown(letter["occurred_at"]),
                       place_text(letter), shown(letter["code"]), field.empty() ? "" : " at ",
                       field, begin, begin.size() < message.size() ? "…" : "");
    out += fmt::format(
        "    order {}, event {}, {} bytes{}{}\n", shown(letter["order_id"]),
        shown(letter["event_id"]), shown(letter["payload_bytes"]),
        letter["sent_at"].is_null() ? ", not yet sent to its topic" : "",
        letter["replayed_at"].is_null() ? "" : ", replayed " + shown(letter["replayed_at"]));
  }
  std::string counts;
  std::uint64_t all = 0;
  for (const Json& code : page["codes"]) {
    all += code["letters"].get<std::uint64_t>();
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", shown(code["letters"]),
                          shown(code["code"]));
  }
  out += fmt::format("{} dead letters{}{}\n", all, counts.empty() ? "" : ": ", counts);
  if (!page["next"].is_null()) out += fmt::format("more: --after {}\n", shown(page["next"]));
  return out;
}

std::string detail_text(const Json& detail, bool colour) {
  const Json& first = detail["letters"][0]["letter"];
  std::string out = fmt::format("{}  order {}, event {}\n", place_text(first),
                                shown(first["order_id"]), shown(first["event_id"]));
  for (const Json& letter : detail["letters"]) add_letter(letter, out);
  const Json& replay = detail["replay"];
  if (!replay.is_null()) {
    out += fmt::format("replayed {} through {}: event {} {}\n", shown(replay["at"]),
                       place_text(replay), shown(replay["event_id"]),
                       replay["too_late"].get<bool>() ? "counts since" : "is accepted since");
  } else {
    out += "no replay of it was accepted\n";
  }
  const Json& event = detail["event"];
  if (!event.is_null()) {
    out += fmt::format("orders_raw has event {}, from {}{}\n", shown(event["event_id"]),
                       place_text(event),
                       event["too_late"].get<bool>() ? ": too late, it counts in no metric" : "");
  }
  return out + payload_text(detail, colour);
}

std::string result_text(const ReplayResult& result) {
  std::string out = fmt::format("{}  {}", result.place.text(), name_of(result.verdict));
  if (result.code) out += ": " + *result.code;
  if (result.field && !result.field->empty()) out += " at " + harmless(*result.field);
  if (result.message) out += "\n    " + harmless(*result.message);
  return out + "\n";
}

}  // namespace lensart::dlq
