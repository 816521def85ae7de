// Actra for C++17: a header over actra.h, and nothing to link but libactra. docs/c.md is the guide.
//
//     const actra::Policy policy = actra::Policy::open("refund.actra");
//     const actra::Slot type = policy.slot("action.type");       // once
//     const actra::Slot amount = policy.slot("action.amount");
//     actra::Input input(policy);                                // one per thread, used again
//
//     input.clear().set(type, "refund").set(amount, 250);
//     if (policy.evaluate(input).allowed()) { ... }
//
// What fails. Deciding (`evaluate`, `evaluate_json`, `evaluate_yaml`) never throws: an `Evaluation`
// is a decision or a `Failure`, and only `allowed()` is an allow. The cold path has two forms: `open`
// throws, `try_open` is noexcept and gives a `Result`. Without exceptions (-fno-exceptions) there
// are the second forms only, and `value()` of a failure aborts.
//
// Threads. A `const Policy` may be used by any number of threads at the same time; assigning to one
// that others use takes a lock. An `Input`, a `Details` and everything else belong to one thread at a
// time.
//
// Lifetime. A `Decision` borrows its strings from the policy, as string_views do: taking a reference
// for every decision would make threads wait for each other. `keep()` takes one where a decision is
// to outlive its policy, after a hot swap say. To evaluate on a temporary does not compile.
#ifndef ACTRA_HPP
#define ACTRA_HPP

#if __cplusplus < 201703L && !(defined(_MSVC_LANG) && _MSVC_LANG >= 201703L)
#error "actra.hpp needs C++17 or later: compile with -std=c++17, or use actra.h"
#endif

#include "actra.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// Code with exceptions and code without goes by names of its own: a program may have both.
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
#define ACTRA_HAS_EXCEPTIONS 1
#define ACTRA_INLINE_NAMESPACE abi1
#include <exception>
#else
#define ACTRA_HAS_EXCEPTIONS 0
#define ACTRA_INLINE_NAMESPACE abi1_no_exceptions
#endif

namespace actra {
inline namespace ACTRA_INLINE_NAMESPACE {

// Words for numbers ------------------------------------------------------------------------------

/// What becomes of the operation. `invalid` is what failures and default values have.
enum class Effect : std::uint32_t {
    invalid = ACTRA_EFFECT_INVALID,
    allow = ACTRA_EFFECT_ALLOW,
    require_approval = ACTRA_EFFECT_REQUIRE_APPROVAL,
    block = ACTRA_EFFECT_BLOCK,
};

/// What became of a call.
enum class Status : std::uint32_t {
    ok = ACTRA_STATUS_OK,
    invalid_argument = ACTRA_STATUS_INVALID_ARGUMENT,
    input_error = ACTRA_STATUS_INPUT_ERROR,
    compile_error = ACTRA_STATUS_COMPILE_ERROR,
    artifact_error = ACTRA_STATUS_ARTIFACT_ERROR,
    io_error = ACTRA_STATUS_IO_ERROR,
    not_found = ACTRA_STATUS_NOT_FOUND,
    too_short = ACTRA_STATUS_TOO_SHORT,
    not_supported = ACTRA_STATUS_NOT_SUPPORTED,
    internal = ACTRA_STATUS_INTERNAL,
    refused = ACTRA_STATUS_REFUSED,
    log_error = ACTRA_STATUS_LOG_ERROR,
    no_answer = ACTRA_STATUS_NO_ANSWER,
};

/// What is wrong with an input.
enum class InputCode : std::uint32_t {
    none = ACTRA_INPUT_ERROR_NONE,
    wrong_type = ACTRA_INPUT_ERROR_WRONG_TYPE,
    not_finite = ACTRA_INPUT_ERROR_NOT_FINITE,
    out_of_range = ACTRA_INPUT_ERROR_OUT_OF_RANGE,
    missing_required = ACTRA_INPUT_ERROR_MISSING_REQUIRED,
    not_in_enum = ACTRA_INPUT_ERROR_NOT_IN_ENUM,
    below_min = ACTRA_INPUT_ERROR_BELOW_MIN,
    above_max = ACTRA_INPUT_ERROR_ABOVE_MAX,
    too_long = ACTRA_INPUT_ERROR_TOO_LONG,
    not_unique = ACTRA_INPUT_ERROR_NOT_UNIQUE,
    not_utf8 = ACTRA_INPUT_ERROR_NOT_UTF8,
    unknown_action = ACTRA_INPUT_ERROR_UNKNOWN_ACTION,
    unknown_field = ACTRA_INPUT_ERROR_UNKNOWN_FIELD,
    duplicate_key = ACTRA_INPUT_ERROR_DUPLICATE_KEY,
    too_deep = ACTRA_INPUT_ERROR_TOO_DEEP,
    too_large = ACTRA_INPUT_ERROR_TOO_LARGE,
    malformed = ACTRA_INPUT_ERROR_MALFORMED,
};

/// What happens to fields of a text that the schema does not name.
enum class UnknownFields { ignore, refuse };

namespace detail {

inline std::string_view view(const char *text, std::size_t len) noexcept {
    return text == nullptr ? std::string_view() : std::string_view(text, len);
}

inline std::string_view word(const char *text) noexcept {
    return text == nullptr ? std::string_view() : std::string_view(text);
}

}  // namespace detail

/// `allow`, `require_approval`, ...; empty for other numbers.
inline std::string_view name(Effect effect) noexcept {
    return detail::word(actra_effect_name(static_cast<std::uint32_t>(effect)));
}

/// `ok`, `input_error`, ...; empty for other numbers.
inline std::string_view name(Status status) noexcept {
    return detail::word(actra_status_name(static_cast<std::uint32_t>(status)));
}

/// `wrong_type`, `not_finite`, ...; empty for other numbers.
inline std::string_view name(InputCode code) noexcept {
    return detail::word(actra_input_error_name(static_cast<std::uint32_t>(code)));
}

/// The library's version, such as `0.8.0`.
inline std::string_view version() noexcept { return detail::word(actra_version()); }

/// Whether the library that is there has the ABI of this header. Every way to a policy asks first.
inline bool abi_matches() noexcept { return actra_abi_version() == ACTRA_ABI_VERSION; }

/// Whether the library compiles documents, or loads artifacts only.
inline bool has_compiler() noexcept { return actra_has_compiler() != 0; }

/// A policy hash or program digest.
using Digest = std::array<std::uint8_t, 32>;

/// A digest in hexadecimal digits, in lower case.
inline std::string hex(const Digest &digest) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * digest.size());
    for (const std::uint8_t byte : digest) {
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 15]);
    }
    return text;
}

// Memory of the library's ------------------------------------------------------------------------

/// Bytes that the library made: an artifact, a JSON text. Owned, moved, never copied.
class Buffer {
  public:
    Buffer() noexcept = default;

    /// Takes a buffer over.
    static Buffer adopt(actra_buffer *buffer) noexcept {
        Buffer owner;
        owner.buffer_.reset(buffer);
        return owner;
    }

    const char *data() const noexcept {
        return reinterpret_cast<const char *>(actra_buffer_data(buffer_.get()));
    }
    std::size_t size() const noexcept { return actra_buffer_len(buffer_.get()); }
    bool empty() const noexcept { return size() == 0; }

    /// The text, good as long as the buffer; of a temporary buffer take `str()`.
    std::string_view view() const & noexcept { return detail::view(data(), size()); }
    std::string_view view() const && = delete;

