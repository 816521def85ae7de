// The C++ header without exceptions and without type information (-fno-exceptions -fno-rtti), in one
// program with code that has both.
#include "actra.hpp"
#include "check.h"

static_assert(ACTRA_HAS_EXCEPTIONS == 0, "this file is to be compiled with -fno-exceptions");

unsigned long checks_without_exceptions();

unsigned long checks_without_exceptions() {
    const char *schema = "version: 1\nactions: {pay: {fields: {amount: number, tags: {type: list, items: string}}}}\n";
    const char *rules = "version: 2\nrules: [{id: small, scope: {action: pay}, when: action.amount < 10, effect: allow}]\n";
    CHECK(actra::Policy::try_compile(schema, "version: 9").failure().status() == actra::Status::compile_error);
    CHECK(actra::Policy::try_open("/nowhere.actra").failure().code() == "io");
    const actra::Policy policy = actra::Policy::try_compile(schema, rules).value();
    const std::optional<actra::Slot> type = policy.find_slot("action.type");
    const std::optional<actra::Slot> amount = policy.find_slot("action.amount");
    const std::optional<actra::Slot> tags = policy.find_slot("action.tags");
    CHECK(type && amount && tags && !policy.find_slot("action.other"));
    actra::Input input(policy);
    input.set(*type, "pay").set(*amount, 5).set_list(*tags, {"a", "b"});
    CHECK(policy.evaluate(input).allowed());
    CHECK(policy.evaluate(input).value().rule() == "small");
    CHECK(policy.evaluate(input.set(*amount, "five")).failure().code() == "wrong_type");
    CHECK(policy.try_explain("{}").value().str().substr(0, 1) == "{");
    CHECK(policy.try_ask("{").failure().code() == "bad_question");
    return checks_failed == 0 ? checks_passed : 0;
}
