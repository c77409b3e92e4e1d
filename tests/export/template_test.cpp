#include "apps/export/template.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace lensart::app {
namespace {

const Fillings kFillings = {{"name", [](const std::string&) { return "{{name}}"; }},
                            {"twice", [](const std::string& x) { return x + x; }}};

TEST(TemplateTest, HolesAreFilledFromTheInside) {
  EXPECT_EQ(fill_template("a {{twice b{{twice c}}}} }} d", kFillings), "a bccbcc }} d");
}

TEST(TemplateTest, WhatAValueHoldsIsNoHole) {
  EXPECT_EQ(fill_template("{{twice {{name}}}}", kFillings), "{{name}}{{name}}");
}

TEST(TemplateTest, AHoleThatNothingFillsIsABug) {
  EXPECT_THROW(fill_template("{{other}}", kFillings), std::logic_error);
  EXPECT_THROW(fill_template("{{twice a", kFillings), std::logic_error);
}

}  // namespace
}  // namespace lensart::app