    /// A copy of the text.
    std::string str() const { return std::string(view()); }

  private:
    struct Free {
        void operator()(actra_buffer *buffer) const noexcept { actra_buffer_free(buffer); }
    };
    std::unique_ptr<actra_buffer, Free> buffer_;
};

/// Why something failed, as a value. Its strings are good as long as it is; the field of an input
/// that was given as slots borrows from the policy.
class Failure {
  public:
    /// No failure: status `ok`.
    Failure() noexcept = default;

    /// A failure that this header found. The texts are borrowed.
    Failure(Status status, std::string_view code, std::string_view message) noexcept
        : status_(status), code_(code), message_(message) {}

    /// A failure that the library told. Takes the error over, which may be NULL.
    static Failure adopt(actra_status status, actra_error *error) noexcept {
        Failure failure(static_cast<Status>(status), {}, {});
        if (error != nullptr) {
            failure.error_.reset(error, actra_error_free);
        }
        return failure;
    }

    Status status() const noexcept { return status_; }

    /// With status `input_error`: what is wrong.
    InputCode input_code() const noexcept { return input_code_; }

    /// A code for programs: `undeclared_field`, `wrong_type`, `io`; else the status' name.
    std::string_view code() const noexcept {
        if (error_ != nullptr) {
            return text(actra_error_code);
        }
        if (input_code_ != InputCode::none) {
            return name(input_code_);
        }
        return code_.empty() ? name(status_) : code_;
    }

    /// A sentence for people.
    std::string_view message() const noexcept {
        if (error_ != nullptr) {
            return text(actra_error_message);
        }
        return message_.empty() ? meaning(status_) : message_;
    }

    /// The document that the error is in; empty where it is in none.
    std::string_view file() const noexcept { return text(actra_error_file); }
    /// From 1; 0 where there is no place.
    std::uint32_t line() const noexcept { return actra_error_line(error_.get()); }
    /// In characters, from 1; 0 where there is no place.
    std::uint32_t column() const noexcept { return actra_error_column(error_.get()); }
    /// The field that an input error is about; empty where it is about none.
    std::string_view field() const noexcept {
        return error_ != nullptr ? text(actra_error_field) : field_;
    }
    /// All errors of the documents, each with its place and help, as lines for people; empty where
    /// there is no more than the message.
    std::string_view rendered() const noexcept { return text(actra_error_rendered); }
    /// The same as JSON; empty where there is no more than the message.
    std::string_view json() const noexcept { return text(actra_error_json); }

  private:
    friend class Policy;

    std::string_view text(const char *(*of)(const actra_error *, std::size_t *)) const noexcept {
        std::size_t len = 0;
        const char *start = of(error_.get(), &len);
        return detail::view(start, len);
    }

    static std::string_view meaning(Status status) noexcept {
        switch (status) {
            case Status::ok: return "nothing failed";
            case Status::invalid_argument: return "an argument is not what the function takes";
            case Status::input_error: return "the input is in error, so there is no decision";
            case Status::not_found: return "the policy has no such field, rule or slot";
            case Status::not_supported: return "this build of the library lacks what was asked for";
            case Status::refused: return "the policy's tests or the host's check refuse it";
            case Status::log_error: return "the decision log cannot be opened or written";
            case Status::no_answer: return "the question about the policy has no answer";
            default: return "something went wrong inside the library";
        }
    }

    Status status_ = Status::ok;
    InputCode input_code_ = InputCode::none;
    std::string_view code_;
    std::string_view message_;
    std::string_view field_;
    std::shared_ptr<const actra_error> error_;
};

// Exceptions -------------------------------------------------------------------------------------

#if ACTRA_HAS_EXCEPTIONS

/// What this header throws. Copies share what they tell, which depends on no policy.
class Error : public std::exception {
  public:
    explicit Error(Failure failure) : state_(std::make_shared<const State>(std::move(failure))) {}

    /// The place, where there is one, the code and the message.
    const char *what() const noexcept override { return state_->what.c_str(); }
    Status status() const noexcept { return state_->failure.status(); }
    std::string_view code() const noexcept { return state_->failure.code(); }
    std::string_view message() const noexcept { return state_->message; }
    /// Everything there is to say, as lines for people and as JSON: of documents all errors, with
    /// their places. Empty where there is no more than the message.
    std::string_view rendered() const noexcept { return state_->failure.rendered(); }
    std::string_view json() const noexcept { return state_->failure.json(); }

  protected:
    const Failure &failure() const noexcept { return state_->failure; }
    std::string_view field_text() const noexcept { return state_->field; }

  private:
    /// Field and message are copied: they may borrow.
    struct State {
        explicit State(Failure from)
            : failure(std::move(from)), field(failure.field()), message(failure.message()) {
            if (!failure.file().empty()) {
                what.append(failure.file());
                if (failure.line() != 0) {
                    what.append(":").append(std::to_string(failure.line()));
                    what.append(":").append(std::to_string(failure.column()));
                }
                what.append(": ");
            }
            what.append(failure.code()).append(": ").append(message);
            if (!field.empty() && message.find(field) == std::string::npos) {
                what.append(" (`").append(field).append("`)");
            }
        }
        Failure failure;
        std::string field;
        std::string message;
        std::string what;
    };
    std::shared_ptr<const State> state_;
};

/// Documents do not compile.
class CompileError : public Error {
  public:
    using Error::Error;
    std::string_view file() const noexcept { return failure().file(); }
    std::uint32_t line() const noexcept { return failure().line(); }
    std::uint32_t column() const noexcept { return failure().column(); }
};

/// An input is in error: there is no decision, so block.
class InputError : public Error {
  public:
    using Error::Error;
    InputCode input_code() const noexcept { return failure().input_code(); }
    /// Empty where the error is about the input as a whole.
    std::string_view field() const noexcept { return field_text(); }
};

/// Bytes are no artifact that can be loaded.
class ArtifactError : public Error {
  public:
    using Error::Error;
};

/// A file cannot be read or written.
class IoError : public Error {
  public:
    using Error::Error;
};

/// A policy loads, and its own tests or the host's check refuse it.
class RefusedError : public Error {
  public:
    using Error::Error;
};

/// A decision log cannot be opened, or does not take or write a decision: `code()` says why.
class LogError : public Error {
  public:
    using Error::Error;
};

/// A question about a policy has no answer: `code()` says why.
class AnalysisError : public Error {
  public:
    using Error::Error;
};

/// The policy has no such field or rule.
class NotFoundError : public Error {
  public:
    using Error::Error;
};

/// This build of the library lacks what was asked for, or is of another ABI version.
class NotSupportedError : public Error {
  public:
    using Error::Error;
};

#endif  // ACTRA_HAS_EXCEPTIONS

namespace detail {

/// Throws a failure as what it is, or aborts where there are no exceptions.
[[noreturn]] inline void raise([[maybe_unused]] const Failure &failure) {
#if ACTRA_HAS_EXCEPTIONS
    switch (failure.status()) {
        case Status::compile_error: throw CompileError(failure);
        case Status::input_error: throw InputError(failure);
        case Status::artifact_error: throw ArtifactError(failure);
        case Status::io_error: throw IoError(failure);
        case Status::not_found: throw NotFoundError(failure);
        case Status::not_supported: throw NotSupportedError(failure);
        case Status::refused: throw RefusedError(failure);
        case Status::log_error: throw LogError(failure);
        case Status::no_answer: throw AnalysisError(failure);
        default: throw Error(failure);
    }
#else
    std::abort();
#endif
}

}  // namespace detail

