// The C++ header: what it promises beyond actra.h. Run under AddressSanitizer, which sees what is
// read after it is gone, and without it, where allocations are counted.
#include <array>
#include <atomic>
#include <cmath>
#include <list>
#include <map>
#include <mutex>
#include <new>
#include <set>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <unordered_map>

#include "actra.hpp"
#include "actra.hpp"
#include "check.h"

// Defined in hpp_no_exceptions.cpp: the same header without exceptions, in the same program.
unsigned long checks_without_exceptions();

// Every allocation of the program's, the library's among them: Rust asks malloc, too.
static std::atomic<long> allocations{0};
#if !defined(__SANITIZE_ADDRESS__) && defined(__GLIBC__)
#define COUNTS_ALLOCATIONS 1
extern "C" {
void *__libc_malloc(std::size_t);
void *__libc_calloc(std::size_t, std::size_t);
void *__libc_realloc(void *, std::size_t);
void *malloc(std::size_t size) {
    allocations++;
    return __libc_malloc(size);
}
void *calloc(std::size_t count, std::size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}
void *realloc(void *old, std::size_t size) {
    allocations++;
    return __libc_realloc(old, size);
}
}
#else
#define COUNTS_ALLOCATIONS 0
#endif

namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::string_view schema = R"(
version: 1
actions:
  pay:
    fields:
      amount: {type: number, min: 0}
      count: integer
      express: boolean
      note: {type: string, max_length: 1000}
      due: timestamp
      tags: {type: list, items: string}
      sizes: {type: list, items: integer}
      labels: {type: map, values: string}
      limits: {type: map, values: number}
      customer: {type: object, fields: {tier: string, id: {type: string, required: true}}}
  peek: {fields: {amount: number}}
actor: {fields: {role: string}}
snapshot: {fields: {now: timestamp, fraud: boolean}}
)";

constexpr std::string_view rules = R"(
version: 2
rules:
  - {id: fraud, scope: {action: pay}, when: snapshot.fraud == true, effect: block, message: Stopped.}
  - {id: large, scope: {action: pay}, when: action.amount > 1000, effect: require_approval,
     message: "Mehr als 1000 €.", required_actions: [{type: human_approval, role: manager}, {type: mfa}]}
  - {id: many, scope: {action: pay}, when: action.count > 10, effect: require_approval,
     required_actions: [{type: mfa}, {type: human_approval, role: clerk}]}
  - {id: tagged, scope: {action: pay}, when: action.tags contains risky, effect: block}
  - {id: size, scope: {action: pay}, when: action.sizes contains 42, effect: block}
  - {id: team, scope: {action: pay}, when: 'action.labels["app/team"] == red', effect: block}
  - {id: limit, scope: {action: pay}, when: 'action.limits["day"] < 5', effect: block}
  - {id: vip, scope: {action: pay}, when: action.customer.tier == vip, effect: block}
  - {id: late, scope: {action: pay}, when: action.due < snapshot.now, effect: block}
  - {id: said, scope: {action: pay}, when: action.note == 'nö', effect: block}
  - {id: fast, scope: {action: pay}, when: action.express == true, effect: block}
  - {id: fine, scope: {action: pay}, effect: allow}
  - {id: halved, scope: {action: pay}, when: action.amount > 500, effect: block, mode: shadow}
)";

actra::Policy policy() { return actra::Policy::compile(schema, rules); }

// What decides the input unless a test says otherwise: everything there, nothing that a rule minds.
constexpr std::string_view quiet =
    R"("amount": 5, "count": 1, "express": false, "note": "ok", "due": "2030-01-01T00:00:00Z",
       "tags": [], "sizes": [], "labels": {"app/team": "blue"}, "limits": {"day": 9},
       "customer": {"tier": "basic", "id": "c1"})";

std::string text_with(std::string_view field, std::string_view value) {
    // The last of two keys would be an error, so the default is taken out.
    std::string all = "{\"action\": {\"type\": \"pay\", " + std::string(quiet) + "}, "
        "\"actor\": {}, \"snapshot\": {\"now\": \"2026-01-01T00:00:00Z\", \"fraud\": false}}";
    const std::string key = "\"" + std::string(field) + "\": ";
    const std::size_t start = all.find(key) + key.size();
    std::size_t end = start;
    for (int depth = 0; depth > 0 || (all[end] != ',' && all[end] != '}'); ++end) {
        depth += (all[end] == '[' || all[end] == '{') ? 1 : 0;
        depth -= (all[end] == ']' || all[end] == '}') ? 1 : 0;
    }
    return all.replace(start, end - start, value);
}

// Slots of the policy above, as a program holds them.
struct Fields {
    explicit Fields(const actra::Policy &policy)
        : type(policy.slot("action.type")),
          amount(policy.slot("action.amount")),
          count(policy.slot("action.count")),
          express(policy.slot("action.express")),
          note(policy.slot("action.note")),
          due(policy.slot("action.due")),
          tags(policy.slot("action.tags")),
          sizes(policy.slot("action.sizes")),
          labels(policy.slot("action.labels")),
          limits(policy.slot("action.limits")),
          customer(policy.slot("action.customer")),
          tier(policy.slot("action.customer.tier")),
          id(policy.slot("action.customer.id")),
          now(policy.slot("snapshot.now")),
          fraud(policy.slot("snapshot.fraud")) {}

    actra::Input &fill(actra::Input &input) const {
        return input.clear()
            .set(type, "pay")
            .set(amount, 5)
            .set(count, 1)
            .set(express, false)
            .set(note, "ok")
            .set(due, "2030-01-01T00:00:00Z")
            .set_list(tags, {})
            .set_list(sizes, {})
            .set_map(labels, {{"app/team", "blue"}})
            .set_map(limits, {{"day", 9}})
            .set(tier, "basic")
            .set(id, "c1")
            .set(now, actra::Timestamp{1767225600000000})
            .set(fraud, false);
    }

