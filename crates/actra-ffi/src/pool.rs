//! Evaluators that wait for the next input, so that evaluating allocates nothing.

use crate::arrow::Dictionaries;
use actra::{Evaluator, Frame, Policy, UnknownFields};
use std::cell::UnsafeCell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Most evaluators that are kept: of more threads that evaluate at the same moment, some allocate.
const PLACES: usize = 64;
/// Places that a thread tries before it searches all of them.
const NEAR: usize = 4;
/// Most bytes that an evaluator may have grown by and still be kept: what one large input took
/// must not be held for good, once per thread and policy.
const MOST_GROWN_BYTES: usize = 1 << 20;

/// An evaluator of the pool's. Its lifetime is that of the policy in the pool.
struct Kept {
    evaluator: Evaluator<'static>,
    /// Room for sorting the pairs of a map.
    order: Vec<u32>,
}

impl Kept {
    #[inline]
    fn grown_bytes(&self) -> usize {
        self.evaluator.grown_bytes() + self.order.capacity() * size_of::<u32>()
    }
}

/// A place for an evaluator, and whether somebody is using it. Places do not share cache lines.
#[repr(align(64))]
struct Place {
    is_taken: AtomicBool,
    kept: UnsafeCell<Option<Box<Kept>>>,
}

// SAFETY: what is in the cell is reached by whoever has taken the place, one at a time, or by who
// owns the pool; and evaluators may go from thread to thread, as is asserted below.
unsafe impl Sync for Place {}

// Handles are pointers, which nobody asks what they may do: this does.
const _: () = {
    const fn may_be_shared<T: Send + Sync>() {}
    const fn may_move<T: Send>() {}
    may_be_shared::<Pooled>();
    may_move::<Kept>();
};

/// A place that is taken, until this is dropped.
struct Taken<'p> {
    place: &'p Place,
    /// Cleared where the evaluator is not to be used again: it has grown too large, or is left as a
    /// panic left it.
    keeps: bool,
}

impl Place {
    /// The place, if nobody is using it.
    #[inline]
    fn take(&self) -> Option<Taken<'_>> {
        // Looked at first: asking for a place that is taken disturbs whoever has it.
        let is_free =
            !self.is_taken.load(Ordering::Relaxed) && !self.is_taken.swap(true, Ordering::Acquire);
        // Made only where it is free: dropping one gives the place back.
        is_free.then(|| Taken { place: self, keeps: true })
    }
}

impl Drop for Taken<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.keeps {
            // SAFETY: the place is taken, so nobody else reaches its cell.
            unsafe { *self.place.kept.get() = None };
        }
        self.place.is_taken.store(false, Ordering::Release);
    }
}

/// A policy and evaluators for it.
pub(crate) struct Pooled {
    /// Evaluators refer to what is in the policy, so they go first.
    places: [Place; PLACES],
    /// Behind a pointer that stays where it is.
    policy: Policy,
    /// What stands for decisions in batches, once it was needed.
    dictionaries: OnceLock<Option<Dictionaries>>,
}