/// A value or a failure.
template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) noexcept : value_(std::move(value)) {}
    Result(Failure failure) noexcept : failure_(std::move(failure)) {}

    bool has_value() const noexcept { return failure_.status() == Status::ok; }
    explicit operator bool() const noexcept { return has_value(); }

    /// The value. A failure is thrown as its exception; without exceptions it aborts.
    T &value() & {
        check();
        return value_;
    }
    const T &value() const & {
        check();
        return value_;
    }
    T value() && {
        check();
        return std::move(value_);
    }

    /// Why there is no value; status `ok` where there is one.
    const Failure &failure() const noexcept { return failure_; }

  protected:
    void check() const {
        if (!has_value()) {
            detail::raise(failure_);
        }
    }
    T value_;
    Failure failure_;
};

/// A value of no content, for what only succeeds or fails.
struct Done {};

// Inputs -----------------------------------------------------------------------------------------

class Policy;

/// The number of a field in one program. It comes from `Policy::slot`; an input takes it if it is
/// for the same program, and is in error with any other, so slots cannot outlive a hot swap unseen.
class Slot {
  public:
    /// No slot: no input takes it.
    Slot() noexcept = default;
    std::uint32_t index() const noexcept { return index_; }

  private:
    friend class Policy;
    friend class Input;
    Slot(std::uint32_t index, std::uint64_t program) noexcept : index_(index), program_(program) {}
    std::uint32_t index_ = UINT32_MAX;
    std::uint64_t program_ = 0;
};

/// An instant: microseconds since 1970-01-01T00:00:00Z.
struct Timestamp {
    std::int64_t microseconds;
};

/// A scalar, or nothing. Strings are borrowed; `Input` copies them.
class Value {
  public:
    /// Not there.
    Value() noexcept : slot_(actra_slot_missing()) {}
    /// There, and null.
    Value(std::nullptr_t) noexcept : slot_(actra_slot_null()) {}
    Value(Timestamp value) noexcept : slot_(actra_slot_timestamp(value.microseconds)) {}
    Value(std::chrono::system_clock::time_point value) noexcept
        : Value(Timestamp{std::chrono::floor<std::chrono::microseconds>(value).time_since_epoch().count()}) {}

    Value(std::string_view text) noexcept : slot_(actra_slot_missing()) {
        // Text that no slot can say is kept out by its tag, which the library refuses.
        const bool fits = text.size() <= UINT32_MAX;
        slot_.tag = fits ? ACTRA_TAG_STRING : UINT32_MAX;
        slot_.len = fits ? static_cast<std::uint32_t>(text.size()) : 0;
        slot_.v.p = text.empty() ? "" : text.data();
    }
    Value(const std::string &text) noexcept : Value(std::string_view(text)) {}
    /// NULL is null.
    Value(const char *text) noexcept : Value(std::string_view(text == nullptr ? "" : text)) {
        if (text == nullptr) {
            slot_ = actra_slot_null();
        }
    }

    /// Booleans, integers (above 64 bits with a sign: the nearest double, as JSON text has it) and
    /// floating-point numbers; of pointers and characters none is made.
    template <class T, std::enable_if_t<std::is_arithmetic_v<T>, int> = 0>
    Value(T value) noexcept : slot_(number(value)) {}

    /// An empty one is not there.
    template <class T>
    Value(const std::optional<T> &value) noexcept : Value(value ? Value(*value) : Value()) {}

  private:
    friend class Input;

    template <class T>
    static actra_slot number(T value) noexcept {
        static_assert(!std::is_same_v<T, char> && !std::is_same_v<T, wchar_t> &&
                          !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t>,
                      "a character is no value: give a string or a number");
        static_assert(!std::is_integral_v<T> || sizeof(T) <= 8, "integers have 64 bits at most");
        if constexpr (std::is_same_v<T, bool>) {
            return actra_slot_boolean(value ? 1 : 0);
        } else if constexpr (std::is_floating_point_v<T>) {
            return actra_slot_double(static_cast<double>(value));
        } else if constexpr (std::is_signed_v<T>) {
            return actra_slot_integer(static_cast<std::int64_t>(value));
        } else {
            if (static_cast<std::uint64_t>(value) <= static_cast<std::uint64_t>(INT64_MAX)) {
                return actra_slot_integer(static_cast<std::int64_t>(value));
            }
            actra_slot slot = actra_slot_double(static_cast<double>(value));
            slot.tag = ACTRA_TAG_BIG_INTEGER;
            return slot;
        }
    }

    actra_slot slot_;
};

/// An input of slots, to be filled again and again: whatever is set is copied into memory of the
/// input's, which grows to the largest input and is used again after `clear()`. So evaluating
/// allocates nothing once it has grown, and nothing that was set needs to live on.
class Input {
  public:
    explicit Input(const Policy &policy);

    /// Sets a field; a missing value takes it back.
    Input &set(Slot slot, const Value &value) {
        if (takes(slot)) {
            actra_slot set = value.slot_;
            if (set.tag == ACTRA_TAG_STRING) {
                const Room room = room_of(slot, set.len);
                if (set.len != 0) {
                    std::memcpy(arena_.data() + room.start, set.v.p, set.len);
                }
                set.tag = ACTRA_TAG_STRING_AT;
                set.v.off = room.start;
            }
            put(slot, set);
        }
        return *this;
    }

    /// Sets a list of scalars: `input.set_list(tags, {"a", "b"})`, or any container of what makes a
    /// value.
    Input &set_list(Slot slot, std::initializer_list<Value> items) {
        return set_list<std::initializer_list<Value>>(slot, items);
    }
    template <class Items>
    Input &set_list(Slot slot, const Items &items) {
        if (begin(slot)) {
            std::size_t count = 0;
            std::size_t text = 0;
            each(items, [&](const Value &item) {
                count += 1;
                text += text_bytes(item);
            });
            const Room room = room_of(slot, count * sizeof(actra_slot) + text);
            Writer writer(arena_.data(), room);
            const actra_slot list = writer.run(ACTRA_TAG_LIST_AT, count, count);
            each(items, [&](const Value &item) { writer.item(item.slot_); });
            finish(slot, list, writer);
        }
        return *this;
    }

    /// Sets a map from strings to scalars: `input.set_map(labels, {{"team", "red"}, {"tier", 2}})`,
    /// or any container of such pairs. Keys with a slot of their own are set by it, too.
    Input &set_map(Slot slot, std::initializer_list<std::pair<std::string_view, Value>> pairs) {
        return set_map<std::initializer_list<std::pair<std::string_view, Value>>>(slot, pairs);
    }
    template <class Pairs>
    Input &set_map(Slot slot, const Pairs &pairs) {
        if (begin(slot)) {
            std::size_t count = 0;
            std::size_t text = 0;
            for (const auto &[key, value] : pairs) {
                count += 1;
                text += text_bytes(Value(key)) + text_bytes(Value(value));
            }
            const Room room = room_of(slot, 2 * count * sizeof(actra_slot) + text);
            Writer writer(arena_.data(), room);
            const actra_slot map = writer.run(ACTRA_TAG_MAP_AT, count, 2 * count);
            for (const auto &[key, value] : pairs) {
                writer.item(Value(key).slot_);
                writer.item(Value(value).slot_);
            }
            finish(slot, map, writer);
        }
        return *this;
    }