    actra::Slot type, amount, count, express, note, due, tags, sizes, labels, limits, customer, tier, id,
        now, fraud;
};

void words_and_versions() {
    CHECK(actra::abi_matches());
    CHECK(actra::version() == std::string_view(actra_version()));
    CHECK(actra::name(actra::Effect::require_approval) == "require_approval");
    CHECK(actra::name(actra::Status::artifact_error) == "artifact_error");
    CHECK(actra::name(actra::InputCode::malformed) == "malformed");
    CHECK(actra::name(static_cast<actra::Effect>(77)).empty());
    CHECK(actra::hex(actra::Digest{0x0a, 0xf9}).substr(0, 4) == "0af9");
}

void documents_that_do_not_compile() {
    const std::string_view wrong = "version: 2\nrules:\n  - {id: a, scope: {action: pay},\n     when: action.amuont > 5, effect: allow}\n";
    try {
        actra::Policy::compile(schema, wrong);
        CHECK(false);
    } catch (const actra::CompileError &error) {
        CHECK(error.status() == actra::Status::compile_error);
        CHECK(error.code() == "undeclared_field");
        CHECK(error.file() == "policy.yaml");
        CHECK(error.line() == 4 && error.column() == 19);
        CHECK(error.rendered().find("did you mean `amount`?") != std::string_view::npos);
        CHECK(error.json().substr(0, 1) == "[");
        CHECK(std::string_view(error.what()).substr(0, 35) == "policy.yaml:4:19: undeclared_field:");
        // A copy has it all, too, and outlives what it is copied from.
        std::optional<actra::CompileError> copy = error;
        const actra::Error base = *copy;
        copy.reset();
        CHECK(base.rendered() == error.rendered());
    }
    auto result = actra::Policy::try_compile(schema, wrong);
    CHECK(!result && !result.has_value());
    CHECK(result.failure().code() == "undeclared_field" && result.failure().line() == 4);
    CHECK(actra::Policy::try_compile(schema, "\xff").failure().status() == actra::Status::invalid_argument);
    CHECK(!actra::Policy::try_compile(schema, "\xff").failure().message().empty());
    CHECK(actra::Policy::try_compile_directory("/nowhere").failure().status() == actra::Status::compile_error);
    const auto files = actra::Policy::try_compile_files("/nowhere/s.yaml", "/nowhere/p.yaml");
    CHECK(files.failure().status() == actra::Status::compile_error);
}

void artifacts(const std::string &folder) {
    const actra::Policy compiled = policy();
    const std::string path = folder + "/policy.actra";
    compiled.save(path);
    const actra::Policy opened = actra::Policy::open(path);
    CHECK(opened.hash() == compiled.hash() && opened.digest() == compiled.digest());
    const actra::Buffer artifact = compiled.to_artifact();
    CHECK(artifact.view().substr(0, 6) == "\x89""ACTRA");
    const actra::Policy loaded = actra::Policy::load(artifact.view());
    CHECK(loaded.to_artifact().str() == artifact.str());
    CHECK(loaded.rule_count() == 13 && loaded.rule_id(0) == "fraud" && loaded.rule_id(13).empty());
    CHECK(loaded.slot_name(loaded.slot("action.amount").index()) == "action.amount");
    CHECK(loaded.rules_json().str().find("\"large\"") != std::string::npos);
    CHECK(loaded.schema_json().str().find("\"action.amount\"") != std::string::npos);
    CHECK(loaded.warnings_json().str() == "[]");

    try {
        actra::Policy::load("no artifact");
        CHECK(false);
    } catch (const actra::ArtifactError &error) {
        CHECK(error.code() == "not_an_artifact");
        CHECK(std::string_view(error.what()).find("not_an_artifact: ") == 0);
    }
    try {
        actra::Policy::open(folder + "/missing.actra");
        CHECK(false);
    } catch (const actra::IoError &error) {
        CHECK(error.code() == "io");
    }
    try {
        compiled.save(folder + "/no/such/folder/x.actra");
        CHECK(false);
    } catch (const actra::IoError &) {
        CHECK(true);
    }
    CHECK(compiled.try_save(folder + "/again.actra").has_value());
    actra_load_options options = {};
    options.struct_size = sizeof options;
    CHECK(actra::Policy::load(artifact.view(), options).digest() == compiled.digest());
    CHECK(actra::Policy::open(path, options).revision() == 0);
    options.min_revision = 1;
    CHECK(actra::Policy::try_open(path, options).failure().code() == "old_revision");
    options.flags = ACTRA_LOAD_TRUSTED_KEYS;
    try {
        actra::Policy::load(artifact.view(), options);
        CHECK(false);
    } catch (const actra::ArtifactError &error) {
        CHECK(error.code() == "not_signed");
    }
    const std::uint8_t none[] = {1, 2, 3};
    const actra_bytes keys[] = {{none, sizeof none}};
    options.trusted_keys = keys;
    options.trusted_key_count = 1;
    CHECK(actra::Policy::try_load(artifact.view(), options).failure().code() == "bad_key");
    CHECK(actra::Policy().revision() == 0);
    CHECK(actra::Policy::try_load({}).failure().status() == actra::Status::artifact_error);
}

