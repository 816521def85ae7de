// A program that was compiled with the header of another ABI version, and finds this library at run
// time: it gets no policy.
#include "actra.h"
#undef ACTRA_ABI_VERSION
#define ACTRA_ABI_VERSION 4711
#include "actra.hpp"
#include "check.h"

int main() {
    CHECK(!actra::abi_matches());
    const auto result = actra::Policy::try_compile("version: 1\nactions: {a: {}}\n", "version: 2\nrules: []\n");
    CHECK(!result && result.failure().code() == "abi_mismatch");
    CHECK(actra::Policy::try_load("").failure().code() == "abi_mismatch");
    CHECK(actra::Policy::try_open("/nowhere").failure().code() == "abi_mismatch");
    CHECK(actra::Policy::try_compile_directory("/nowhere").failure().code() == "abi_mismatch");
    try {
        actra::Policy::open("/nowhere");
        CHECK(false);
    } catch (const actra::NotSupportedError &error) {
        CHECK(error.what() == std::string("abi_mismatch: the library is of another ABI version than actra.hpp"));
    }
    return checks_end("hpp, another ABI version", 6);
}