    /// Says that an object is there, though no member is.
    Input &set_object(Slot slot) {
        if (takes(slot)) {
            actra_slot object = actra_slot_missing();
            object.tag = ACTRA_TAG_OBJECT;
            put(slot, object);
        }
        return *this;
    }

    /// Takes everything back, a mistake too. The memory stays.
    Input &clear() noexcept {
        // Zeroed memory is missing values, and no room.
        if (used_ != 0) {
            std::memset(slots_.data(), 0, used_ * sizeof(actra_slot));
            std::memset(rooms_.data(), 0, used_ * sizeof(Room));
        }
        used_ = 0;
        end_ = 0;
        mistake_ = nullptr;
        return *this;
    }

    /// The slots and the arena as actra.h takes them.
    const actra_slot *slots() const noexcept { return slots_.data(); }
    std::size_t slot_count() const noexcept { return used_; }
    const std::uint8_t *arena() const noexcept { return arena_.data(); }
    std::size_t arena_size() const noexcept { return end_; }

  private:
    friend class Policy;

    /// Where a field's strings and items are: setting it again uses the same place.
    struct Room {
        std::size_t start;
        std::size_t size;
    };

    /// Writes slots, and the text that they hold behind them. What a container gives on a second
    /// look is not trusted to be what it gave on the first.
    struct Writer {
        Writer(std::uint8_t *start, Room room) noexcept
            : arena(start), items(room.start), items_end(room.start), text(room.start), text_end(room.start + room.size) {}

        std::uint8_t *arena;
        std::size_t items;
        std::size_t items_end;
        std::size_t text;
        std::size_t text_end;
        bool is_good = true;

        actra_slot scalar(actra_slot slot) noexcept {
            if (slot.tag != ACTRA_TAG_STRING) {
                return slot;
            }
            is_good = is_good && slot.len <= text_end - text;
            if (is_good && slot.len != 0) {
                std::memcpy(arena + text, slot.v.p, slot.len);
            }
            slot = actra_slot_string_at(text, slot.len);
            text += is_good ? slot.len : 0;
            return slot;
        }
        void item(actra_slot slot) noexcept {
            slot = scalar(slot);
            is_good = is_good && items != items_end;
            if (is_good) {
                std::memcpy(arena + items, &slot, sizeof slot);
                items += sizeof slot;
            }
        }
        actra_slot run(std::uint32_t tag, std::size_t len, std::size_t slots) noexcept {
            is_good = len <= UINT32_MAX;
            items_end = text = items + slots * sizeof(actra_slot);
            actra_slot slot = actra_slot_string_at(items, static_cast<std::uint32_t>(len));
            slot.tag = tag;
            return slot;
        }
    };

    template <class Items, class Then>
    static void each(const Items &items, Then then) {
        using Iterator = decltype(std::begin(items));
        using Item = typename std::iterator_traits<Iterator>::value_type;
        for (Iterator at = std::begin(items); at != std::end(items); ++at) {
            // What `std::vector<bool>` gives is no bool.
            const Item &item = *at;
            then(Value(item));
        }
    }

    static std::size_t text_bytes(const Value &value) noexcept {
        return value.slot_.tag == ACTRA_TAG_STRING ? value.slot_.len : 0;
    }

    bool takes(Slot slot) noexcept {
        if (slot.program_ != program_ || slot.index() >= slots_.size()) {
            mistake_ = "the input was given a slot of another policy";
        }
        return mistake_ == nullptr;
    }

    void put(Slot slot, actra_slot value) noexcept {
        const std::size_t index = slot.index();
        slots_[index] = value;
        used_ = used_ > index ? used_ : index + 1;
    }

    /// Until `finish` the input is in error, so that an exception on the way leaves none that decides.
    bool begin(Slot slot) noexcept {
        if (!takes(slot)) {
            return false;
        }
        mistake_ = "the input was left while a field was being set";
        return true;
    }

    void finish(Slot slot, actra_slot value, const Writer &writer) noexcept {
        const bool is_whole = writer.is_good && writer.items == writer.items_end;
        mistake_ = is_whole ? nullptr : "the input was given a container that changed or has too many items";
        put(slot, value);
    }

    /// Room of a field, in its old place where that is large enough; else twice as much as needed, so
    /// that a field that is set again and again takes no memory without bound.
    Room room_of(Slot slot, std::size_t size) {
        Room &room = rooms_[slot.index()];
        if (size > room.size) {
            const std::size_t wanted = room.size == 0 ? size : 2 * size;
            if (end_ + wanted > arena_.size()) {
                arena_.resize(2 * (end_ + wanted));
            }
            room = Room{end_, wanted};
            end_ += wanted;
            // `clear` takes the rooms of fields below.
            used_ = used_ > slot.index() ? used_ : slot.index() + std::size_t{1};
        }
        return room;
    }

    std::uint64_t program_ = 0;
    std::vector<actra_slot> slots_;
    std::vector<Room> rooms_;
    std::vector<std::uint8_t> arena_;
    std::size_t used_ = 0;
    std::size_t end_ = 0;
    const char *mistake_ = nullptr;
};

// Decisions --------------------------------------------------------------------------------------

/// A decision. Its strings are good as long as some reference to its policy is held: see `keep`.
class Decision {
  public:
    /// None: effect `invalid`.
    Decision() noexcept : raw_(actra_decision_empty()) {}

    Effect effect() const noexcept { return static_cast<Effect>(raw_.effect); }
    bool allowed() const noexcept { return effect() == Effect::allow; }
    bool needs_approval() const noexcept { return effect() == Effect::require_approval; }
    bool blocked() const noexcept { return effect() == Effect::block; }

    /// The id of the rule that decided; empty: the default did.
    std::string_view rule() const noexcept { return detail::view(raw_.rule_id, raw_.rule_id_len); }
    /// Its index, of `ACTRA_NO_RULE`.
    std::uint32_t rule_index() const noexcept { return raw_.rule; }
    /// Its message, or empty.
    std::string_view message() const noexcept { return detail::view(raw_.message, raw_.message_len); }

    /// Something was missing, malformed or unfit, and the rule fired to be safe.
    bool is_unknown() const noexcept { return (raw_.flags & ACTRA_DECISION_UNKNOWN) != 0; }
    /// Several approval rules fired.
    bool has_several_rules() const noexcept { return (raw_.flags & ACTRA_DECISION_SEVERAL_RULES) != 0; }
    /// With shadow rules enforced, the decision would be another one: of this effect, by this rule.
    bool shadow_differs() const noexcept { return (raw_.flags & ACTRA_DECISION_SHADOW_DIFFERS) != 0; }
    Effect shadow_effect() const noexcept { return static_cast<Effect>(raw_.shadow_effect); }
    std::string_view shadow_rule() const noexcept {
        std::size_t len = 0;
        const char *id = actra_policy_rule_id(policy_, raw_.shadow_rule, &len);
        return detail::view(id, len);
    }

    /// Takes a reference to the policy, so that the decision may outlive it. Copies hold one, too.
    Decision &keep() noexcept {
        if (kept_ == nullptr) {
            kept_.reset(actra_policy_retain(policy_));
        }
        return *this;
    }

    /// The struct of actra.h.
    const actra_decision &raw() const noexcept { return raw_; }

    Decision(Decision &&) noexcept = default;
    Decision &operator=(Decision &&) noexcept = default;
    Decision(const Decision &other) noexcept : raw_(other.raw_), policy_(other.policy_) {
        if (other.kept_ != nullptr) {
            keep();
        }
    }
    Decision &operator=(const Decision &other) noexcept { return *this = Decision(other); }
    ~Decision() = default;

