/// Texts that are nearly JSON.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace lensart::orders {

/// A piece of JSON, or of what looks like it.
inline const std::string& piece(std::mt19937_64& random) {
  static const std::vector<std::string> kPieces = {"{",
                                                   "}",
                                                   "[",
                                                   "]",
                                                   ":",
                                                   ",",
                                                   "\"",
                                                   "\\",
                                                   "\"a\"",
                                                   "\"b\":",
                                                   "1",
                                                   "-0",
                                                   "1e5",
                                                   "0.5",
                                                   "tru",
                                                   "true",
                                                   "null",
                                                   "false",
                                                   "\"\\u00e9\"",
                                                   "\"\\ud83d\\ude00\"",
                                                   "\"\\ud83d\"",
                                                   "\\u0000",
                                                   " ",
                                                   "\n",
                                                   "\f",
                                                   "\x1A",
                                                   "é",
                                                   "\xFF",
                                                   "\xED",
                                                   "{}",
                                                   "[]",
                                                   "{\"a\":1}",
                                                   ",\"a\":[1,2]",
                                                   "e",
                                                   ".",
                                                   "-",
                                                   "/",
                                                   "\\\"",
                                                   "\\\\",
                                                   "0",
                                                   ",1",
                                                   "\x80",
                                                   "\x01",
                                                   "1e999",
                                                   "                "};
  return kPieces[random() % kPieces.size()];
}

/// A sound payload with up to three places where something was taken out, put in or both. About one
/// in three is still sound.
inline std::string mutated(std::mt19937_64& random) {
  static const std::vector<std::string> kSound = {
      R"({"a":1,"b":[true,false,null,{"c":"d"}],"e":{"f":-1.5e3,"g":[]}})",
      R"({ "a" : "x\\y\"z" , "\u00e9" : "\ud83d\ude00" , "long key over sixteen bytes" : 0 })",
      R"({"a":"Nguy\u1ec5n \u0110\u00ecnh","b":"12\/5","c":"ệ 😀","d":{"e":{"f":[[[1]]]}}})"};
  std::string text = kSound[random() % kSound.size()];
  for (auto places = 1 + random() % 3; places > 0; --places) {
    const std::size_t at = random() % (text.size() + 1);
    text.erase(at, random() % 3);
    if (random() % 4 != 0) text.insert(at, piece(random));
  }
  return text;
}

}  // namespace lensart::orders
