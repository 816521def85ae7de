// The hot path with actra.hpp: threads that decide while the policy is swapped.
//
//     hotpath_cpp refund.actra
#include <actra.hpp>

#include <atomic>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>

namespace {

// The policy that decides now. Whoever asks gets a reference of their own, so a swap takes nothing
// away from a decision that is on its way. `generation` spares asking where nothing has changed.
class CurrentPolicy {
  public:
    explicit CurrentPolicy(actra::Policy policy) : policy_(std::move(policy)) {}

    void swap_in(actra::Policy policy) {
        const std::lock_guard<std::mutex> guard(lock_);
        policy_.swap(policy);
        generation_.fetch_add(1, std::memory_order_release);
    }
    actra::Policy policy() const {
        const std::lock_guard<std::mutex> guard(lock_);
        return policy_;
    }
    unsigned generation() const { return generation_.load(std::memory_order_acquire); }

  private:
    mutable std::mutex lock_;
    actra::Policy policy_;
    std::atomic<unsigned> generation_{0};
};

struct Request {
    const char *actor_type;
    const char *role;
    double amount;
    std::optional<std::string> tier;
    std::optional<bool> is_fraud;
};

// What one thread needs to decide: a policy, its slots, an input to fill. Made again after a swap,
// since another policy may number its slots otherwise.
class Desk {
  public:
    explicit Desk(actra::Policy policy)
        : policy_(std::move(policy)),
          type_(policy_.slot("action.type")),
          tenant_(policy_.slot("action.tenant")),
          amount_(policy_.slot("action.amount")),
          currency_(policy_.slot("action.currency")),
          tier_(policy_.slot("action.customer.tier")),
          labels_(policy_.slot("action.labels")),
          actor_type_(policy_.slot("actor.type")),
          role_(policy_.slot("actor.role")),
          fraud_(policy_.slot("snapshot.fraud_flag")),
          refunded_today_(policy_.slot("snapshot.refunded_today")),
          input_(policy_) {}

    actra::Evaluation decide(const Request &request) {
        input_.clear()
            .set(type_, "refund")
            .set(tenant_, "acme")
            .set(currency_, "EUR")
            .set(amount_, request.amount)
            .set(tier_, request.tier)
            .set_map(labels_, {{"channel", "phone"}})
            .set(actor_type_, request.actor_type)
            .set(role_, request.role)
            .set(fraud_, request.is_fraud)
            .set(refunded_today_, 300);
        return policy_.evaluate(input_);
    }

    // The same input again, with all that a decision only counts.
    void print_more() {
        if (!policy_.evaluate(input_, details_).has_value()) {
            return;
        }
        for (const std::uint32_t rule : details_.matched_rules()) {
            if (details_.matched_rules().size() > 1) {
                std::cout << "  approval by " << policy_.rule_id(rule) << '\n';
            }
        }
        for (const std::uint32_t slot : details_.missing_slots()) {
            std::cout << "  missing " << policy_.slot_name(slot) << '\n';
        }
        const actra::Buffer required = policy_.required_actions(details_.matched_rules());
        if (required.view() != "[]") {
            std::cout << "  required " << required.view() << '\n';
        }
    }

  private:
    actra::Policy policy_;
    actra::Slot type_, tenant_, amount_, currency_, tier_, labels_, actor_type_, role_, fraud_, refunded_today_;
    actra::Input input_;
    actra::Details details_;
};

const std::vector<Request> requests{
    {"human", "support", 20, "basic", false},
    {"ai_agent", "assistant", 5000, "vip", false},
    {"human", "support", 20, std::nullopt, true},
    {"human", "support", 20, "basic", std::nullopt},
    {"human", "visitor", 20, "basic", false},
    {"human", "support", -20, "basic", false},
};

void print(Desk &desk, const Request &request) {
    const actra::Evaluation evaluation = desk.decide(request);
    if (!evaluation.has_value()) {
        const actra::Failure &failure = evaluation.failure();
        std::cout << "input error " << failure.code() << " of " << failure.field() << ": block\n";
        return;
    }
    const actra::Decision &decision = evaluation.value();
    std::cout << actra::name(decision.effect()) << " by "
              << (decision.rule().empty() ? "the default" : decision.rule()) << '\n';
    if (decision.is_unknown() || decision.has_several_rules()) {
        desk.print_more();
    }
}

// Threads decide the first request again and again, while the file is loaded over and over.
void decide_while_swapping(CurrentPolicy &current, const std::string &path) {
    constexpr int threads = 4;
    constexpr int swaps = 50;
    std::atomic<bool> stop{false};
    std::atomic<int> undecided{0};
    std::vector<std::thread> deciding;
    for (int i = 0; i < threads; ++i) {
        deciding.emplace_back([&] {
            unsigned generation = current.generation();
            std::optional<Desk> desk(current.policy());
            do {
                if (const unsigned now = current.generation(); now != generation) {
                    generation = now;
                    desk.emplace(current.policy());
                }
                undecided += desk->decide(requests.front()).allowed() ? 0 : 1;
            } while (!stop);
        });
    }
    for (int i = 0; i < swaps; ++i) {
        current.swap_in(actra::Policy::open(path));
    }
    stop = true;
    for (std::thread &thread : deciding) {
        thread.join();
    }
    std::cout << threads << " threads decided across " << swaps << " swaps, "
              << (undecided == 0 ? "always as before" : "not always as before") << '\n';
}

}  // namespace

int main(int count, char **arguments) {
    if (count != 2) {
        std::cerr << "usage: hotpath_cpp POLICY.actra\n";
        return 1;
    }
    try {
        CurrentPolicy current(actra::Policy::open(arguments[1]));
        Desk desk(current.policy());
        for (const Request &request : requests) {
            print(desk, request);
        }
        decide_while_swapping(current, arguments[1]);
        return 0;
    } catch (const actra::Error &error) {
        std::cerr << "hotpath_cpp: " << error.what() << '\n';
        return 1;
    }
}