  private:
    friend class Policy;
    struct Free {
        void operator()(actra_policy *policy) const noexcept { actra_policy_free(policy); }
    };
    actra_decision raw_;
    const actra_policy *policy_ = nullptr;
    std::unique_ptr<actra_policy, Free> kept_;
};

/// A decision, or why there is none.
class [[nodiscard]] Evaluation : private Result<Decision> {
  public:
    using Result<Decision>::has_value;
    using Result<Decision>::value;
    using Result<Decision>::failure;

    /// Whether the operation may run: that there is a decision, and that it allows.
    bool allowed() const noexcept { return effect() == Effect::allow; }
    /// The decision's effect, or `invalid` where there is no decision: then block.
    Effect effect() const noexcept { return has_value() ? value_.effect() : Effect::invalid; }

    /// "There is a decision" reads like "it is allowed" in an `if`: ask for one of them by name.
    explicit operator bool() const = delete;

  private:
    friend class Policy;
    Evaluation() noexcept : Result<Decision>(Decision()) {}
};

/// Indexes that a `Details` holds.
class Numbers {
  public:
    const std::uint32_t *begin() const noexcept { return start_; }
    const std::uint32_t *end() const noexcept { return start_ + size_; }
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    std::uint32_t operator[](std::size_t at) const noexcept { return start_[at]; }

  private:
    friend class Details;
    Numbers(const std::uint32_t *start, std::size_t size) noexcept : start_(start), size_(size) {}
    const std::uint32_t *start_;
    std::size_t size_;
};

/// What a decision only counts. Used again, it allocates nothing.
class Details {
  public:
    /// Rules that decided, by their indexes: with several approval rules all of them.
    Numbers matched_rules() const noexcept { return {rules_.data(), rule_count_}; }
    /// Fields that left the deciding rule unknown, by the indexes of their slots.
    Numbers missing_slots() const noexcept { return {slots_.data(), slot_count_}; }

  private:
    friend class Policy;
    std::vector<std::uint32_t> rules_;
    std::vector<std::uint32_t> slots_;
    std::size_t rule_count_ = 0;
    std::size_t slot_count_ = 0;
};

// Policies ---------------------------------------------------------------------------------------

/// How a decision is explained.
struct Explain {
    enum class Form { json, text, coloured_text };
    enum class Rules { nearest, all };
    enum class Notation { json, yaml };
    /// JSON as docs/explain.md has it, or lines for people.
    Form form = Form::json;
    /// Of text: rules that fired and the nearest, or every candidate.
    Rules rules = Rules::nearest;
    /// What the input is written in.
    Notation input = Notation::json;
    UnknownFields unknown_fields = UnknownFields::ignore;
};

/// A compiled policy: a counted reference to one, so copies are cheap. A default one is none, and
/// decides nothing.
class Policy {
  public:
    Policy() noexcept = default;
    Policy(const Policy &other) noexcept : program_(other.program_) {
        handle_.reset(actra_policy_retain(other.get()));
    }
    Policy(Policy &&other) noexcept
        : handle_(std::move(other.handle_)), program_(std::exchange(other.program_, 0)) {}
    Policy &operator=(const Policy &other) noexcept { return *this = Policy(other); }
    Policy &operator=(Policy &&other) noexcept {
        Policy taken(std::move(other));
        swap(taken);
        return *this;
    }
    ~Policy() = default;
    void swap(Policy &other) noexcept {
        handle_.swap(other.handle_);
        std::swap(program_, other.program_);
    }
    friend void swap(Policy &a, Policy &b) noexcept { a.swap(b); }

    /// Takes a reference of the caller's over; NULL is no policy.
    static Policy adopt(actra_policy *handle) noexcept {
        Policy policy;
        policy.handle_.reset(handle);
        const Digest digest = policy.digest();
        std::memcpy(&policy.program_, digest.data(), sizeof policy.program_);
        return policy;
    }
    /// The handle, which stays the policy's.
    const actra_policy *get() const noexcept { return handle_.get(); }
    /// Gives the reference to the caller.
    [[nodiscard]] actra_policy *release() noexcept {
        program_ = 0;
        return handle_.release();
    }
    explicit operator bool() const noexcept { return handle_ != nullptr; }

    // From documents and artifacts. Paths and documents are UTF-8.

    static Result<Policy> try_compile(std::string_view schema, std::string_view policy,
                                      std::string_view governance = {}) noexcept {
        return made([&](actra_policy **out, actra_error **error) {
            return actra_policy_compile(schema.data(), schema.size(), policy.data(), policy.size(),
                                        governance.data(), governance.size(), out, error);
        });
    }
    static Result<Policy> try_compile_files(std::string_view schema_path, std::string_view policy_path,
                                            std::string_view governance_path = {}) noexcept {
        return made([&](actra_policy **out, actra_error **error) {
            return actra_policy_compile_files(schema_path.data(), schema_path.size(), policy_path.data(),
                                              policy_path.size(), governance_path.data(),
                                              governance_path.size(), out, error);
        });
    }
    static Result<Policy> try_compile_directory(std::string_view path) noexcept {
        return made([&](actra_policy **out, actra_error **error) {
            return actra_policy_compile_directory(path.data(), path.size(), out, error);
        });
    }
    static Result<Policy> try_load(std::string_view artifact) noexcept {
        return made([&](actra_policy **out, actra_error **error) {
            const auto *bytes = reinterpret_cast<const std::uint8_t *>(artifact.data());
            return actra_policy_load(bytes, artifact.size(), out, error);
        });
    }
    static Result<Policy> try_open(std::string_view path) noexcept {
        return made([&](actra_policy **out, actra_error **error) {
            return actra_policy_open(path.data(), path.size(), out, error);
        });
    }
    /// The same if it is what the options ask for; `ACTRA_LOAD_TRUSTED_KEYS` in their flags makes a list
    /// of no keys trust nobody, wherever it points.
    static Result<Policy> try_load(std::string_view artifact, const actra_load_options &options) noexcept {
        return made([&](actra_policy **out, actra_error **error) {
            const auto *bytes = reinterpret_cast<const std::uint8_t *>(artifact.data());
            return actra_policy_load_with(bytes, artifact.size(), &options, out, error);
        });
    }
    static Result<Policy> try_open(std::string_view path, const actra_load_options &options) noexcept {
        return made([&](actra_policy **out, actra_error **error) {
            return actra_policy_open_with(path.data(), path.size(), &options, out, error);
        });
    }
    Result<Done> try_save(std::string_view path) const noexcept {
        actra_error *error = nullptr;
        const actra_status status = actra_policy_save(get(), path.data(), path.size(), &error);
        if (status != ACTRA_STATUS_OK) {
            return Failure::adopt(status, error);
        }
        return Done{};
    }

#if ACTRA_HAS_EXCEPTIONS
    /// Compiles documents in memory. Throws `CompileError`, `NotSupportedError`, `Error`.
    static Policy compile(std::string_view schema, std::string_view policy,
                          std::string_view governance = {}) {
        return try_compile(schema, policy, governance).value();
    }
    /// Compiles documents in files. Throws as `compile`.
    static Policy compile_files(std::string_view schema_path, std::string_view policy_path,
                                std::string_view governance_path = {}) {
        return try_compile_files(schema_path, policy_path, governance_path).value();
    }
    /// Compiles a policy directory. Throws as `compile`.
    static Policy compile_directory(std::string_view path) { return try_compile_directory(path).value(); }
    /// Loads the bytes of an `.actra` file. Throws `ArtifactError`, `NotSupportedError`, `Error`.
    static Policy load(std::string_view artifact) { return try_load(artifact).value(); }
    /// Loads an `.actra` file or compiles a directory. Throws as `load` and `compile`, and `IoError`.
    static Policy open(std::string_view path) { return try_open(path).value(); }
    /// The same if it is what the options ask for: an `ArtifactError` says by its code why it is not.
    static Policy load(std::string_view artifact, const actra_load_options &options) {
        return try_load(artifact, options).value();
    }
    static Policy open(std::string_view path, const actra_load_options &options) {
        return try_open(path, options).value();
    }
    /// Writes the artifact to a file, in one step for its readers. Throws `IoError`, `Error`.
    void save(std::string_view path) const { try_save(path).value(); }