void policies_are_values() {
    actra::Policy a = policy();
    actra::Policy b = a;
    CHECK(a.get() == b.get());
    actra::Policy c = std::move(a);
    CHECK(!a && c.get() == b.get());
    const actra::Policy &same = c;
    c = same;
    CHECK(c.get() == b.get());
    actra::Policy none;
    swap(none, c);
    CHECK(!c && none.get() == b.get());
    actra_policy *handle = none.release();
    CHECK(!none && handle == b.get());
    c = actra::Policy::adopt(handle);
    CHECK(c.slot("action.amount").index() == b.slot("action.amount").index());

    // One that is none decides nothing, and says nothing.
    const actra::Policy empty;
    actra::Input input(empty);
    CHECK(empty.evaluate(input).failure().status() == actra::Status::invalid_argument);
    CHECK(empty.evaluate_json("{}").failure().status() == actra::Status::invalid_argument);
    CHECK(!empty.evaluate_json("{}").allowed());
    CHECK(empty.to_artifact().empty() && empty.rule_count() == 0 && empty.rule_id(0).empty());
    CHECK(empty.hash() == actra::Digest{});
    CHECK(!empty.find_slot("action.amount"));
    CHECK(empty.try_explain("{}").failure().status() == actra::Status::invalid_argument);
    CHECK(empty.try_save("x").failure().status() == actra::Status::invalid_argument);
    CHECK(empty.try_ask("{}").failure().status() == actra::Status::invalid_argument);
}

void slots_are_found_by_name() {
    const actra::Policy compiled = policy();
    CHECK(compiled.find_slot("action.labels[\"app/team\"]").has_value());
    for (const std::string_view name : {"", "action", "action.", ".", "actionamount", "actor.amount",
                                        "action.amount.", "thing.amount", "\xff.amount", "action.\xff"}) {
        CHECK(!compiled.find_slot(name));
    }
    try {
        compiled.slot("action.amuont");
        CHECK(false);
    } catch (const actra::NotFoundError &error) {
        CHECK(error.message() == "the policy has no field `action.amuont`");
        CHECK(error.what() == "not_found: the policy has no field `action.amuont`"s);
    }
}

// Each value in a slot decides as the same value in a text, and the rule says that it was seen.
void values_decide_as_text_does() {
    const actra::Policy compiled = policy();
    const Fields at(compiled);
    actra::Input input(compiled);
    CHECK(compiled.evaluate(at.fill(input)).allowed());

    const auto same = [&](std::string_view field, std::string_view text, std::string_view rule) {
        const actra::Evaluation slots = compiled.evaluate(input);
        const actra::Evaluation json = compiled.evaluate_json(text_with(field, text));
        CHECK(json.has_value() && slots.has_value());
        CHECK(json.value().rule() == rule);
        CHECK(slots.value().rule() == rule);
        CHECK(slots.value().raw().flags == json.value().raw().flags);
        at.fill(input);
    };
    const auto fails = [&](std::string_view field, std::string_view text, actra::InputCode code) {
        const actra::Evaluation slots = compiled.evaluate(input);
        const actra::Evaluation json = compiled.evaluate_json(text_with(field, text));
        CHECK(json.failure().input_code() == code);
        CHECK(slots.failure().input_code() == code);
        // Of an entry of a map slots tell the map, and text the entry.
        const std::string_view told = slots.failure().field();
        CHECK(!told.empty() && json.failure().field().substr(0, told.size()) == told);
        CHECK(slots.failure().code() == json.failure().code());
        CHECK(!slots.allowed() && slots.effect() == actra::Effect::invalid);
        at.fill(input);
    };

    // Numbers of every width.
    input.set(at.amount, 1001), same("amount", "1001", "large");
    input.set(at.amount, std::int16_t{1001}), same("amount", "1001", "large");
    input.set(at.amount, std::uint8_t{255}), same("amount", "255", "fine");
    input.set(at.amount, 1000.5), same("amount", "1000.5", "large");
    input.set(at.amount, 1000.5F), same("amount", "1000.5", "large");
    input.set(at.amount, 1000.5L), same("amount", "1000.5", "large");
    input.set(at.amount, INT64_MAX), same("amount", "9223372036854775807", "large");
    input.set(at.amount, std::size_t{1000}), same("amount", "1000", "fine");
    input.set(at.count, UINT64_MAX), fails("count", "18446744073709551615", actra::InputCode::out_of_range);
    input.set(at.amount, -1), fails("amount", "-1", actra::InputCode::below_min);
    input.set(at.amount, "5"), fails("amount", "\"5\"", actra::InputCode::wrong_type);
    input.set(at.amount, true), fails("amount", "true", actra::InputCode::wrong_type);
    input.set(at.express, 1), fails("express", "1", actra::InputCode::wrong_type);
    input.set(at.express, true), same("express", "true", "fast");
    // What is not there, in five ways.
    input.set(at.amount, nullptr), same("amount", "null", "large");
    input.set(at.amount, actra::Value()), same("amount", "null", "large");
    input.set(at.amount, std::optional<int>()), same("amount", "null", "large");
    input.set(at.amount, std::optional<int>(1001)), same("amount", "1001", "large");
    input.set(at.note, static_cast<const char *>(nullptr)), same("note", "null", "said");
    // Text, from wherever.
    input.set(at.note, "nö"), same("note", "\"nö\"", "said");
    input.set(at.note, "nö"s), same("note", "\"nö\"", "said");
    input.set(at.note, "nö"sv), same("note", "\"nö\"", "said");
    input.set(at.note, ""), same("note", "\"\"", "fine");
    input.set(at.note, std::string_view()), same("note", "\"\"", "fine");
    input.set(at.note, "n\0n"sv), same("note", "\"n\\u0000n\"", "fine");
    // Instants.
    const std::chrono::system_clock::time_point past{std::chrono::seconds(1767225599)};
    input.set(at.due, past), same("due", "\"2025-12-31T23:59:59Z\"", "late");
    input.set(at.due, actra::Timestamp{1767225600000001}), same("due", "\"2026-01-01T00:00:00.000001Z\"", "fine");
    input.set(at.due, 5), fails("due", "5", actra::InputCode::wrong_type);
    // Lists of what there is.
    input.set_list(at.tags, {"calm", "risky"}), same("tags", R"(["calm", "risky"])", "tagged");
    input.set_list(at.tags, std::vector<std::string>{"calm", "risky"}), same("tags", R"(["calm", "risky"])", "tagged");
    input.set_list(at.tags, std::list<std::string_view>{"risky"}), same("tags", R"(["risky"])", "tagged");
    input.set_list(at.tags, std::set<std::string>{}), same("tags", "[]", "fine");
    const char *words[] = {"calm", "risky"};
    input.set_list(at.tags, words), same("tags", R"(["calm", "risky"])", "tagged");
    input.set_list(at.sizes, std::vector<int>{41, 42}), same("sizes", "[41, 42]", "size");
    input.set_list(at.sizes, std::array<std::int64_t, 2>{41, 43}), same("sizes", "[41, 43]", "fine");
    input.set_list(at.sizes, {42, 42.0}), same("sizes", "[42, 42.0]", "size");
    input.set_list(at.sizes, {42, nullptr}), fails("sizes", "[42, null]", actra::InputCode::wrong_type);
    input.set_list(at.sizes, std::vector<bool>{true}), fails("sizes", "[true]", actra::InputCode::wrong_type);
    input.set_list(at.tags, {"a", 5}), fails("tags", R"(["a", 5])", actra::InputCode::wrong_type);
    // Maps.
    input.set_map(at.labels, {{"app/team", "red"}}), same("labels", R"({"app/team": "red"})", "team");
    input.set_map(at.labels, std::map<std::string, std::string>{{"a", "b"}, {"app/team", "red"}});
    same("labels", R"({"a": "b", "app/team": "red"})", "team");
    input.set_map(at.limits, std::unordered_map<std::string, double>{{"day", 4.5}});
    same("limits", R"({"day": 4.5})", "limit");
    input.set_map(at.limits, std::vector<std::pair<const char *, int>>{{"day", 6}, {"week", 1}});
    same("limits", R"({"day": 6, "week": 1})", "fine");
    input.set_map(at.labels, {{"app/team", 5}}), fails("labels", R"({"app/team": 5})", actra::InputCode::wrong_type);
    input.set_map(at.labels, {{"a", "1"}, {"a", "2"}});
    fails("labels", R"({"a": "1", "a": "2"})", actra::InputCode::duplicate_key);
    // Objects.
    input.set(at.tier, "vip"), same("customer", R"({"tier": "vip", "id": "c1"})", "vip");
    input.set(at.tier, actra::Value()).set(at.id, actra::Value());
    same("customer", "null", "vip");
    input.set(at.tier, actra::Value()).set(at.id, actra::Value()).set_object(at.customer);
    fails("customer", "{}", actra::InputCode::missing_required);
}