impl Pooled {
    pub(crate) fn new(policy: Policy) -> Self {
        let place = || Place { is_taken: AtomicBool::new(false), kept: UnsafeCell::new(None) };
        Self { places: std::array::from_fn(|_| place()), policy, dictionaries: OnceLock::new() }
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What codes of decisions stand for in batches; `None`: names are too long for that.
    pub(crate) fn dictionaries(&self) -> Option<&Dictionaries> {
        self.dictionaries.get_or_init(|| Dictionaries::new(&self.policy)).as_ref()
    }

    /// Runs something with an evaluator that nobody else has meanwhile.
    #[inline]
    pub(crate) fn with_evaluator<R>(&self, then: impl FnOnce(&mut Evaluator<'_>) -> R) -> R {
        self.with_kept(|_, kept| {
            let result = then(&mut kept.evaluator);
            (result, kept.grown_bytes() <= MOST_GROWN_BYTES)
        })
    }

    /// Runs something with an empty frame whose values may borrow for `'v`, and room for sorting.
    #[inline]
    pub(crate) fn with_frame<'v, R>(
        &self,
        then: impl FnOnce(&Policy, &mut Frame<'_, 'v>, &mut Vec<u32>) -> R,
    ) -> R {
        self.with_kept(|policy, kept| {
            kept.evaluator.set_unknown_fields(UnknownFields::Ignore);
            let pointer: *mut Frame<'_, '_> = kept.evaluator.frame();
            // SAFETY: a frame's second lifetime is that of the values in it. This frame is emptied
            // before anyone else gets to it (or dropped, where `then` panics), so no value of this
            // caller's is read later.
            let borrowing: &mut Frame<'_, 'v> = unsafe { &mut *pointer.cast() };
            let result = then(policy, borrowing, &mut kept.order);
            // What holds neither lists nor maps takes the room that there always is.
            let holds_any = borrowing.items_start() > 0 || borrowing.entries_start() > 0;
            borrowing.clear();
            (result, !holds_any || kept.grown_bytes() <= MOST_GROWN_BYTES)
        })
    }

    /// Runs something with an evaluator and its room; it says whether they are to be kept.
    #[inline]
    fn with_kept<R>(&self, then: impl FnOnce(&Policy, &mut Kept) -> (R, bool)) -> R {
        let Some(mut taken) = self.take() else {
            return then(&self.policy, &mut self.make()).0;
        };
        // SAFETY: the place is taken, so nobody else reaches its cell.
        let cell = unsafe { &mut *taken.place.kept.get() };
        let kept = cell.get_or_insert_with(|| self.find().unwrap_or_else(|| self.make()));
        taken.keeps = false;
        let (result, keeps) = then(&self.policy, kept);
        taken.keeps = keeps;
        result
    }

    #[inline]
    fn take(&self) -> Option<Taken<'_>> {
        let home = home();
        let near = (home..home + NEAR).find_map(|at| self.places.get(at % PLACES)?.take());
        near.or_else(|| self.take_any())
    }

    #[cold]
    #[inline(never)]
    fn take_any(&self) -> Option<Taken<'_>> {
        self.places.iter().find_map(Place::take)
    }

    /// An evaluator that waits in some other place: what threads that are gone have left behind.
    #[cold]
    #[inline(never)]
    fn find(&self) -> Option<Box<Kept>> {
        self.places.iter().find_map(|place| {
            let taken = place.take()?;
            // SAFETY: the place is taken, so nobody else reaches its cell.
            unsafe { &mut *taken.place.kept.get() }.take()
        })
    }

    #[cold]
    #[inline(never)]
    fn make(&self) -> Box<Kept> {
        let evaluator = self.policy.evaluator(UnknownFields::Ignore);
        // SAFETY: the evaluator refers to what is in the policy, which is behind an `Arc` that this
        // pool holds. Evaluators are handed out for the time of a borrow of the pool only, and the
        // pool drops those that it keeps before it drops the policy.
        let evaluator =
            unsafe { std::mem::transmute::<Evaluator<'_>, Evaluator<'static>>(evaluator) };
        Box::new(Kept { evaluator, order: Vec::new() })
    }
}