    /// The slot of a field, such as `action.amount`. Throws `NotFoundError`.
    Slot slot(std::string_view name) const {
        if (const std::optional<Slot> found = find_slot(name)) {
            return *found;
        }
        const std::string message = "the policy has no field `" + std::string(name) + "`";
        throw NotFoundError(Failure(Status::not_found, "not_found", message));
    }
#endif

    /// The slot of a field, such as `action.amount`, if there is one.
    std::optional<Slot> find_slot(std::string_view name) const noexcept {
        const std::size_t dot = name.find('.');
        const std::string_view domain = name.substr(0, dot);
        const std::uint32_t number = domain == "action"     ? ACTRA_DOMAIN_ACTION
                                     : domain == "actor"    ? ACTRA_DOMAIN_ACTOR
                                     : domain == "snapshot" ? ACTRA_DOMAIN_SNAPSHOT
                                                            : 0;
        std::uint32_t index = 0;
        const std::string_view path = dot == std::string_view::npos ? "" : name.substr(dot + 1);
        if (actra_policy_slot(get(), number, path.data(), path.size(), &index) != ACTRA_STATUS_OK) {
            return std::nullopt;
        }
        return Slot(index, program_);
    }

    // What there is. Strings are good as long as the policy; of a policy that is none they are empty.

    std::size_t slot_count() const noexcept { return actra_policy_slot_count(get()); }
    std::string_view slot_name(std::uint32_t index) const noexcept {
        std::size_t len = 0;
        const char *text = actra_policy_slot_name(get(), index, &len);
        return detail::view(text, len);
    }
    std::size_t rule_count() const noexcept { return actra_policy_rule_count(get()); }
    std::string_view rule_id(std::uint32_t index) const noexcept {
        std::size_t len = 0;
        const char *text = actra_policy_rule_id(get(), index, &len);
        return detail::view(text, len);
    }
    /// What identifies the policy's meaning; zeros for none.
    Digest hash() const noexcept { return digest_by(actra_policy_hash); }
    /// What identifies exactly what runs; zeros for none.
    Digest digest() const noexcept { return digest_by(actra_policy_digest); }
    /// The owner's number for this state of the policy; 0 where there is none, and for none.
    std::uint64_t revision() const noexcept {
        std::uint64_t revision = 0;
        return actra_policy_revision(get(), &revision) == ACTRA_STATUS_OK ? revision : 0;
    }
    /// The bytes of an `.actra` file.
    Buffer to_artifact() const noexcept { return buffer_by(actra_policy_to_artifact); }
    Buffer schema_json() const noexcept { return buffer_by(actra_policy_schema_json); }
    Buffer rules_json() const noexcept { return buffer_by(actra_policy_rules_json); }
    Buffer warnings_json() const noexcept { return buffer_by(actra_policy_warnings_json); }

    // Decisions.

    /// Decides an input of slots. Allocates nothing.
    Evaluation evaluate(const Input &input) const & noexcept {
        return evaluated(input, [&](actra_decision *decision) {
            return actra_policy_evaluate(get(), input.slots(), input.slot_count(), input.arena(),
                                         input.arena_size(), decision);
        });
    }
    Evaluation evaluate(const Input &) const && = delete;

    /// The same, with every matched rule and the missing fields. Allocates when `details` grows.
    Evaluation evaluate(const Input &input, Details &details) const & {
        details.rules_.resize(rule_count());
        details.slots_.resize(slot_count());
        details.rule_count_ = details.slot_count_ = 0;
        Evaluation evaluation = evaluated(input, [&](actra_decision *decision) {
            return actra_policy_evaluate_all(
                get(), input.slots(), input.slot_count(), input.arena(), input.arena_size(), decision,
                details.rules_.data(), details.rules_.size(), &details.rule_count_,
                details.slots_.data(), details.slots_.size(), &details.slot_count_);
        });
        if (!evaluation.has_value()) {
            details.rule_count_ = details.slot_count_ = 0;
        }
        return evaluation;
    }
    Evaluation evaluate(const Input &, Details &) const && = delete;

    /// Decides an input of JSON text: `{"action": {...}, "actor": {...}, "snapshot": {...}}`. Where
    /// there is a decision, `decision_json` is given it whole.
    Evaluation evaluate_json(std::string_view text, UnknownFields unknown = UnknownFields::ignore,
                             Buffer *decision_json = nullptr) const & noexcept {
        return text_evaluated(text, 0, unknown, decision_json);
    }
    Evaluation evaluate_json(std::string_view, UnknownFields = {}, Buffer * = nullptr) const && = delete;

    /// The same of YAML text; a runtime-only build does not read it.
    Evaluation evaluate_yaml(std::string_view text, UnknownFields unknown = UnknownFields::ignore,
                             Buffer *decision_json = nullptr) const & noexcept {
        return text_evaluated(text, ACTRA_INPUT_YAML, unknown, decision_json);
    }
    Evaluation evaluate_yaml(std::string_view, UnknownFields = {}, Buffer * = nullptr) const && = delete;

    /// What has to happen before the operation may run, as a JSON array: all required actions of
    /// these rules, each once.
    Buffer required_actions(Numbers rules) const noexcept {
        return required_actions(rules.begin(), rules.size());
    }
    Buffer required_actions(const Decision &decision) const noexcept {
        const std::uint32_t rule = decision.rule_index();
        return required_actions(&rule, 1);
    }

    /// Decides an input of text and tells why. An input error is part of the answer.
    Result<Buffer> try_explain(std::string_view text, Explain options = {}) const noexcept {
        std::uint32_t flags = 0;
        flags |= options.form != Explain::Form::json ? ACTRA_EXPLAIN_RENDERED : 0U;
        flags |= options.form == Explain::Form::coloured_text ? ACTRA_EXPLAIN_COLOURED : 0U;
        flags |= options.rules == Explain::Rules::all ? ACTRA_EXPLAIN_ALL : 0U;
        flags |= options.input == Explain::Notation::yaml ? ACTRA_INPUT_YAML : 0U;
        flags |= options.unknown_fields == UnknownFields::refuse ? ACTRA_INPUT_REFUSE_UNKNOWN : 0U;
        actra_buffer *buffer = nullptr;
        const actra_status status =
            actra_policy_explain_text(get(), text.data(), text.size(), flags, &buffer);
        if (status != ACTRA_STATUS_OK) {
            return Failure::adopt(status, nullptr);
        }
        return Buffer::adopt(buffer);
    }
#if ACTRA_HAS_EXCEPTIONS
    /// The same. Throws `NotSupportedError` (YAML in a runtime-only build), `Error`.
    Buffer explain(std::string_view text, Explain options = {}) const {
        return try_explain(text, options).value();
    }
#endif