// What was set needs not live on: the input has it.
void inputs_own_what_was_set() {
    const actra::Policy compiled = policy();
    const Fields at(compiled);
    actra::Input input(compiled);
    at.fill(input);
    {
        std::string note = "nö";
        std::vector<std::string> tags{std::string(100, 'x'), "risky"};
        input.set(at.note, note).set_list(at.tags, tags);
        note.assign(note.size(), '?');
        tags.clear();
    }
    CHECK(compiled.evaluate(input).value().rule() == "tagged");
    input.set_list(at.tags, {});
    CHECK(compiled.evaluate(input).value().rule() == "said");
    // Copies are inputs of their own.
    actra::Input copy = input;
    copy.set(at.note, "ok");
    CHECK(compiled.evaluate(copy).allowed());
    CHECK(compiled.evaluate(input).value().rule() == "said");
    input = std::move(copy);
    CHECK(compiled.evaluate(input).allowed());
}

void nothing_is_allocated_after_the_first() {
    const actra::Policy compiled = policy();
    const Fields at(compiled);
    actra::Input input(compiled);
    actra::Details details;
    const std::vector<std::string> tags{"a", "bb", "ccc"};
    const std::map<std::string, double> limits{{"day", 9.5}, {"week", 20}};
    const std::vector<std::pair<std::string, std::string>> many = [] {
        std::vector<std::pair<std::string, std::string>> pairs;
        for (int i = 0; i < 50; ++i) {
            pairs.emplace_back("key " + std::to_string(i), "value");
        }
        return pairs;
    }();
    const auto decide = [&](int round) {
        at.fill(input).set(at.amount, round).set_list(at.tags, tags).set_map(at.limits, limits);
        input.set_map(at.labels, many).set(at.note, "a note of some length, longer than small strings");
        return compiled.evaluate(input).effect() == actra::Effect::block &&
               compiled.evaluate(input, details).value().rule() == "team";
    };
    CHECK(decide(0));
    const long before = allocations;
    for (int round = 1; round < 1000; ++round) {
        if (!decide(round)) {
            CHECK(false);
        }
    }
    CHECK(allocations == before);
    // The count counts.
    std::vector<int> something(1000);
    CHECK(something.data() != nullptr && (COUNTS_ALLOCATIONS == 0 || allocations > before));
    // Input errors that come from slots allocate no more than decisions do.
    at.fill(input).set(at.amount, -1);
    CHECK(!compiled.evaluate(input).has_value());
    const long again = allocations;
    for (int round = 0; round < 100; ++round) {
        CHECK(compiled.evaluate(input).failure().field() == "action.amount");
    }
    CHECK(allocations == again);
}

void setting_again_takes_no_memory_without_bound() {
    const actra::Policy compiled = policy();
    const Fields at(compiled);
    actra::Input input(compiled);
    const std::string longest(900, 'n');
    at.fill(input);
    for (std::size_t length = 0; length < 900; ++length) {
        input.set(at.note, std::string_view(longest).substr(0, length));
    }
    CHECK(input.arena_size() < 8000);
    at.fill(input);
    for (std::size_t round = 0; round < 100000; ++round) {
        input.set(at.note, std::string_view(longest).substr(0, round * 7919 % 900));
        input.set_list(at.tags, std::vector<std::string>(round % 5, "tag"));
    }
    CHECK(input.arena_size() < 8000);
    CHECK(compiled.evaluate(input).allowed());
}