/// Where the thread looks first: threads have places of their own as long as there are enough.
#[inline]
fn home() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static HOME: usize = NEXT.fetch_add(1, Ordering::Relaxed) % PLACES;
    }
    // While a thread ends there may be none: any place will do.
    HOME.try_with(|home| *home).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actra::{SlotId, Value};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;
    use std::thread;

    const SCHEMA: &str = "\
version: 1
actions: {refund: {fields: {amount: integer, tags: {type: list, items: integer}, labels: {type: map, values: integer}}}}
";
    const POLICY: &str = "\
version: 2
rules: [{id: small, scope: {action: refund}, when: action.amount < 10, effect: allow}]
";

    fn pool() -> Pooled {
        Pooled::new(Policy::from_strings(SCHEMA, POLICY, None).unwrap())
    }

    fn slot(pool: &Pooled, name: &str) -> SlotId {
        pool.policy().slot(name).unwrap()
    }

    impl Pooled {
        /// How many evaluators wait.
        fn waiting(&self) -> usize {
            let is_filled = |place: &&Place| {
                let taken = place.take().expect("nobody evaluates");
                // SAFETY: the place is taken, so nobody else reaches its cell.
                unsafe { &*taken.place.kept.get() }.is_some()
            };
            self.places.iter().filter(is_filled).count()
        }
    }

    #[test]
    fn threads_one_after_the_other_share_one_evaluator() {
        let pool = pool();
        thread::scope(|scope| {
            for _ in 0..3 * PLACES {
                scope.spawn(|| pool.with_frame(|_, _, _| ())).join().unwrap();
            }
        });
        assert_eq!(pool.waiting(), 1);
    }

    #[test]
    fn threads_at_the_same_time_have_an_evaluator_each_and_more_than_places_are_dropped() {
        let pool = pool();
        let amount = slot(&pool, "action.amount");
        let all_inside = Barrier::new(PLACES + 9);
        let is_alone = |number: i64| {
            pool.with_frame(|_, frame, _| {
                frame.set(amount, Value::Integer(number));
                all_inside.wait();
                assert!(matches!(frame.value(amount), Value::Integer(found) if found == number));
            });
        };
        thread::scope(|scope| {
            for number in 0..PLACES as i64 + 9 {
                let is_alone = &is_alone;
                scope.spawn(move || is_alone(number));
            }
        });
        assert_eq!(pool.waiting(), PLACES);
    }

    #[test]
    fn an_evaluator_that_saw_a_panic_is_dropped_and_its_place_is_free() {
        let pool = pool();
        for _ in 0..3 * PLACES {
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                let text = String::from("gone after this");
                pool.with_frame(|_, frame, _| {
                    frame.set(SlotId(0), Value::String(&text));
                    std::panic::resume_unwind(Box::new(()));
                });
            }));
            assert!(panicked.is_err());
            assert_eq!(pool.waiting(), 0);
        }
        pool.with_frame(|_, frame, _| {
            assert!(matches!(frame.value(SlotId(0)), Value::Missing));
        });
        assert_eq!(pool.waiting(), 1);
    }

    #[test]
    fn a_frame_is_empty_whoever_had_it_before() {
        let pool = pool();
        let amount = slot(&pool, "action.amount");
        for round in 0..100 {
            let name = format!("name {round}");
            pool.with_frame(|_, frame, _| {
                assert!(matches!(frame.value(amount), Value::Missing));
                assert_eq!((frame.items_start(), frame.entries_start()), (0, 0));
                frame.set(amount, Value::Integer(round));
                frame.push_item(Value::String(&name));
                frame.push_entry(SlotId(2), Value::String(&name), Value::Null);
            });
            drop(name);
            let decided = pool.with_evaluator(|evaluator| {
                evaluator.with_json(br#"{"action": {"type": "refund"}}"#, |outcome, _| outcome)
            });
            assert!(decided.is_ok());
        }
        assert_eq!(pool.waiting(), 1);
    }

    #[test]
    fn what_a_large_input_took_is_not_kept() {
        let pool = pool();
        let list = |items: usize| {
            pool.with_frame(|_, frame, _| (0..items).for_each(|_| frame.push_item(Value::Null)));
            pool.waiting()
        };
        assert_eq!((list(1), list(10_000)), (1, 1));
        assert_eq!((list(60_000), list(1)), (0, 1));
        let entries = |entries: usize| {
            let push = |frame: &mut Frame<'_, '_>| {
                frame.push_entry(SlotId(2), Value::String("key"), Value::Null);
            };
            pool.with_frame(|_, frame, _| (0..entries).for_each(|_| push(frame)));
            pool.waiting()
        };
        assert_eq!((entries(10_000), entries(60_000), entries(1)), (1, 0, 1));
        let room = |bytes: usize| {
            // Room for sorting goes with entries.
            pool.with_frame(|_, frame, order| {
                frame.push_entry(SlotId(2), Value::String("key"), Value::Null);
                order.reserve_exact(bytes / 4);
            });
            pool.waiting()
        };
        assert_eq!((room(1 << 16), room(1 << 21)), (1, 0));
        let text = |keys: usize| {
            let fields: Vec<String> = (0..keys).map(|key| format!("\"k{key}\":0")).collect();
            let text = format!("{{\"action\":{{{}}}}}", fields.join(","));
            pool.with_evaluator(|evaluator| {
                assert!(evaluator.with_json(text.as_bytes(), |_, _| ()).is_err());
            });
            pool.waiting()
        };
        assert_eq!((text(100), text(60_000), text(1)), (1, 0, 1));
    }
}