    /// Answers a question about the policy, for every input that its schema admits: proved, or refuted
    /// by an input. Question and answer are JSON (docs/analysis.md); `other` is the new policy of
    /// `{"question": "diff"}`, and NULL for all else. It takes from milliseconds to minutes.
    Result<Buffer> try_ask(std::string_view question, const Policy *other = nullptr) const noexcept {
        if (other != nullptr && !*other) {
            return Failure(Status::invalid_argument, {}, {});
        }
        actra_buffer *answer = nullptr;
        actra_error *error = nullptr;
        const actra_status status =
            actra_policy_ask(get(), other == nullptr ? nullptr : other->get(), question.data(),
                             question.size(), &answer, &error);
        if (status != ACTRA_STATUS_OK) {
            return Failure::adopt(status, error);
        }
        return Buffer::adopt(answer);
    }
#if ACTRA_HAS_EXCEPTIONS
    /// The same. Throws `AnalysisError`, `NotSupportedError` (a runtime-only build), `Error`.
    std::string ask(std::string_view question, const Policy *other = nullptr) const {
        return try_ask(question, other).value().str();
    }
#endif

  private:
    friend class Input;
    struct Free {
        void operator()(actra_policy *policy) const noexcept { actra_policy_free(policy); }
    };

    template <class Make>
    static Result<Policy> made(Make make) noexcept {
        if (!abi_matches()) {
            return Failure(Status::not_supported, "abi_mismatch",
                           "the library is of another ABI version than actra.hpp");
        }
        actra_policy *handle = nullptr;
        actra_error *error = nullptr;
        const actra_status status = make(&handle, &error);
        if (status != ACTRA_STATUS_OK) {
            return Failure::adopt(status, error);
        }
        return adopt(handle);
    }

    Digest digest_by(actra_status (*of)(const actra_policy *, std::uint8_t (*)[32])) const noexcept {
        std::uint8_t bytes[32] = {};
        of(get(), &bytes);
        Digest digest;
        std::memcpy(digest.data(), bytes, sizeof bytes);
        return digest;
    }

    Buffer buffer_by(actra_status (*of)(const actra_policy *, actra_buffer **)) const noexcept {
        actra_buffer *buffer = nullptr;
        of(get(), &buffer);
        return Buffer::adopt(buffer);
    }

    Buffer required_actions(const std::uint32_t *rules, std::size_t count) const noexcept {
        actra_buffer *buffer = nullptr;
        actra_policy_required_actions(get(), rules, count, &buffer);
        return Buffer::adopt(buffer);
    }

    template <class Decide>
    Evaluation evaluated(const Input &input, Decide decide) const noexcept {
        Evaluation evaluation;
        if (input.mistake_ != nullptr || input.program_ != program_) {
            const char *message =
                input.mistake_ == nullptr ? "the input was made for another policy" : input.mistake_;
            evaluation.failure_ = Failure(Status::invalid_argument, {}, message);
            return evaluation;
        }
        actra_decision &raw = evaluation.value_.raw_;
        const actra_status status = decide(&raw);
        evaluation.value_.policy_ = get();
        if (status != ACTRA_STATUS_OK) {
            evaluation.failure_.status_ = static_cast<Status>(status);
            evaluation.failure_.input_code_ = static_cast<InputCode>(raw.input_error);
            evaluation.failure_.field_ = detail::view(raw.field, raw.field_len);
        }
        return evaluation;
    }

    Evaluation text_evaluated(std::string_view text, std::uint32_t flags, UnknownFields unknown,
                              Buffer *decision_json) const noexcept {
        flags |= unknown == UnknownFields::refuse ? ACTRA_INPUT_REFUSE_UNKNOWN : 0U;
        Evaluation evaluation;
        actra_decision &raw = evaluation.value_.raw_;
        actra_buffer *json = nullptr;
        actra_error *error = nullptr;
        const actra_status status =
            actra_policy_evaluate_text(get(), text.data(), text.size(), flags, &raw,
                                       decision_json == nullptr ? nullptr : &json, &error);
        evaluation.value_.policy_ = get();
        if (decision_json != nullptr) {
            *decision_json = Buffer::adopt(json);
        }
        if (status != ACTRA_STATUS_OK) {
            evaluation.failure_ = Failure::adopt(status, error);
            evaluation.failure_.input_code_ = static_cast<InputCode>(raw.input_error);
        }
        return evaluation;
    }

    std::unique_ptr<actra_policy, Free> handle_;
    /// The first bytes of the program's digest: whose slots and inputs are for this policy.
    std::uint64_t program_ = 0;
};

/// Runs the test documents that a path leads to: a file, or a directory that is searched for
/// `*_test.yaml`. The report is JSON (docs/testing.md); whether tests passed is its `ok`. `filter` leaves
/// those out whose `file > name` does not hold it.
inline Result<Buffer> try_run_tests(std::string_view path, std::string_view filter = {}) noexcept {
    actra_buffer *report = nullptr;
    actra_error *error = nullptr;
    const actra_status status = actra_tests_run(path.data(), path.size(), filter.data(), filter.size(),
                                                &report, &error);
    if (status != ACTRA_STATUS_OK) {
        return Failure::adopt(status, error);
    }
    return Buffer::adopt(report);
}

#if ACTRA_HAS_EXCEPTIONS
/// The same. Throws `NotFoundError` where there are no tests, `IoError`, `NotSupportedError`, `Error`.
inline Buffer run_tests(std::string_view path, std::string_view filter = {}) {
    return try_run_tests(path, filter).value();
}
#endif

inline Input::Input(const Policy &policy)
    : program_(policy.program_),
      slots_(policy.slot_count(), actra_slot_missing()),
      rooms_(policy.slot_count(), Room{0, 0}) {}

// Hot swap ---------------------------------------------------------------------------------------

/// The policy of a directory or an `.actra` file, which is replaced when that changes. Where anything is
/// wrong with a new one the last good one stays. Owned, moved, never copied; any number of threads may use
/// one at the same time. One that was moved from, or made by no `open`, has no policy.
class PolicyStore {
  public:
    /// What a reload has come to.
    enum class Reload : std::uint32_t {
        none = ACTRA_RELOAD_NONE,
        same = ACTRA_RELOAD_SAME,
        replaced = ACTRA_RELOAD_REPLACED,
    };

    PolicyStore() noexcept = default;

    /// Opens a store. The path is UTF-8; the options are read during the call, but for the context of a
    /// check.
    static Result<PolicyStore> try_open(std::string_view path) noexcept { return opened(path, nullptr); }
    static Result<PolicyStore> try_open(std::string_view path, const actra_store_options &options) noexcept {
        return opened(path, &options);
    }

    /// The policy in force, whole for as long as it is held. It waits for nobody.
    Policy policy() const noexcept {
        actra_policy *handle = actra_policy_store_policy(get());
        return handle == nullptr ? Policy() : Policy::adopt(handle);
    }
    /// Another number for each policy that comes into force: ask for it before `policy()`, and again to see
    /// whether what was kept is still in force.
    std::uint64_t generation() const noexcept { return actra_policy_store_generation(get()); }