void slots_and_inputs_of_another_policy_are_refused() {
    const actra::Policy compiled = policy();
    const actra::Policy other = actra::Policy::compile(
        "version: 1\nactions: {pay: {fields: {zz: number, amount: number}}}\n",
        "version: 2\nrules: [{id: r, scope: {action: pay}, when: action.amount < 10, effect: allow}]\n");
    const Fields at(compiled);
    actra::Input input(other);
    const actra::Slot type = other.slot("action.type");
    const actra::Slot amount = other.slot("action.amount");
    input.set(type, "pay").set(amount, 5);
    CHECK(other.evaluate(input).allowed());
    // A slot that was looked up before the swap.
    input.set(at.amount, 5);
    CHECK(other.evaluate(input).failure().status() == actra::Status::invalid_argument);
    CHECK(other.evaluate(input).failure().message() == "the input was given a slot of another policy");
    // Nothing but clearing makes good for it, and then all is well.
    input.set(amount, 5);
    CHECK(!other.evaluate(input).allowed());
    input.clear().set(type, "pay").set(amount, 5);
    CHECK(other.evaluate(input).allowed());
    input.clear().set(actra::Slot(), 5);
    CHECK(!other.evaluate(input).has_value());
    // An input that was made before the swap.
    input.clear().set(type, "pay").set(amount, 5);
    const actra::Evaluation evaluation = compiled.evaluate(input);
    CHECK(evaluation.failure().message() == "the input was made for another policy");
    CHECK(evaluation.failure().code() == "invalid_argument" && !evaluation.allowed());
    try {
        (void)evaluation.value();
        CHECK(false);
    } catch (const actra::Error &error) {
        CHECK(error.status() == actra::Status::invalid_argument);
    }
    // The same program, compiled again, has the same slots.
    const actra::Policy again = policy();
    actra::Input mine(again);
    CHECK(again.evaluate(at.fill(mine)).allowed());
    CHECK(compiled.evaluate(mine).allowed());
}

// A value that throws when it is looked at for the second time.
struct Restless {
    int *looks;
    operator actra::Value() const {
        if (++*looks > 3) {
            throw std::runtime_error("restless");
        }
        return "a string that is put into the arena";
    }
};

// A value that is longer each time, by more than any room to spare.
struct Growing {
    std::string *text;
    operator actra::Value() const {
        text->append(1000 + 9 * text->size(), 'x');
        return std::string_view(*text);
    }
};

// A container that has more in it when it is looked at for the second time.
struct Swelling {
    mutable int looks = 0;
    std::vector<int> all = std::vector<int>(100000, 1);
    const int *begin() const {
        ++looks;
        return all.data();
    }
    const int *end() const { return all.data() + (looks < 2 ? 1 : all.size()); }
};

void containers_that_misbehave_leave_no_input_that_decides() {
    const actra::Policy compiled = policy();
    const Fields at(compiled);
    actra::Input input(compiled);
    at.fill(input);
    int looks = 0;
    const std::vector<Restless> restless{{&looks}, {&looks}};
    bool thrown = false;
    try {
        input.set_list(at.tags, restless);
    } catch (const std::runtime_error &) {
        thrown = true;
    }
    CHECK(thrown);
    CHECK(compiled.evaluate(input).failure().status() == actra::Status::invalid_argument);
    CHECK(compiled.evaluate(at.fill(input)).allowed());

    input.set_list(at.sizes, Swelling());
    CHECK(compiled.evaluate(input).failure().status() == actra::Status::invalid_argument);
    CHECK(compiled.evaluate(at.fill(input)).allowed());

    std::string text;
    input.set_list(at.tags, std::vector<Growing>{{&text}, {&text}});
    CHECK(compiled.evaluate(input).failure().status() == actra::Status::invalid_argument);
    at.fill(input).set_map(at.labels, std::vector<std::pair<const char *, Growing>>{{"k", {&text}}});
    CHECK(compiled.evaluate(input).failure().status() == actra::Status::invalid_argument);
    CHECK(compiled.evaluate(at.fill(input)).allowed());
}

void input_errors_are_told_and_thrown() {
    const actra::Policy compiled = policy();
    const std::string text = R"({"action": {"type": "pay", "ammount": 5, "customer": {"id": "c"}}})";
    CHECK(compiled.evaluate_json(text).has_value());
    const actra::Evaluation refused = compiled.evaluate_json(text, actra::UnknownFields::refuse);
    CHECK(refused.failure().status() == actra::Status::input_error);
    CHECK(refused.failure().input_code() == actra::InputCode::unknown_field);
    CHECK(refused.failure().code() == "unknown_field" && refused.failure().field() == "action.ammount");
    CHECK(refused.failure().json().find("\"action.ammount\"") != std::string_view::npos);
    try {
        (void)refused.value();
        CHECK(false);
    } catch (const actra::InputError &error) {
        CHECK(error.input_code() == actra::InputCode::unknown_field);
        CHECK(error.field() == "action.ammount");
        CHECK(!error.message().empty());
    }
    for (const std::string_view bad : {"", "{", "[]", "{\"action\": 5}", "\xff"}) {
        CHECK(!compiled.evaluate_json(bad).has_value());
        CHECK(!compiled.evaluate_json(bad).failure().message().empty());
    }
    // Through slots, and after the policy has gone.
    std::optional<actra::Policy> brief = policy();
    std::optional<actra::InputError> caught;
    {
        actra::Input input(*brief);
        input.set(brief->slot("action.type"), "pay").set(brief->slot("action.amount"), std::nan(""));
        try {
            (void)brief->evaluate(input).value();
        } catch (const actra::InputError &error) {
            caught = error;
        }
    }
    brief.reset();
    CHECK(caught.has_value() && caught->field() == "action.amount");
    CHECK(caught->input_code() == actra::InputCode::not_finite);
    CHECK(std::string_view(caught->what()).find("action.amount") != std::string_view::npos);
}

void decisions_tell_everything() {
    const actra::Policy compiled = policy();
    const Fields at(compiled);
    actra::Input input(compiled);
    actra::Details details;
    at.fill(input).set(at.amount, 2000).set(at.count, 11);
    actra::Decision decision = compiled.evaluate(input, details).value();
    CHECK(decision.needs_approval() && !decision.allowed() && !decision.blocked());
    CHECK(decision.rule() == "large" && compiled.rule_id(decision.rule_index()) == "large");
    CHECK(decision.message() == "Mehr als 1000 €.");
    CHECK(decision.has_several_rules() && !decision.is_unknown());
    CHECK(decision.shadow_differs() && decision.shadow_effect() == actra::Effect::block);
    CHECK(decision.shadow_rule() == "halved");
    CHECK(details.matched_rules().size() == 2 && compiled.rule_id(details.matched_rules()[1]) == "many");
    CHECK(details.missing_slots().empty());
    CHECK(compiled.required_actions(details.matched_rules()).str() ==
          R"([{"role":"manager","type":"human_approval"},{"type":"mfa"},{"role":"clerk","type":"human_approval"}])");
    CHECK(compiled.required_actions(decision).str() == R"([{"role":"manager","type":"human_approval"},{"type":"mfa"}])");

    actra::Buffer whole;
    const auto text = text_with("amount", "2000");
    CHECK(compiled.evaluate_json(text, actra::UnknownFields::refuse, &whole).value().needs_approval());
    CHECK(whole.view().find(R"("required_actions":[{)") != std::string_view::npos);
    CHECK(!compiled.evaluate_json("{", actra::UnknownFields::ignore, &whole).has_value());
    CHECK(whole.empty());
    CHECK(compiled.evaluate_yaml("action: {type: pay, amount: 2000}").value().needs_approval() == false);

    at.fill(input).set(at.amount, nullptr).set(at.count, nullptr);
    decision = compiled.evaluate(input, details).value();
    CHECK(decision.is_unknown() && details.missing_slots().size() == 1);
    CHECK(compiled.slot_name(details.missing_slots()[0]) == "action.amount");
    at.fill(input).set(at.type, "peek");
    decision = compiled.evaluate(input, details).value();
    CHECK(decision.blocked() && decision.rule().empty() && decision.rule_index() == ACTRA_NO_RULE);
    CHECK(details.matched_rules().empty());
    CHECK(compiled.required_actions(decision).str() == "[]");
    // What failed left nothing of the decision before.
    at.fill(input).set(at.amount, 2000).set(at.count, 11);
    CHECK(compiled.evaluate(input, details).has_value() && !details.matched_rules().empty());
    input.set(at.amount, -1);
    CHECK(!compiled.evaluate(input, details).has_value() && details.matched_rules().empty());

    const actra::Decision none;
    CHECK(none.effect() == actra::Effect::invalid && !none.allowed() && none.shadow_rule().empty());
}

void kept_decisions_outlive_their_policy() {
    std::optional<actra::Policy> brief = policy();
    const auto told = [](const actra::Decision &decision) {
        return decision.message() == "Mehr als 1000 €." && decision.shadow_rule() == "halved";
    };
    actra::Evaluation evaluation = brief->evaluate_json(text_with("amount", "2000"));
    std::optional<actra::Decision> first = evaluation.value();
    first->keep().keep();
    brief.reset();
    CHECK(told(*first));
    // The copy alone, then what it is moved to, then what that is assigned to.
    std::optional<actra::Decision> copy = *first;
    first.reset();
    CHECK(told(*copy));
    actra::Decision moved = std::move(*copy);
    copy.reset();
    CHECK(told(moved));
    actra::Decision assigned;
    assigned = moved;
    moved = actra::Decision();
    CHECK(told(assigned));
}

void explanations() {
    const actra::Policy compiled = policy();
    const std::string text = text_with("amount", "2000");
    CHECK(compiled.explain(text).str().substr(0, 1) == "{");
    actra::Explain options;
    options.form = actra::Explain::Form::text;
    const std::string plain = compiled.explain(text, options).str();
    CHECK(plain.find("large") != std::string::npos && plain.find('\x1b') == std::string::npos);
    options.rules = actra::Explain::Rules::all;
    CHECK(compiled.explain(text, options).size() > plain.size());
    options.form = actra::Explain::Form::coloured_text;
    CHECK(compiled.explain(text, options).str().find('\x1b') != std::string_view::npos);
    options.input = actra::Explain::Notation::yaml;
    CHECK(compiled.try_explain("action: {type: pay}", options).has_value());
    options.unknown_fields = actra::UnknownFields::refuse;
    options.form = actra::Explain::Form::json;
    CHECK(compiled.explain("action: {type: pay, x: 1}", options).str().find("unknown_field") != std::string::npos);
}