    /// Loads the policy again. After a failure the last good one is still in force.
    Result<Reload> try_reload() const noexcept { return reloaded(actra_policy_store_reload); }
    /// The same where anything about the files has changed since the last attempt.
    Result<Reload> try_reload_if_changed() const noexcept {
        return reloaded(actra_policy_store_reload_if_changed);
    }

    /// How the store is doing, as JSON.
    Buffer status_json() const noexcept {
        actra_buffer *buffer = nullptr;
        actra_policy_store_status_json(get(), &buffer);
        return Buffer::adopt(buffer);
    }

    /// Has a thread of the library's reload when files change, until `unwatch` or the store's end.
    Result<Done> try_watch() const noexcept {
        const actra_status status = actra_policy_store_watch(get());
        if (status != ACTRA_STATUS_OK) {
            return Failure::adopt(status, nullptr);
        }
        return Done{};
    }
    void unwatch() const noexcept { actra_policy_store_unwatch(get()); }

#if ACTRA_HAS_EXCEPTIONS
    /// The same. Throws `CompileError`, `ArtifactError`, `IoError`, `RefusedError`, `NotSupportedError`,
    /// `Error`.
    static PolicyStore open(std::string_view path) { return try_open(path).value(); }
    static PolicyStore open(std::string_view path, const actra_store_options &options) {
        return try_open(path, options).value();
    }
    Reload reload() const { return try_reload().value(); }
    Reload reload_if_changed() const { return try_reload_if_changed().value(); }
    void watch() const { static_cast<void>(try_watch().value()); }
#endif

    const actra_policy_store *get() const noexcept { return handle_.get(); }
    explicit operator bool() const noexcept { return handle_ != nullptr; }

  private:
    struct Free {
        void operator()(actra_policy_store *store) const noexcept { actra_policy_store_free(store); }
    };

    static Result<PolicyStore> opened(std::string_view path, const actra_store_options *options) noexcept {
        if (!abi_matches()) {
            return Failure(Status::not_supported, "abi_mismatch",
                           "the library is of another ABI version than actra.hpp");
        }
        actra_policy_store *handle = nullptr;
        actra_error *error = nullptr;
        const actra_status status =
            actra_policy_store_open(path.data(), path.size(), options, &handle, &error);
        if (status != ACTRA_STATUS_OK) {
            return Failure::adopt(status, error);
        }
        PolicyStore store;
        store.handle_.reset(handle);
        return store;
    }

    Result<Reload> reloaded(actra_status (*how)(const actra_policy_store *, std::uint32_t *,
                                                actra_error **)) const noexcept {
        std::uint32_t outcome = ACTRA_RELOAD_NONE;
        actra_error *error = nullptr;
        const actra_status status = how(get(), &outcome, &error);
        if (status != ACTRA_STATUS_OK) {
            return Failure::adopt(status, error);
        }
        return static_cast<Reload>(outcome);
    }

    std::unique_ptr<actra_policy_store, Free> handle_;
};

/// A decision log that is open for writing: an `actra_decision_log`. Any number of threads may use it; it is
/// closed when it ends.
class DecisionLog {
  public:
    DecisionLog() noexcept = default;

    /// Opens a log. The path is UTF-8, `options` a JSON object; without one, the usual ones.
    static Result<DecisionLog> try_open(std::string_view path, std::string_view options = {}) noexcept {
        if (!abi_matches()) {
            return Failure(Status::not_supported, "abi_mismatch",
                           "the library is of another ABI version than actra.hpp");
        }
        actra_decision_log *handle = nullptr;
        actra_error *error = nullptr;
        const actra_status status = actra_decision_log_open(path.data(), path.size(), options.data(),
                                                            options.size(), &handle, &error);
        if (status != ACTRA_STATUS_OK) {
            return Failure::adopt(status, error);
        }
        DecisionLog log;
        log.handle_.reset(handle);
        return log;
    }

    /// An entry that says nothing yet, for `record`.
    static actra_log_entry entry() noexcept {
        actra_log_entry empty{};
        empty.struct_size = sizeof empty;
        return empty;
    }

    /// Records a decision. Gives its id.
    Result<Buffer> try_record(const actra_log_entry &entry) const noexcept {
        actra_buffer *id = nullptr;
        actra_error *error = nullptr;
        const actra_status status = actra_decision_log_record(get(), &entry, &id, &error);
        return taken(status, id, error);
    }
    /// The same of an entry as JSON.
    Result<Buffer> try_record_json(std::string_view entry) const noexcept {
        actra_buffer *id = nullptr;
        actra_error *error = nullptr;
        const actra_status status =
            actra_decision_log_record_json(get(), entry.data(), entry.size(), &id, &error);
        return taken(status, id, error);
    }
    /// Decides about an input as JSON, and records what came of it: the decision as JSON, where it could be
    /// recorded.
    Result<Buffer> try_evaluate_json(const Policy &policy, std::string_view input) const noexcept {
        actra_buffer *json = nullptr;
        actra_error *error = nullptr;
        actra_decision decision = actra_decision_empty();
        const actra_status status = actra_decision_log_evaluate_text(
            get(), policy.get(), input.data(), input.size(), 0, &decision, &json, &error);
        return taken(status, json, error);
    }

    /// Waits until all that was recorded before is on the disk.
    Result<Done> try_flush() const noexcept { return asked(actra_decision_log_flush); }
    /// Begins another file.
    Result<Done> try_rotate() const noexcept { return asked(actra_decision_log_rotate); }
    /// Writes what waits and closes the log. Closing again changes nothing.
    Result<Done> try_close() const noexcept { return asked(actra_decision_log_close); }

    /// How the log is doing, as JSON.
    Buffer status_json() const noexcept {
        actra_buffer *buffer = nullptr;
        actra_decision_log_status_json(get(), &buffer);
        return Buffer::adopt(buffer);
    }

#if ACTRA_HAS_EXCEPTIONS
    /// The same. Throws `LogError`, `InputError`, `NotSupportedError`, `Error`.
    static DecisionLog open(std::string_view path, std::string_view options = {}) {
        return try_open(path, options).value();
    }
    Buffer record(const actra_log_entry &entry) const { return try_record(entry).value(); }
    Buffer record_json(std::string_view entry) const { return try_record_json(entry).value(); }
    Buffer evaluate_json(const Policy &policy, std::string_view input) const {
        return try_evaluate_json(policy, input).value();
    }
    void flush() const { static_cast<void>(try_flush().value()); }
    void rotate() const { static_cast<void>(try_rotate().value()); }
    void close() const { static_cast<void>(try_close().value()); }
#endif

    const actra_decision_log *get() const noexcept { return handle_.get(); }
    explicit operator bool() const noexcept { return handle_ != nullptr; }

  private:
    struct Free {
        void operator()(actra_decision_log *log) const noexcept { actra_decision_log_free(log); }
    };

    static Result<Buffer> taken(actra_status status, actra_buffer *buffer, actra_error *error) noexcept {
        if (status != ACTRA_STATUS_OK) {
            return Failure::adopt(status, error);
        }
        return Buffer::adopt(buffer);
    }

    Result<Done> asked(actra_status (*what)(const actra_decision_log *, actra_error **)) const noexcept {
        actra_error *error = nullptr;
        const actra_status status = what(get(), &error);
        if (status != ACTRA_STATUS_OK) {
            return Failure::adopt(status, error);
        }
        return Done{};
    }

    std::unique_ptr<actra_decision_log, Free> handle_;
};

}  // namespace ACTRA_INLINE_NAMESPACE
}  // namespace actra

#endif  // ACTRA_HPP