void questions_are_answered() {
    const actra::Policy compiled = policy();
    const std::string never = R"({"question": "never allow", "actions": ["pay"], "assume": "snapshot.fraud == true"})";
    CHECK(compiled.ask(never).find(R"("holds":true)") != std::string::npos);
    CHECK(compiled.try_ask(never).value().str() == compiled.ask(never));
    CHECK(compiled.ask(R"({"question": "analyze"})").find(R"("rules":[{"id":"fraud","verdict":"effective")") != std::string::npos);

    // The other policy is the new one.
    const std::string diff = R"({"question": "diff"})";
    const actra::Policy open = actra::Policy::compile(schema, "version: 2\nrules: [{id: all, scope: {action: pay}, effect: allow}]\n");
    CHECK(compiled.ask(diff, &open).find(R"("weaker":true)") != std::string::npos);
    CHECK(open.ask(diff, &compiled).find(R"("weaker":false)") != std::string::npos);
    CHECK(compiled.ask(diff, &compiled).find(R"("same":true)") != std::string::npos);
    CHECK(compiled.try_ask(diff).failure().code() == "bad_question");
    CHECK(compiled.try_ask(never, &open).failure().status() == actra::Status::no_answer);
    // One that is none is no way of asking about one policy only.
    const actra::Policy none;
    CHECK(compiled.try_ask(never, &none).failure().status() == actra::Status::invalid_argument);
    CHECK(compiled.try_ask(std::string_view()).failure().code() == "bad_question");

    std::string told;
    try {
        static_cast<void>(compiled.ask(R"({"question": "never allow", "actions": ["pay"], "assume": "action.amout > 5"})"));
    } catch (const actra::AnalysisError &error) {
        told = error.what();
        CHECK(error.code() == "bad_assumption" && error.status() == actra::Status::no_answer);
        CHECK(error.rendered().find("did you mean `amount`?") != std::string_view::npos && error.json().front() == '[');
    }
    CHECK(told.substr(0, 11) == "assumption:" && told.find("`action.amout`") != std::string::npos);
    const actra::Policy loaded = actra::Policy::load(compiled.to_artifact().str());
    CHECK(loaded.try_ask(never).failure().code() == "no_documents");
}

void policies_are_tested() {
    const std::string report = actra::run_tests("examples/refund").str();
    CHECK(report.find("\"ok\":true") != std::string::npos);
    try {
        actra::run_tests("examples/refund", "no such test");
        CHECK(false);
    } catch (const actra::NotFoundError &error) {
        CHECK(!error.message().empty());
    }
    CHECK(actra::try_run_tests("/nowhere").failure().status() == actra::Status::io_error);
}

void threads_decide_while_policies_are_swapped() {
    const actra::Policy first = policy();
    std::string changed(rules);
    changed.replace(changed.find("> 1000"), 6, "> 2000");
    const actra::Policy second = actra::Policy::compile(schema, changed);
    std::mutex lock;
    actra::Policy current = first;
    std::atomic<bool> stop{false};
    std::atomic<long> decided{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            actra::Policy mine;
            std::optional<actra::Input> input;
            std::optional<Fields> at;
            while (!stop) {
                {
                    const std::lock_guard<std::mutex> guard(lock);
                    if (mine.get() != current.get()) {
                        mine = current;
                        input.emplace(mine);
                        at.emplace(mine);
                    }
                }
                at->fill(*input).set(at->amount, 1500);
                const actra::Evaluation evaluation = mine.evaluate(*input);
                const bool is_second = mine.get() == second.get();
                if (!evaluation.has_value() || evaluation.allowed() != is_second) {
                    std::abort();
                }
                ++decided;
            }
        });
    }
    for (int i = 0; i < 2000 || decided < 10000; ++i) {
        const std::lock_guard<std::mutex> guard(lock);
        current = i % 2 == 0 ? second : first;
    }
    stop = true;
    for (std::thread &thread : threads) {
        thread.join();
    }
    CHECK(decided >= 10000);
}

// What must not compile, asked of the compiler.
static_assert(!std::is_convertible_v<actra::Evaluation, bool>);
static_assert(!std::is_constructible_v<bool, actra::Evaluation>, "`if (evaluation)` would read like allowed");
static_assert(!std::is_constructible_v<bool, actra::Decision>);
static_assert(!std::is_convertible_v<actra::Evaluation, actra::Result<actra::Decision>>);
static_assert(!std::is_constructible_v<actra::Value, int *>, "a pointer is no boolean");
static_assert(!std::is_constructible_v<actra::Value, void *>);
uint32_t refuses_all(void *, const actra_policy *) { return 3; }

void stores_replace_their_policy(const std::string &folder) {
    using Reload = actra::PolicyStore::Reload;
    const auto made = [](const std::string &rule) {
        return actra::Policy::compile("version: 1\nactions: {ping: {}}\n", "version: 2\nrules:\n  - {id: " + rule +
                                                                               ", scope: {action: ping}, effect: allow}\n");
    };
    const auto rule = [](const actra::Policy &policy) {
        return std::string(policy.evaluate_json(R"({"action": {"type": "ping"}})").value().rule());
    };
    const std::string path = folder + "/store.actra";
    made("first").save(path);
    actra::PolicyStore store = actra::PolicyStore::open(path);
    const actra::Policy kept = store.policy();
    CHECK(rule(kept) == "first" && store.generation() == 1 && store.policy().get() == kept.get());
    CHECK(store.reload_if_changed() == Reload::none && store.reload() == Reload::same);
    made("second").save(path);
    CHECK(store.reload_if_changed() == Reload::replaced && rule(store.policy()) == "second" && rule(kept) == "first");
    std::FILE *file = std::fopen(path.c_str(), "wb");
    CHECK(file != nullptr && std::fputs("rubbish", file) >= 0 && std::fclose(file) == 0);
    const auto refused = store.try_reload();
    CHECK(!refused && refused.failure().code() == "not_an_artifact" && rule(store.policy()) == "second");
    CHECK(store.status_json().str().find("\"failures\":1") != std::string::npos);
    bool was_thrown = false;
    try {
        store.reload();
    } catch (const actra::ArtifactError &) {
        was_thrown = true;
    }
    CHECK(was_thrown);
    made("third").save(path);
    actra_store_options options = {};
    options.struct_size = sizeof options;
    options.check = refuses_all;
    was_thrown = false;
    try {
        static_cast<void>(actra::PolicyStore::open(path, options));
    } catch (const actra::RefusedError &error) {
        was_thrown = error.code() == "refused" && error.message().find('3') != std::string_view::npos;
    }
    CHECK(was_thrown);
    store.watch();
    store.watch();
    store.unwatch();
    CHECK(store.reload() == Reload::same || rule(store.policy()) == "third");
    actra::PolicyStore moved = std::move(store);
    CHECK(moved && rule(moved.policy()) == "third");
    const actra::PolicyStore empty;
    CHECK(!empty && !empty.policy() && empty.generation() == 0 && !empty.try_reload() && !empty.try_watch());
}

void logs_have_what_was_decided(const std::string &folder) {
    const std::string path = folder + "/decisions.jsonl";
    const actra::Policy policy = actra::Policy::compile(
        "version: 1\nactions: {ping: {}}\nactor: {fields: {email: string}}\n",
        "version: 2\nrules:\n  - {id: pings, scope: {action: ping}, effect: allow}\n");
    const std::string input = R"({"action": {"type": "ping"}, "actor": {"email": "ada@example.com"}})";
    std::remove(path.c_str());
    actra::DecisionLog log = actra::DecisionLog::open(path, R"({"mask": ["actor.email"]})");
    const actra::Buffer decided = log.evaluate_json(policy, input);
    CHECK(decided.view() == R"({"effect":"allow","matched_rule":"pings"})");
    actra_log_entry entry = actra::DecisionLog::entry();
    entry.policy = policy.get();
    entry.input = input.data();
    entry.input_len = input.size();
    entry.decision = decided.data();
    entry.decision_len = decided.size();
    CHECK(log.record(entry).size() == 36);
    CHECK(log.record_json(R"({"time_us": 1, "id": "a", "error": {"code": "host"}})").str() == "a");
    CHECK(!log.try_record(actra::DecisionLog::entry()));
    const auto wrong = log.try_evaluate_json(policy, R"({"action": {"type": 5}})");
    CHECK(!wrong && wrong.failure().status() == actra::Status::input_error);
    log.flush();
    CHECK(log.status_json().str().find("\"synced\":4") != std::string::npos);
    log.rotate();
    const auto second = actra::DecisionLog::try_open(path);
    CHECK(!second && second.failure().code() == "locked" && second.failure().status() == actra::Status::log_error);
    bool was_thrown = false;
    try {
        static_cast<void>(actra::DecisionLog::open(path, "{"));
    } catch (const actra::LogError &error) {
        was_thrown = error.code() == "bad_options";
    }
    CHECK(was_thrown);
    actra::DecisionLog moved = std::move(log);
    moved.close();
    moved.close();
    CHECK(moved.try_evaluate_json(policy, input).failure().code() == "closed");
    const actra::DecisionLog empty;
    CHECK(!empty && !empty.try_flush() && !empty.try_record(entry) && empty.status_json().empty());
}

static_assert(!std::is_copy_constructible_v<actra::DecisionLog> && std::is_nothrow_move_constructible_v<actra::DecisionLog>);
static_assert(noexcept(actra::DecisionLog::try_open("")) && noexcept(std::declval<actra::DecisionLog &>().try_flush()));
static_assert(!std::is_constructible_v<actra::Value, actra::Effect>);
static_assert(!std::is_copy_constructible_v<actra::Buffer>);
static_assert(!std::is_copy_constructible_v<actra::PolicyStore> && std::is_nothrow_move_constructible_v<actra::PolicyStore>);
static_assert(noexcept(actra::PolicyStore::try_open("")) && noexcept(std::declval<actra::PolicyStore &>().policy()));
template <class P, class = void>
constexpr bool evaluates = false;
template <class P>
constexpr bool evaluates<P, std::void_t<decltype(std::declval<P>().evaluate(std::declval<actra::Input &>()))>> = true;
static_assert(evaluates<actra::Policy &> && evaluates<const actra::Policy &>);
static_assert(!evaluates<actra::Policy>, "the decision would borrow from what is gone");
static_assert(noexcept(std::declval<actra::Policy &>().evaluate(std::declval<actra::Input &>())));
static_assert(noexcept(std::declval<actra::Policy &>().evaluate_json("")));
static_assert(noexcept(actra::Policy::try_open("")) && noexcept(std::declval<const actra::Policy &>().try_ask("")));
static_assert(std::is_nothrow_move_constructible_v<actra::Policy> && std::is_nothrow_copy_constructible_v<actra::Policy>);
static_assert(std::is_nothrow_copy_constructible_v<actra::Error>, "what is thrown must not throw");

}  // namespace

int main(int count, char **arguments) {
    if (count != 2) {
        give_up("usage: hpp FOLDER");
    }
    words_and_versions();
    documents_that_do_not_compile();
    artifacts(arguments[1]);
    policies_are_values();
    slots_are_found_by_name();
    values_decide_as_text_does();
    inputs_own_what_was_set();
    nothing_is_allocated_after_the_first();
    setting_again_takes_no_memory_without_bound();
    slots_and_inputs_of_another_policy_are_refused();
    containers_that_misbehave_leave_no_input_that_decides();
    input_errors_are_told_and_thrown();
    decisions_tell_everything();
    kept_decisions_outlive_their_policy();
    explanations();
    questions_are_answered();
    policies_are_tested();
    stores_replace_their_policy(arguments[1]);
    logs_have_what_was_decided(arguments[1]);
    threads_decide_while_policies_are_swapped();
    CHECK(checks_without_exceptions() == 8);
    return checks_end(COUNTS_ALLOCATIONS ? "hpp, allocations counted" : "hpp, allocations not counted", 450);
}
